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
    """Points that belong together: joined in their order, single, a Pareto front, or the steps of
    a value, which stays as it is from a point to the next and from the last one ``until`` there."""

    name: str
    points: tuple[Point, ...]
    kind: Literal["line", "points", "front", "step"] = "line"
    colour: int = 0  # a front has the colour of its points
    until: float | None = None

    @property
    def path(self) -> list[tuple[float, float]]:
        """The corners of the line through the points."""
        places = [(point.x, point.y) for point in self.points]
        if self.kind != "step":
            return places
        turns = [((b[0], a[1]), b) for a, b in pairwise(places)]
        end = [] if self.until is None else [(self.until, places[-1][1])]
        return [places[0], *(corner for turn in turns for corner in turn), *end]


@dataclass(frozen=True)
class Mark:
    """A place on the x axis with a number, and what the number stands for."""

    x: float
    number: int
    text: str


@dataclass(frozen=True)
class Panel:
    """One plot: its title, the titles of its axes, and its series. ``has_zero`` is whether y is
    shown from or to 0, with a line there. ``x_names`` stand on the x axis instead of numbers, each
    at its place, and ``marks`` are places that are explained."""

    title: str
    x: str
    y: str
    series: tuple[Series, ...]
    is_log_x: bool = False
    has_zero: bool = False
    x_names: tuple[tuple[float, str], ...] = ()
    marks: tuple[Mark, ...] = ()

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

    def some_names(self, most: int) -> list[tuple[float, str]]:
        """The names on the x axis, or as many as there is room for: the first, the last, and some
        between them.

        >>> names = tuple((x, f"at {x}") for x in range(9))
        >>> [x for x, _ in Panel("", "", "", (), x_names=names).some_names(3)]
        [0, 4, 8]
        """
        last, spaces = len(self.x_names) - 1, max(1, min(most, len(self.x_names)) - 1)
        chosen = dict.fromkeys(round(part * last / spaces) for part in range(spaces + 1))
        return [self.x_names[number] for number in chosen] if self.x_names else []

    @property
    def marked(self) -> list[tuple[float, str]]:
        """The places of marks, each with its numbers."""
        found: dict[float, list[str]] = {}
        for mark in self.marks:
            found.setdefault(mark.x, []).append(str(mark.number))
        return [(x, ", ".join(numbers)) for x, numbers in found.items()]

    @property
    def explained(self) -> list[tuple[int, str]]:
        """What the numbers of the marks stand for, in their order."""
        return sorted({(mark.number, mark.text) for mark in self.marks})
