"""Which classes share memories: a clustered heat map of classes and memories."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from srbench.records.analysis import Analysis, Matrix, MemoryBlock
from srbench.report.plots.analysis.figure import (
    WIDTH,
    AnalysisFigure,
    around_zero,
    bar_of_colours,
)
from srbench.report.plots.texts import short

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAMED = 60  # so many classes have their names beside their rows


def figures(block: MemoryBlock, analysis: Analysis) -> Iterator[AnalysisFigure]:
    """Mean weights of all classes; none for a single class or memory, where nothing can differ."""
    weights = block.weights
    if len(weights.classes) < 2 or len(weights.by_class[0]) < 2:
        return
    names = [analysis.class_names[number] for number in weights.classes]
    yield AnalysisFigure(
        f"{block.name}-classes",
        f"{block.name}: mean weight of each class beside that of all images, similar classes "
        "together",
        ("place", "class", *(f"weight_{n}" for n in range(1, len(weights.by_class[0]) + 1))),
        lambda: _rows(block, names),
        lambda: _draw(block, names),
    )


def _rows(block: MemoryBlock, names: list[str]) -> Iterator[tuple[object, ...]]:
    by_class = block.weights.by_class
    for place, row in enumerate(_leaves(_tree(by_class)), start=1):
        yield place, names[row], *by_class[row]


def _tree(rows: Matrix) -> Any:
    """The clusters of rows: average linkage by Euclidean distance."""
    from scipy.cluster import hierarchy

    return hierarchy.linkage(rows, "average")


def _leaves(tree: Any) -> list[int]:
    """The order of rows in which similar ones are neighbours."""
    from scipy.cluster import hierarchy

    leaves: list[int] = hierarchy.leaves_list(tree).tolist()
    return leaves


def _draw(block: MemoryBlock, names: list[str]) -> "Figure":
    import numpy as np
    from matplotlib.figure import Figure
    from scipy.cluster import hierarchy

    rows = np.array(block.weights.by_class)
    clusters = _tree(block.weights.by_class)
    order = _leaves(clusters)
    differences = 100 * (rows[order] - np.array(block.weights.spread.mean[0]))
    figure = Figure(figsize=(WIDTH, min(9.0, 1.2 + 0.18 * len(rows))), layout="constrained")
    tree, heat = figure.subplots(1, 2, width_ratios=(1, 6))
    hierarchy.dendrogram(
        clusters,
        orientation="left",
        no_labels=True,
        ax=tree,
        link_color_func=lambda _: "black",
    )
    tree.invert_yaxis()
    tree.set_axis_off()
    drawn = heat.imshow(
        differences, aspect="auto", interpolation="nearest", **around_zero(differences)
    )
    numbers = range(rows.shape[1])
    step = max(1, len(numbers) // 12)
    heat.set_xticks(list(numbers)[::step], [str(n + 1) for n in numbers][::step], fontsize=7)
    heat.set_xlabel("memory", fontsize=8)
    if len(rows) <= NAMED:
        heat.set_yticks(range(len(rows)), [short(names[row]) for row in order], fontsize=7)
        heat.yaxis.tick_right()
    else:
        heat.set_yticks([])
    bar_of_colours(figure, drawn, heat, "weight minus that of all images, ×100")
    return figure
