"""Panels as coordinates of an SVG: the place of every point, line and tick in the page's plots."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10

from srbench.report.plots.points import Panel, Series

WIDTH, HEIGHT = 460, 300
MOST_NAMES = 4  # on the x axis
LEFT, RIGHT, TOP, BOTTOM = 62, 14, 12, 46  # room for the axes' titles and numbers


@dataclass(frozen=True)
class Tick:
    """A number on an axis, and its place."""

    at: float
    text: str


@dataclass(frozen=True)
class Dot:
    """A point: its place, the label that is shown when the pointer is on it, and the ends of its
    interval."""

    x: float
    y: float
    label: str
    ends: tuple[float, float] | None = None
    hollow: bool = False


@dataclass(frozen=True)
class Curve:
    """A series: its dots, and the path through them where they are joined."""

    name: str
    kind: str
    dots: tuple[Dot, ...]
    path: str
    colour: int


@dataclass(frozen=True)
class Chart:
    """A plot for the page. ``zero`` is the place of the line at 0, if it has one, and ``marks``
    are those of the panel's marks."""

    panel: Panel
    curves: tuple[Curve, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    zero: float | None = None
    marks: tuple[Tick, ...] = ()


def chart(panel: Panel) -> Chart:
    """The chart of a panel: the place of everything in it."""
    points = [point for series in panel.series for point in series.points]
    across = [p.x for p in points] + [x for x, _ in panel.x_names]
    x = _Axis(across, LEFT, WIDTH - RIGHT, panel.is_log_x, panel.x_ticks)
    ends = [end for point in points for end in point.interval or ()]
    values = [*(p.y for p in points), *ends, *([0.0] if panel.has_zero else [])]
    y = _Axis(values, HEIGHT - BOTTOM, TOP, False)
    curves = tuple(_curve(series, x, y) for series in panel.series)
    names = tuple(Tick(x(place), name) for place, name in panel.some_names(MOST_NAMES))
    marks = tuple(Tick(x(place), numbers) for place, numbers in panel.marked)
    zero = y(0.0) if panel.has_zero else None
    return Chart(panel, curves, names or x.ticks, y.ticks, zero, marks)


class _Axis:
    """Converts values to pixels, with a little room at both ends."""

    def __init__(
        self,
        values: Sequence[float],
        first: float,
        last: float,
        is_log: bool,
        numbers: list[float] | None = None,
    ) -> None:
        self._scale = log10 if is_log else float
        low, high = self._scale(min(values)), self._scale(max(values))
        room = 0.05 * (high - low) or abs(high) / 2 or 1
        self._low, self._high = low - room, high + room
        self._first, self._last = first, last
        if numbers is None and is_log:
            numbers = [10.0**n for n in range(-12, 13) if self._low <= n <= self._high]
        elif numbers is None:
            numbers = _round_numbers(self._low, self._high)
        self.ticks = tuple(Tick(self(value), f"{value:g}") for value in numbers)

    def __call__(self, value: float) -> float:
        share = (self._scale(value) - self._low) / (self._high - self._low)
        return round(self._first + share * (self._last - self._first), 1)


def _round_numbers(low: float, high: float) -> list[float]:
    from matplotlib.ticker import MaxNLocator

    return [float(v) for v in MaxNLocator(5).tick_values(low, high) if low <= v <= high]


def _curve(series: Series, x: _Axis, y: _Axis) -> Curve:
    dots = tuple(
        Dot(x(p.x), y(p.y), p.label, p.interval and (y(p.interval[0]), y(p.interval[1])), p.hollow)
        for p in series.points
    )
    joined = " L".join(f"{x(across)},{y(up)}" for across, up in series.path)
    path = f"M{joined}" if series.kind != "points" else ""
    return Curve(series.name, series.kind, dots, path, series.colour)
