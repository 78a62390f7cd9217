"""One figure of an analysis, and what its panels have in common."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from srbench.records.analysis import Analysis, Spread
from srbench.report.formats import Report
from srbench.report.plots.matplotlib import drawn, save
from srbench.report.plots.texts import short

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure, SubFigure

WIDTH = 7.0  # inches: the text of a page
COLUMNS = 4  # panels a row
ALL = "all images"
DIVERGING, SEQUENTIAL = "RdBu_r", "viridis"


@dataclass(frozen=True)
class AnalysisFigure:
    """A figure: its ``name`` in file names, its title, and the functions that give the numbers
    behind it, as rows of CSV, and draw it: naming and counting figures costs nothing."""

    name: str
    title: str
    columns: Sequence[str]
    rows: Callable[[], Iterable[Sequence[Any]]]
    draw: Callable[[], "Figure"]

    @property
    def stem(self) -> str:
        """The name of its files, without a suffix."""
        return re.sub(r"[^\w.+=-]+", "-", self.name)

    @property
    def numbers(self) -> Report:
        """The numbers behind it, to be written as CSV."""
        rows = [dict(zip(self.columns, row, strict=True)) for row in self.rows()]
        return Report((), self.columns, rows, rows)

    def save(self, path: Path) -> None:
        """Draw it into a file: .pdf, .png or .svg."""
        save(self.draw(), path)

    def svg(self) -> bytes:
        """The figure as SVG."""
        return drawn(self.draw(), "svg")


def panels(number: int, height: float, columns: int = COLUMNS) -> "tuple[Figure, list[Axes]]":
    """A figure of that many panels of a height in inches, at most ``columns`` a row."""
    from matplotlib.figure import Figure

    down = -(-number // columns)
    figure = Figure(figsize=(WIDTH, height * down + 0.3), layout="constrained")
    return figure, grid(figure, number, columns)


def grid(figure: "Figure | SubFigure", number: int, columns: int) -> "list[Axes]":
    """That many panels in a figure, at most so many a row."""
    across = min(number, columns)
    axes = figure.subplots(-(-number // across), across, squeeze=False).flatten().tolist()
    for unused in axes[number:]:
        unused.set_axis_off()
    return axes[:number]


def groups_of(analysis: Analysis) -> list[str]:
    """The names of the rows of a `Spread`: all images, and each chosen class."""
    return [ALL, *analysis.key.classes]


def values(spread: Spread) -> Iterator[tuple[int, int, float, float | None]]:
    """Every value of a spread: its row and column, from 0, its mean and its deviation."""
    for row, both in enumerate(zip(spread.mean, spread.deviation, strict=True)):
        for column, (mean, deviation) in enumerate(zip(*both, strict=True)):
            yield row, column, mean, deviation


def above(figure: "Figure", *heights: float) -> "list[SubFigure]":
    """Parts of a figure, one above the other."""
    return list(figure.subfigures(len(heights), 1, squeeze=False, height_ratios=heights)[:, 0])


def name(axes: "Axes", title: str, longest: int = 22) -> None:
    """Give a panel its title, of so many characters at most."""
    axes.set_title(short(title, longest), fontsize=8)
    axes.tick_params(labelsize=7)


def number_from_one(axis: "Axis") -> None:
    """Ticks at whole numbers alone, for memories and blocks."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))


def picture(axes: "Axes", values: Any, **options: Any) -> Any:
    """Draw a matrix as a picture without ticks; returns it for a colour bar."""
    axes.set_xticks([])
    axes.set_yticks([])
    return axes.imshow(values, interpolation="nearest", **options)


def around_zero(values: Any) -> dict[str, Any]:
    """The options of a picture whose colours are symmetric about 0."""
    import numpy as np

    reach = float(np.nanmax(np.abs(np.asarray(values, dtype=float)), initial=0.0)) or 1.0
    return {"cmap": DIVERGING, "vmin": -reach, "vmax": reach}


def bar_of_colours(figure: "Figure | SubFigure", drawn: Any, axes: Any, label: str) -> None:
    """Add a colour bar with its label."""
    bar = figure.colorbar(drawn, ax=axes, shrink=0.8, pad=0.02)
    bar.ax.tick_params(labelsize=7)
    bar.set_label(label, fontsize=7)
