"""A plot before it is drawn: a panel with series of points."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal


@dataclass(frozen=True)
class Point:
    """A row's coordinates and label. A ``doubtful`` point is in no Pareto front."""

    x: float
    y: float
    label: str
    doubtful: bool = False


@dataclass(frozen=True)
class Series:
    """Points that belong together: joined in their order, single, or a Pareto front."""

    name: str
    points: tuple[Point, ...]
    kind: Literal["line", "points", "front"] = "line"
    colour: int = 0  # a front has the colour of its points


@dataclass(frozen=True)
class Panel:
    """One plot: its title, the titles of its axes, and its series."""

    title: str
    x: str
    y: str
    series: tuple[Series, ...]
    is_log_x: bool = False

    @property
    def x_ticks(self) -> list[float] | None:
        """The values of x if they are few enough to be the ticks, else None."""
        values = sorted({point.x for series in self.series for point in series.points})
        apart = all(b >= a * 1.25 for a, b in pairwise(values)) if values[0] > 0 else False
        return values if apart and len(values) <= 8 else None
