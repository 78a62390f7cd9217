"""The channels that a block changes most, and where in the map it does."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from srbench.records.analysis import Analysis, MemoryBlock
from srbench.report.plots.analysis.figure import (
    WIDTH,
    AnalysisFigure,
    above,
    bar_of_colours,
    grid,
    groups_of,
    name,
    picture,
    values,
)
from srbench.report.plots.matplotlib import PALETTE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST, ACROSS = 10, 6  # channels shown, and maps in a row


def most_changed(block: MemoryBlock, number: int = MOST) -> list[int]:
    """The channels with the largest mean absolute difference over all images, largest first."""
    difference = block.features.difference.mean[0]
    return sorted(range(len(difference)), key=lambda c: (-difference[c], c))[:number]


def figure(block: MemoryBlock, analysis: Analysis) -> AnalysisFigure:
    """Activation before and after by channel, and the mean absolute difference, by class."""
    groups = groups_of(analysis)
    return AnalysisFigure(
        f"{block.name}-channels",
        f"{block.name}: the most-changed channels, and where in the map",
        (
            *("class", "channel", "before", "before_sd", "after", "after_sd"),
            *("absolute_difference", "absolute_difference_sd"),
        ),
        lambda: _rows(block, groups),
        lambda: _draw(block, groups),
    )


def _rows(block: MemoryBlock, groups: list[str]) -> Iterator[tuple[object, ...]]:
    found = block.features
    spreads = map(values, (found.before, found.after, found.difference))
    for before, after, difference in zip(*spreads, strict=True):
        place, channel, *own = before
        yield groups[place], channel, *own, *after[2:], *difference[2:]


def _draw(block: MemoryBlock, groups: list[str]) -> "Figure":
    from matplotlib.figure import Figure

    found, channels = block.features, most_changed(block)
    down = -(-len(groups) // ACROSS)
    figure = Figure(figsize=(WIDTH, 2.2 + 1.2 * down), layout="constrained")
    top, bottom = above(figure, 2.2, 1.2 * down)
    levels, changes = top.subplots(1, 2)
    ticks = range(len(channels))
    for shift, (label, spread) in enumerate((("before", found.before), ("after", found.after))):
        levels.bar(
            [tick + 0.4 * shift - 0.2 for tick in ticks],
            [spread.mean[0][c] for c in channels],
            0.4,
            yerr=[spread.deviation[0][c] or 0 for c in channels],
            color=PALETTE[shift],
            label=label,
            error_kw={"linewidth": 0.8},
        )
    levels.set_title("mean and standard deviation over images", fontsize=7)
    levels.legend(fontsize=7)
    levels.set_ylabel("mean activation", fontsize=8)
    by_class = list(zip(*found.difference.mean[1:], strict=True))
    changes.plot(
        ticks, [found.difference.mean[0][c] for c in channels], "_", color="black", markersize=12
    )
    for tick, channel in zip(ticks, channels, strict=True):
        dots = by_class[channel]
        changes.plot([tick] * len(dots), dots, "o", color=PALETTE[2], markersize=3, alpha=0.5)
    changes.set_title("line: all images; dots: chosen classes", fontsize=7)
    changes.set_ylabel("mean absolute difference", fontsize=8)
    changes.set_ylim(0, 1.08 * changes.get_ylim()[1])
    for panel in (levels, changes):
        panel.set_xticks(list(ticks), [str(c) for c in channels], fontsize=7)
        panel.tick_params(labelsize=7)
        panel.set_xlabel("channel, most changed first", fontsize=8)
    axes = grid(bottom, len(groups), ACROSS)
    largest = max(max(map(max, place)) for place in found.place) or 1.0
    for panel, group, place in zip(axes, groups, found.place, strict=True):
        drawn = picture(panel, place, cmap="magma", vmin=0, vmax=largest)
        name(panel, group, 13)
    bar_of_colours(bottom, drawn, axes, "absolute difference")
    return figure
