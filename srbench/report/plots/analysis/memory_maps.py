"""What each memory holds: its map, its norm, and how alike memories are (figure 4 of the SR
paper)."""

from typing import TYPE_CHECKING

from srbench.records.analysis import MemoryBlock
from srbench.report.plots.analysis.figure import (
    WIDTH,
    AnalysisFigure,
    above,
    around_zero,
    bar_of_colours,
    grid,
    name,
    number_from_one,
    picture,
)
from srbench.report.plots.matplotlib import PALETTE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN, ACROSS = 20, 10  # maps at most, and in a row


def figure(block: MemoryBlock) -> AnalysisFigure:
    """Maps as means over channels, norms, and cosine similarities."""
    held = block.memories
    count = len(held.norms)
    return AnalysisFigure(
        f"{block.name}-memories",
        f"{block.name}: what each memory holds: mean over channels, norm, cosine similarity",
        ("memory", "norm", *(f"cosine_{n}" for n in range(1, count + 1))),
        lambda: [(n + 1, held.norms[n], *held.cosine[n]) for n in range(count)],
        lambda: _draw(block),
    )


def _draw(block: MemoryBlock) -> "Figure":
    from matplotlib.figure import Figure

    held = block.memories
    shown = held.maps[:SHOWN]
    down = -(-len(shown) // ACROSS)
    figure = Figure(figsize=(WIDTH, 0.95 * down + 2.4), layout="constrained")
    top, bottom = above(figure, 0.95 * down, 2.4)
    axes = grid(top, len(shown), ACROSS)
    colours = around_zero(shown)
    for number, (panel, values) in enumerate(zip(axes, shown, strict=True), start=1):
        drawn = picture(panel, values, **colours)
        dead = " (dead)" if number - 1 in held.dead else ""
        name(panel, f"M{number}{dead}")
    more = f", {len(shown)} of {len(held.maps)}" if len(shown) < len(held.maps) else ""
    label = f"channel mean{more}"
    bar_of_colours(top, drawn, axes, label)
    norms, cosines = bottom.subplots(1, 2)
    norms.bar(range(1, len(held.norms) + 1), held.norms, color=PALETTE[0])
    norms.set_xlabel("memory", fontsize=8)
    norms.set_ylabel("Euclidean norm", fontsize=8)
    norms.tick_params(labelsize=7)
    for axis in (norms.xaxis, cosines.xaxis, cosines.yaxis):
        number_from_one(axis)
    matrix = [[float("nan") if one is None else one for one in row] for row in held.cosine]
    ends = (0.5, len(matrix) + 0.5)
    drawn = cosines.imshow(
        matrix, cmap="RdBu_r", vmin=-1, vmax=1, interpolation="nearest", extent=(*ends, *ends[::-1])
    )
    cosines.tick_params(labelsize=7)
    cosines.set_xlabel("memory", fontsize=8)
    bar_of_colours(bottom, drawn, cosines, "cosine similarity")
    return figure
