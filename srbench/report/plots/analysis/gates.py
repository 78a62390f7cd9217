"""Gates by class and by depth, as the figure of SENet shows them.

Source: J. Hu, L. Shen, G. Sun, Squeeze-and-Excitation Networks, CVPR 2018, section on the role of
excitation.
"""

from collections.abc import Iterator
from statistics import fmean
from typing import TYPE_CHECKING

from srbench.records.analysis import Analysis, GateBlock
from srbench.report.plots.analysis.figure import (
    WIDTH,
    AnalysisFigure,
    bar_of_colours,
    groups_of,
    name,
    panels,
    picture,
    values,
)
from srbench.report.plots.matplotlib import PALETTE
from srbench.report.plots.texts import short

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LINES = 6  # classes drawn as lines, which more would hide


def figures(analysis: Analysis) -> Iterator[AnalysisFigure]:
    """A figure for the gates of each kind, and one of all by depth."""
    for title in dict.fromkeys(block.title for block in analysis.gate_blocks):
        found = [block for block in analysis.gate_blocks if block.title == title]
        yield _of_kind(title, found, analysis)
    if analysis.gate_blocks:
        yield _by_depth(analysis)


def variation(block: GateBlock) -> float | None:
    """The standard deviation of a gate over images, as the mean over all gates; None for fewer than
    two images."""
    known = [one for one in block.gates.deviation[0] if one is not None]
    return fmean(known) if known else None


def _of_kind(title: str, found: list[GateBlock], analysis: Analysis) -> AnalysisFigure:
    groups = groups_of(analysis)
    draw = _draw_maps if len(found[0].shape) > 1 else _draw_channels
    return AnalysisFigure(
        f"gates-{title}",
        f"{title}: mean gate by class, at each depth",
        ("block", "class", "gate", "mean", "standard_deviation"),
        lambda: [
            (block.name, groups[place], gate, mean, deviation)
            for block in found
            for place, gate, mean, deviation in values(block.gates)
        ],
        lambda: draw(found, groups),
    )


def _draw_channels(found: list[GateBlock], groups: list[str]) -> "Figure":
    figure, axes = panels(len(found), 1.4, 3)
    for panel, block in zip(axes, found, strict=True):
        for place, group in list(enumerate(groups))[: LINES + 1]:
            panel.plot(
                block.gates.mean[place],
                color=PALETTE[(place - 1) % len(PALETTE)] if place else "black",
                linewidth=0.8 if place else 1.4,
                zorder=1 if place else 2,
                label=short(group, 14),
            )
        panel.set_ylim(0, 1)
        name(panel, block.name)
    figure.supxlabel("channel", fontsize=8)
    figure.supylabel("gate", fontsize=8)
    lines, labels = axes[0].get_legend_handles_labels()
    more = f"{LINES} of {len(groups) - 1} classes" if len(groups) - 1 > LINES else None
    figure.legend(
        *(lines, labels),
        loc="outside upper center",
        ncols=LINES + 1,
        fontsize=7,
        title=more,
        title_fontsize=7,
    )
    return figure


def _draw_maps(found: list[GateBlock], groups: list[str]) -> "Figure":
    import numpy as np

    figure, axes = panels(len(found), 1.5)
    means = [mean for block in found for mean in block.gates.mean[0]]
    low, high = min(means), max(means)
    for panel, block in zip(axes, found, strict=True):
        gates = np.array(block.gates.mean[0]).reshape(block.shape)
        drawn = picture(panel, gates, vmin=low, vmax=high)
        name(panel, block.name)
    bar_of_colours(figure, drawn, axes, f"gate, mean over {groups[0]}")
    return figure


def _by_depth(analysis: Analysis) -> AnalysisFigure:
    return AnalysisFigure(
        "gates-by-depth",
        "Gates by depth: their mean, how much they vary over images, and how much of that lies "
        "between classes",
        (
            "block",
            "kind",
            "mean",
            "standard_deviation_over_images",
            "between_chosen_classes",
            "by_chance",
        ),
        lambda: map(_depth, analysis.gate_blocks),
        lambda: _draw_depth(analysis),
    )


def _depth(block: GateBlock) -> tuple[object, ...]:
    shares = block.explained, block.by_chance
    return block.name, block.title, fmean(block.gates.mean[0]), variation(block), *shares


def _draw_depth(analysis: Analysis) -> "Figure":
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, 2.8), layout="constrained")
    axes = figure.subplots(1, 3)
    titles = ("mean gate", "standard deviation over images", "between chosen classes (%)")
    kinds = list(dict.fromkeys(block.title for block in analysis.gate_blocks))
    for colour, kind in enumerate(kinds):
        blocks = [block for block in analysis.gate_blocks if block.title == kind]
        depth = range(1, len(blocks) + 1)
        shown: list[list[float | None]] = [
            [fmean(block.gates.mean[0]) for block in blocks],
            [variation(block) for block in blocks],
            [100 * b.explained if b.explained is not None else None for b in blocks],
        ]
        for panel, heights in zip(axes, shown, strict=True):
            known = [(d, v) for d, v in zip(depth, heights, strict=True) if v is not None]
            panel.plot(
                [d for d, _ in known],
                [v for _, v in known],
                "o-",
                color=PALETTE[colour % len(PALETTE)],
                markersize=3,
                linewidth=1,
                label=kind,
            )
    for panel, title in zip(axes, titles, strict=True):
        name(panel, title)
        panel.set_ylim(bottom=0)
        panel.set_xlabel("block, in the order of the network", fontsize=8)
        panel.grid(linewidth=0.3)
    axes[0].legend(fontsize=7)
    return figure
