"""A plot before it is drawn: a panel with series of points."""

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal


@dataclass(frozen=True)
class Point:
    """A row's coordinates, its label, the interval of y if it has one, and the model's name. A
    ``doubtful`` point is in no Pareto front; a ``hollow`` one lacks the interval that it should
    have."""

    x: float
    y: float
    label: str
    doubtful: bool = False
    interval: tuple[float, float] | None = None
    name: str = ""
    hollow: bool = False


@dataclass(frozen=True)
class Series:
    """Points that belong together: joined in their order, single, or a Pareto front."""

    name: str
    points: tuple[Point, ...]
    kind: Literal["line", "points", "front"] = "line"
    colour: int = 0  # a front has the colour of its points


@dataclass(frozen=True)
class Panel:
    """One plot: its title, the titles of its axes, and its series. ``has_zero`` is whether y is
    shown from or to 0, with a line there."""

    title: str
    x: str
    y: str
    series: tuple[Series, ...]
    is_log_x: bool = False
    has_zero: bool = False

    @property
    def name(self) -> str:
        """A word for a file name.

        >>> Panel("Params overhead against memories of sr", "P", "%", ()).name
        'params-overhead-against-memories-of-sr'
        """
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")

    @property
    def x_ticks(self) -> list[float] | None:
        """The values of x if they are few enough to be the ticks, else None."""
        values = sorted({point.x for series in self.series for point in series.points})
        apart = all(b >= a * 1.25 for a, b in pairwise(values)) if values[0] > 0 else False
        return values if apart and len(values) <= 8 else None
