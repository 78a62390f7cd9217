"""The average activity of every channel in every memory (figure 4 of the SR paper)."""

from typing import TYPE_CHECKING

from srbench.records.analysis import MemoryBlock
from srbench.report.plots.analysis.figure import (
    WIDTH,
    AnalysisFigure,
    around_zero,
    bar_of_colours,
    number_from_one,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def figure(block: MemoryBlock) -> AnalysisFigure:
    """Means over the places of each channel."""
    activity = block.memories.activity
    return AnalysisFigure(
        f"{block.name}-activity",
        f"{block.name}: average activity of each channel in each memory",
        ("channel", *(f"memory_{n}" for n in range(1, len(activity) + 1))),
        lambda: [(channel, *each) for channel, each in enumerate(zip(*activity, strict=True))],
        lambda: _draw(block),
    )


def _draw(block: MemoryBlock) -> "Figure":
    from matplotlib.figure import Figure

    activity = block.memories.activity
    figure = Figure(figsize=(WIDTH, 1.2 + 0.16 * min(len(activity), 30)), layout="constrained")
    axes = figure.add_subplot()
    ends = (-0.5, len(activity[0]) - 0.5, len(activity) + 0.5, 0.5)
    drawn = axes.imshow(
        activity, aspect="auto", interpolation="nearest", extent=ends, **around_zero(activity)
    )
    axes.set_xlabel("channel", fontsize=8)
    axes.set_ylabel("memory", fontsize=8)
    axes.tick_params(labelsize=7)
    number_from_one(axes.yaxis)
    bar_of_colours(figure, drawn, axes, "mean over places")
    return figure
