"""What a network loses without a memory, with the same weights for every image, and without its
blocks."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from srbench.records.analysis import Ablation, Analysis
from srbench.records.timing import Estimate
from srbench.report.plots.analysis.figure import WIDTH, AnalysisFigure
from srbench.report.plots.matplotlib import PALETTE
from srbench.report.plots.texts import short

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def difference(ablation: Ablation, images: int) -> Estimate:
    """The accuracy under an ablation minus that of the network as it is, with its interval over
    images."""
    from srbench.stats.paired_images import accuracy_difference

    return accuracy_difference(ablation.gained, ablation.lost, images)


def label(ablation: Ablation) -> str:
    """What was ablated, in words."""
    return f"{ablation.block or 'all blocks'}: {ablation.name}"


def figures(analysis: Analysis) -> Iterator[AnalysisFigure]:
    """One figure for all ablations, if there are any."""
    if not analysis.ablations:
        return
    yield AnalysisFigure(
        "ablations",
        "Does it matter? Top-1 accuracy minus that of the network as it is",
        (
            *("block", "ablation", "right", "images", "gained", "lost", "predictions_changed"),
            *("difference", "low", "high"),
        ),
        lambda: _rows(analysis),
        lambda: _draw(analysis),
    )


def _found(analysis: Analysis) -> list[tuple[Ablation, Estimate]]:
    return [(one, difference(one, analysis.images)) for one in analysis.ablations]


def _rows(analysis: Analysis) -> Iterator[tuple[object, ...]]:
    for one, value in _found(analysis):
        counts = one.right, analysis.images, one.gained, one.lost, one.changed
        yield one.block, one.name, *counts, value.value, value.low, value.high


def _draw(analysis: Analysis) -> "Figure":
    from matplotlib.figure import Figure

    found = _found(analysis)
    figure = Figure(figsize=(WIDTH, 0.8 + 0.17 * len(found)), layout="constrained")
    axes = figure.add_subplot()
    axes.axvline(0, color="black", linewidth=0.8)
    for row, (_, value) in enumerate(found):
        assert value.low is not None
        assert value.high is not None
        colour = PALETTE[1] if value.high < 0 else PALETTE[2] if value.low > 0 else "0.4"
        axes.plot([100 * value.low, 100 * value.high], [row, row], color=colour, linewidth=1.2)
        axes.plot(100 * value.value, row, "o", color=colour, markersize=4)
    axes.set_yticks(range(len(found)), [short(label(one)) for one, _ in found], fontsize=7)
    axes.set_ylim(len(found) - 0.5, -0.5)
    axes.set_xlabel(
        f"difference of top-1 in percentage points of {analysis.images:,} images, with its 95 % "
        "interval",
        fontsize=8,
    )
    axes.tick_params(axis="x", labelsize=7)
    axes.grid(axis="x", linewidth=0.3)
    return figure
