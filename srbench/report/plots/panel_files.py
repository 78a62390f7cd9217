"""Panels as pictures for a paper: as wide as its columns, in letters of its size."""

import textwrap
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from srbench.errors import SrbenchError
from srbench.files import EACH, named_file
from srbench.report.paper_styles import STYLES, PaperStyle
from srbench.report.plots.matplotlib import PALETTE, SMALL, in_style, save
from srbench.report.plots.points import Panel, Series
from srbench.report.plots.texts import plain, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

POINTS = 72.27  # of TeX in an inch
HEIGHT = 2.3  # of a plot, in inches
LEAST_WIDTH = 2.2
CHARACTERS = 16  # of a title, in an inch
LONGEST_Y = 30  # characters of a line of the title of the y axis
MOST_NAMED = 8  # points that are named
MOST_DIRECT = 4  # lines that are named beside their ends, not in a legend
APART = 0.09  # of the height: less between two names, and they overlap
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
DASHES = ("-", "--", "-.", ":")
MOST_MARKS = 8  # that are explained below a figure
CHARACTERS_BELOW = 21  # of these explanations, in an inch
LONGEST = 160  # characters of one of them
LINE_HEIGHT = 0.15  # of what is written below plots, in inches
KEY_WIDTH = 2.2  # of a line's name there
NAME_WIDTH = 0.7  # of a name on the x axis
BESIDE = 0.6  # beside a plot, for the numbers and the title of its y axis
STYLES_OF: dict[str, dict[str, Any]] = {
    "line": {"markersize": 3.5},
    "points": {"linestyle": "none", "markersize": 3.5},
    "step": {"markersize": 3.5},
    "front": {"marker": "o", "linestyle": "--", "markersize": 7, "markerfacecolor": "none"},
}


def plot_panels(
    panels: Sequence[Panel], path: Path, style: str = "plain", wide: bool | None = None
) -> list[Path]:
    """Draw plots for a paper of that style, at the width of a column or, if there are several
    plots, of its text; ``wide`` decides otherwise. A path with ``{}`` in its name stands for a file
    for each plot, with the plot's name there. Returns the files.

    Raises SrbenchError where there is nothing to draw, or a file cannot be written.
    """
    if not panels:
        raise SrbenchError(
            "there is nothing to plot", "give an option or --input-size at least two values"
        )
    if EACH not in path.name:
        with in_style(style):
            save(_figure(panels, STYLES[style], len(panels) > 1 if wide is None else wide), path)
        return [path]
    files: list[Path] = []
    for panel in panels:
        file = named_file(path, panel.name)
        again = sum(file.stem == one.stem.rpartition("+")[0] or file == one for one in files)
        file = file.with_stem(f"{file.stem}+{again + 1}") if again else file
        files += plot_panels([panel], file, style, wide)
    return files


