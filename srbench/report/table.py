"""A table for eyes: typed values in columns, each with a hint that says how to write it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from srbench.records import Estimate
from srbench.units import Scale, column_scale, measured_scale, percent_decimals

Hint = Literal[
    "name",
    "text",
    "count",
    "integer",
    "delta",
    "percent",
    "duration",
    "seconds",
    "overhead",
    "rate",
    "share",
    "bytes",
    "energy",
]
NOTHING = "–"


@dataclass(frozen=True)
class Column:
    """A title, how its values are written, and the group of columns it stays with.

    A ``count`` is written in full or scaled, as the format likes; a ``delta`` keeps its sign and
    every digit. A ``duration`` is an `Estimate` in seconds and an ``overhead`` one of a ratio, both
    written with their intervals. The first column of a group bears the group's name.
    """

    title: str
    hint: Hint = "text"
    group: str = ""

    @property
    def is_number(self) -> bool:
        return self.hint not in ("name", "text")

    @property
    def is_prose(self) -> bool:
        """Whether the cells may be broken between words."""
        return self.hint == "text"


@dataclass(frozen=True)
class Table:
    """Columns, rows of raw values (None where there is nothing), a caption and footnotes.

    ``name`` is one word to refer to the table by. ``sections`` are the rows, by number, above which
    a new part of the table begins.
    """

    name: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]
    caption: str = ""
    notes: tuple[str, ...] = ()
    sections: frozenset[int] = frozenset()

    def groups(self) -> list[str]:
        """Names of the column groups, in order."""
        return list(dict.fromkeys(column.group for column in self.columns if column.group))

    def only(self, group: str) -> "Table":
        """The table with the columns of one group, beside those of none."""
        kept = [i for i, column in enumerate(self.columns) if column.group in ("", group)]
        return replace(
            self,
            columns=tuple(self.columns[i] for i in kept),
            rows=tuple(tuple(row[i] for i in kept) for row in self.rows),
        )


def written(table: Table, scaled: bool) -> tuple[list[str], list[list[str]]]:
    """Titles and cells as text: counts in full, or ``scaled`` with the prefix in the title."""
    titles: list[str] = []
    cells: list[list[str]] = []
    for index, column in enumerate(table.columns):
        values = [row[index] for row in table.rows]
        present = [value for value in values if value is not None]
        scale = _SCALES[column.hint](present, scaled)
        unit = scale.prefix + _UNITS.get(column.hint, "")
        titles.append(column.title + (f" ({unit})" if unit else ""))
        write = _WRITERS.get(column.hint, _plain)
        cells.append([NOTHING if value is None else write(value, scale) for value in values])
    return titles, [list(row) for row in zip(*cells, strict=True)]


def _plain(value: Any, scale: Scale) -> str:
    return str(value)


def _delta(value: int, scale: Scale) -> str:
    return f"{value:+,}" if value else "0"


def _percent(value: float, scale: Scale) -> str:
    return f"{value:+.{scale.decimals}f}" if value else "0"


def _estimate(estimate: Estimate, scale: Scale) -> str:
    """The value and its interval, or from how few samples there is none."""
    if estimate.low is None or estimate.high is None:
        return f"{scale.write(estimate.value)} (n={estimate.n})"
    low, high = scale.write(estimate.low), scale.write(estimate.high)
    return f"{scale.write(estimate.value)} [{low}, {high}]"


def _overhead(ratio: Estimate, scale: Scale) -> str:
    """The same of a ratio, in percent above 1; none where the interval contains 0."""
    value, low, high = (
        None if end is None else f"{100 * (end - 1):+.{scale.decimals}f}"
        for end in (ratio.value, ratio.low, ratio.high)
    )
    if ratio.low is None or ratio.high is None:
        return f"{value} (n={ratio.n})"
    return f"{'none' if ratio.low <= 1 <= ratio.high else value} [{low}, {high}]"


def _overhead_decimals(ratios: list[Estimate]) -> int:
    """One digit of the narrowest interval's half, and one decimal at least."""
    halves = [50 * (r.high - r.low) for r in ratios if r.low is not None and r.high is not None]
    return max(1, min(percent_decimals(halves) - 1, 3)) if halves else 1


_UNITS = {"duration": "s", "seconds": "s", "bytes": "B", "energy": "J"}
_WRITERS: dict[Hint, Callable[[Any, Scale], str]] = {
    "count": lambda value, scale: scale.write(value),
    "integer": lambda value, scale: scale.write(value),
    "delta": _delta,
    "percent": _percent,
    "duration": _estimate,
    "seconds": lambda value, scale: scale.write(value),
    "overhead": _overhead,
    "rate": lambda value, scale: scale.write(value),
    "share": lambda value, scale: scale.write(value),
    "bytes": lambda value, scale: scale.write(value),
    "energy": lambda value, scale: scale.write(value),
}
_SCALES: dict[Hint, Callable[[list[Any], bool], Scale]] = {
    "name": lambda values, scaled: Scale(),
    "text": lambda values, scaled: Scale(),
    "integer": lambda values, scaled: Scale(),
    "delta": lambda values, scaled: Scale(),
    "count": lambda values, scaled: column_scale(values) if scaled else Scale(),
    "percent": lambda values, scaled: Scale(decimals=percent_decimals(values)),
    "duration": lambda values, scaled: measured_scale(v.value for v in values),
    "seconds": lambda values, scaled: measured_scale(values, digits=3),
    "overhead": lambda values, scaled: Scale(decimals=_overhead_decimals(values)),
    "rate": lambda values, scaled: Scale(decimals=measured_scale(values).decimals),
    "share": lambda values, scaled: Scale(decimals=0),
    "bytes": lambda values, scaled: column_scale(values, digits=3),
    "energy": lambda values, scaled: measured_scale(values, digits=3),
}
