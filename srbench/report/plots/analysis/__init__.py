"""The figures of an analysis: what each shows, the numbers behind it, and how it is drawn."""

from collections.abc import Iterator

from srbench.records.analysis import Analysis
from srbench.report.plots.analysis import (
    ablations,
    activity,
    changed_channels,
    class_map,
    class_weights,
    feature_maps,
    gates,
    memory_maps,
)
from srbench.report.plots.analysis.figure import AnalysisFigure


def figures(analysis: Analysis) -> Iterator[AnalysisFigure]:
    """All figures: those of each block with memories, of all gates, and of the ablations."""
    for block in analysis.memory_blocks:
        yield class_weights.figure(block, analysis)
        yield from class_map.figures(block, analysis)
        yield memory_maps.figure(block)
        yield activity.figure(block)
        yield feature_maps.figure(block, analysis)
        yield changed_channels.figure(block, analysis)
    yield from gates.figures(analysis)
    yield from ablations.figures(analysis)