def _figure(panels: Sequence[Panel], style: PaperStyle, wide: bool) -> "Figure":
    """The plots, as many in a row as there is room for, in inches of the paper."""
    from matplotlib.figure import Figure

    width = (style.text if wide else style.column) / POINTS
    across = min(len(panels), max(1, int(width / LEAST_WIDTH)))
    down = -(-len(panels) // across)
    keys, reasons = _keys(panels), _reasons(panels, int(width * CHARACTERS_BELOW))
    lines = len(reasons) - (-len(keys) // _columns(width))
    heights = (HEIGHT * down, LINE_HEIGHT * (lines + bool(lines)))
    whole = Figure(figsize=(width, sum(heights)), layout="constrained")
    figure: Figure | SubFigure = whole
    if lines:
        parts: Any = whole.subfigures(2, 1, height_ratios=heights)
        figure, below = parts
        _explain(below, keys, reasons, _columns(width))
    is_direct = all(map(_has_room, panels))
    for number, panel in enumerate(panels, start=1):
        _draw(figure.add_subplot(down, across, number), panel, width / across, is_direct)
    return whole


def _columns(width: float) -> int:
    """How many names of lines stand beside each other below plots."""
    return max(1, int(width / KEY_WIDTH))


def _keys(panels: Sequence[Panel]) -> list[Series]:
    """The step lines of all plots, each name once: they are explained below the plots."""
    lines = [one for panel in panels for one in panel.series if one.kind == "step"]
    return list({(one.name, one.colour): one for one in lines}.values())


def _reasons(panels: Sequence[Panel], width: int) -> list[str]:
    """What the numbers of marks stand for, in lines of that many characters."""
    texts = sorted({one for panel in panels for one in panel.explained})
    shown = [f"{number}  {short(text, LONGEST)}" for number, text in texts]
    if len(shown) > MOST_MARKS:
        shown = [*shown[:MOST_MARKS], f"and {len(shown) - MOST_MARKS} more"]
    return [line for text in shown for line in textwrap.wrap(text, width, subsequent_indent="    ")]


def _explain(
    below: "SubFigure", keys: Sequence[Series], reasons: Sequence[str], columns: int
) -> None:
    """Write the names of lines, and below them what the numbers of marks stand for."""
    from matplotlib.lines import Line2D

    lines = [Line2D([], [], label=plain(one.name), **_look(one)) for one in keys]
    look: Any = {"frameon": False, "borderaxespad": 0.2, "handlelength": 3}
    below.legend(handles=lines, ncols=columns, loc="upper left", **look)
    below.text(0.012, 0, "\n".join(reasons), va="bottom", fontsize=SMALL, linespacing=1.35)


def _draw(axes: "Axes", panel: Panel, width: float, is_direct: bool) -> None:
    """Draw a plot that is ``width`` inches wide, with names beside its lines if ``is_direct``.

    Lines differ in colour, in their marker and in how they are drawn, so that they differ in grey
    as well.
    """
    for series in panel.series:
        look = _look(series)
        corners = slice(0, 2 * len(series.points), 2) if series.kind == "step" else None
        xs, ys = zip(*series.path, strict=True)
        axes.plot(xs, ys, label=plain(series.name), markevery=corners, **look)
        for point in series.points:
            if point.hollow:
                hollow = look | {"markerfacecolor": "white", "linestyle": "none"}
                axes.plot(point.x, point.y, zorder=3, **hollow)
            if point.interval:
                axes.plot([point.x] * 2, point.interval, color=look["color"], linewidth=1.2)
    if panel.is_log_x:
        axes.set_xscale("log")
    if panel.x_names:
        most = max(2, int((width - BESIDE) / NAME_WIDTH))
        names = {x: "\n".join(map(plain, name.split("\n"))) for x, name in panel.some_names(most)}
        axes.set_xticks([*names], [*names.values()])
        axes.ticklabel_format(axis="y", useOffset=False)
        last = panel.x_names[-1][0]
        axes.set_xlim(-0.05 * last, 1.05 * last)
    elif panel.x_ticks:
        axes.set_xticks(panel.x_ticks, minor=False)
        axes.xaxis.set_major_formatter("{x:g}")
        axes.minorticks_off()
    if panel.has_zero:
        axes.axhline(0, color="black", linewidth=0.6)
    _mark(axes, panel)
    title = textwrap.wrap(panel.title, int(width * CHARACTERS))
    axes.set_title("\n".join(map(plain, title)))
    axes.set_xlabel(plain(panel.x))
    axes.set_ylabel("\n".join(map(plain, textwrap.wrap(panel.y, LONGEST_Y))))
    axes.grid(linewidth=0.3)
    if is_direct and panel.series[0].kind == "line":
        _label_lines(axes, panel)
    elif not _label_points(axes, panel) and len(panel.series) > 1 and not panel.x_names:
        axes.legend()


def _mark(axes: "Axes", panel: Panel) -> None:
    """Draw lines at the marks, with their numbers above the plot."""
    if not panel.marks:
        return
    places, numbers = zip(*panel.marked, strict=True)
    for place in places:
        axes.axvline(place, color="black", linewidth=0.6, linestyle=":", zorder=1)
    above = axes.secondary_xaxis("top")
    above.set_xticks(places, numbers)
    above.tick_params(length=0, pad=1)
    above.spines["top"].set_visible(False)


def _look(series: Series) -> dict[str, Any]:
    colour = PALETTE[series.colour % len(PALETTE)]
    style = STYLES_OF[series.kind] | {"color": colour}
    if series.kind == "front":
        return style
    style["marker"] = MARKERS[series.colour % len(MARKERS)]
    if series.kind in ("line", "step"):
        style["linestyle"] = DASHES[series.colour % len(DASHES)]
    return style


def _has_room(panel: Panel) -> bool:
    """Whether the names of lines can stand beside their last points: a few, far enough apart."""
    lines = [series for series in panel.series if series.kind == "line"]
    if len(lines) > MOST_DIRECT:
        return False
    values = [p.y for series in lines for p in series.points]
    ends = sorted(series.points[-1].y for series in lines)
    return all(b - a >= APART * (max(values) - min(values)) for a, b in pairwise(ends))


def _label_lines(axes: "Axes", panel: Panel) -> None:
    """Write the names of lines beside their last points, on the side that lines leave free."""
    low, high = axes.get_ylim()
    for series in panel.series:
        *before, last = series.points
        is_free = not panel.has_zero or abs(last.y) > 2 * APART * (high - low)  # of the line at 0
        is_falling = bool(before) and before[-1].y > last.y and is_free
        axes.annotate(
            plain(series.name),
            (last.x, last.y),
            (0, -5 if is_falling else 4),
            textcoords="offset points",
            color=PALETTE[series.colour % len(PALETTE)],
            ha="right",
            va="top" if is_falling else "bottom",
            fontsize=SMALL,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 0.3},
        )
    axes.margins(y=0.15)


def _label_points(axes: "Axes", panel: Panel) -> bool:
    """Write the names of a few models beside their points. A front is told by its rings: the
    legend is then needed only for several groups."""
    points = [p for series in panel.series if series.kind == "points" for p in series.points]
    if not 0 < len(points) <= MOST_NAMED:
        return False
    middle = (min(p.x for p in points) + max(p.x for p in points)) / 2
    for rank, point in enumerate(sorted(points, key=lambda p: (p.y, p.x))):
        is_right = point.x > middle
        axes.annotate(
            plain(point.name),
            (point.x, point.y),
            (-6 if is_right else 6, (-3, 5)[rank % 2]),
            textcoords="offset points",
            ha="right" if is_right else "left",
            fontsize=SMALL,
        )
    axes.margins(0.12)
    return len(panel.series) <= len(("points", "front"))
