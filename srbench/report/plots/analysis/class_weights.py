"""The weights over the memories, of all images and by class (figures 2 and 5 of the SR paper)."""

from typing import TYPE_CHECKING

from srbench.records.analysis import Analysis, MemoryBlock
from srbench.report.plots.analysis.figure import AnalysisFigure, groups_of, name, panels, values
from srbench.report.plots.matplotlib import PALETTE

if TYPE_CHECKING:
    from matplotlib.figure import Figure


MANY = 20  # memories whose deviations would hide their bars


def figure(block: MemoryBlock, analysis: Analysis) -> AnalysisFigure:
    """Mean and standard deviation over images of each weight."""
    groups = groups_of(analysis)
    images = [analysis.images, *analysis.counts]
    return AnalysisFigure(
        f"{block.name}-weights",
        f"{block.name}: weights over the memories, mean and standard deviation over images",
        ("class", "images", "memory", "mean", "standard_deviation"),
        lambda: [
            (groups[place], images[place], memory + 1, mean, deviation)
            for place, memory, mean, deviation in values(block.weights.spread)
        ],
        lambda: _draw(block, groups),
    )


def _draw(block: MemoryBlock, groups: list[str]) -> "Figure":
    spread = block.weights.spread
    numbers = range(1, len(spread.mean[0]) + 1)
    tops = [mean + (deviation or 0) for _, _, mean, deviation in values(spread)]
    figure, axes = panels(len(groups), 1.4)
    for place, (panel, group) in enumerate(zip(axes, groups, strict=True)):
        deviations = [one or 0.0 for one in spread.deviation[place]]
        colour = PALETTE[0] if place else "0.4"
        panel.bar(
            numbers,
            spread.mean[place],
            yerr=deviations,
            color=colour,
            error_kw={"linewidth": 0.8 if len(numbers) <= MANY else 0.3},
        )
        if place:
            panel.step(
                [0.5, *(n + 0.5 for n in numbers)],
                [spread.mean[0][0], *spread.mean[0]],
                where="pre",
                color="black",
                linewidth=0.8,
                linestyle=":",
            )
        panel.set_ylim(0, 1.05 * max(tops))
        if len(numbers) <= 12:
            panel.set_xticks(list(numbers))
        name(panel, group)
    figure.supxlabel(
        "memory (lines: standard deviation over images; dotted: mean of all images)", fontsize=8
    )
    figure.supylabel("weight", fontsize=8)
    return figure
