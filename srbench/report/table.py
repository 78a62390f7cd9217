"""A table for readers: typed values in columns, each with a hint how to write them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Literal

from srbench.records.printable import all_printable, printable
from srbench.report.units import Scale, column_scale, measured_scale, percent_decimals

if TYPE_CHECKING:
    from srbench.records.gain import Gain, Score
    from srbench.records.overhead import Overhead
    from srbench.records.published import Figure
    from srbench.records.timing import Estimate

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
    "ratio",
    "rate",
    "share",
    "bytes",
    "energy",
    "figure",
    "score",
    "gain",
    "number",
]
NOTHING = "–"
MARK = " *"  # after the name of a row that has warnings


@dataclass(frozen=True)
class Column:
    """A title, how its values are written, and the group of columns it stays with.

    A ``count`` is written in full or scaled, depending on the format; a ``delta`` keeps its sign
    and every digit. A ``duration`` is an `Estimate` in seconds and a ``ratio`` one of a ratio, both
    written with their intervals; an ``overhead`` is an `Overhead`, written in words if it is none
    or undecided. A ``score`` is a `Score`, written in percent, and a ``gain`` a `Gain`, in
    percentage points with its interval. A ``number`` is written with three significant digits. A
    ``figure`` is a `Figure`, written as it was printed. The first column of a group has the group's
    name. With ``lower_is_better`` a table may rank its rows
    by the column. Columns with the same ``scale`` are written in the same unit.
    """

    title: str
    hint: Hint = "text"
    group: str = ""
    lower_is_better: bool = False
    scale: str = ""

    @property
    def is_number(self) -> bool:
        return self.hint not in ("name", "text")

    @property
    def is_prose(self) -> bool:
        """Whether the cells may be broken between words."""
        return self.hint == "text"


@dataclass(frozen=True)
class Table:
    """Columns, rows of raw values (None for a missing one), a caption and footnotes.

    ``name`` is one word to refer to the table by. ``sections`` are the rows, by number, above which
    a new part of the table begins. ``ranked`` tables mark the best two of every section.
    ``doubtful`` rows, by number, have warnings: they get a mark, and are not ranked. ``findings``
    are lines below the table that matter as much as its rows; they keep their spaces. All text is
    made printable, so that text of a record stays in its cell.
    """

    name: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]
    caption: str = ""
    notes: tuple[str, ...] = ()
    sections: frozenset[int] = frozenset()
    ranked: bool = False
    doubtful: frozenset[int] = frozenset()
    findings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for field in fields(self):
            object.__setattr__(self, field.name, all_printable(getattr(self, field.name)))

    def groups(self) -> list[str]:
        """Names of the column groups, in order."""
        return list(dict.fromkeys(column.group for column in self.columns if column.group))

    def only(self, group: str) -> "Table":
        """The table with the columns of one group, and those without a group."""
        return self.with_columns(
            [i for i, column in enumerate(self.columns) if column.group in ("", group)]
        )

    def with_columns(self, kept: Sequence[int]) -> "Table":
        """The table with only these columns, by their numbers."""
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
        scale = _SCALES[column.hint](_alike(table, index), scaled)
        unit = scale.prefix + _UNITS.get(column.hint, "")
        titles.append(printable(column.title) + (f" ({unit})" if unit else ""))
        write = _WRITERS.get(column.hint, _plain)
        cells.append([NOTHING if value is None else write(value, scale) for value in values])
    rows = [list(row) for row in zip(*cells, strict=True)]
    for number in table.doubtful:
        rows[number][0] += MARK
    return titles, rows


def _alike(table: Table, index: int) -> list[Any]:
    """The values in a column and in those that share its unit."""
    name = table.columns[index].scale
    alike = [i for i, c in enumerate(table.columns) if i == index or (name and c.scale == name)]
    return [row[i] for i in alike for row in table.rows if row[i] is not None]


def _plain(value: Any, scale: Scale) -> str:
    return str(value)


def _delta(value: int, scale: Scale) -> str:
    return f"{value:+,}" if value else "0"


def _percent(value: float, scale: Scale) -> str:
    return f"{value:+.{scale.decimals}f}" if value else "0"


def _estimate(estimate: "Estimate", scale: Scale) -> str:
    """The value and its interval, or the number of samples if they are too few for one."""
    if estimate.low is None or estimate.high is None:
        return f"{scale.write(estimate.value)} (n={estimate.n})"
    low, high = scale.write(estimate.low), scale.write(estimate.high)
    return f"{scale.write(estimate.value)} [{low}, {high}]"


def _ratio(ratio: "Estimate", scale: Scale) -> str:
    """The same for a ratio, in percent above 1."""
    value, low, high = (
        None if end is None else f"{100 * (end - 1):+.{scale.decimals}f}"
        for end in (ratio.value, ratio.low, ratio.high)
    )
    return f"{value} (n={ratio.n})" if low is None or high is None else f"{value} [{low}, {high}]"


def _overhead(overhead: "Overhead", scale: Scale) -> str:
    """The same with a word instead of the value where the interval contains 0."""
    value, space, interval = _ratio(overhead.ratio, scale).partition(" ")
    said = overhead.verdict if overhead.verdict in ("none", "undecided") else value
    return said + space + interval


def _ratio_scale(ratios: "Iterable[Estimate]") -> Scale:
    """Decimals for one digit of the narrowest interval's half width, and at least one."""
    halves = [50 * (r.high - r.low) for r in ratios if r.low is not None and r.high is not None]
    return Scale(decimals=max(1, min(percent_decimals(halves) - 1, 3)) if halves else 1)


def overhead_text(overhead: "Overhead") -> str:
    """A single overhead, in percent."""
    return _overhead(overhead, _ratio_scale([overhead.ratio]))


def _score(score: "Score", scale: Scale) -> str:
    """The mean and, with several seeds, the standard deviation, in percent."""
    mean = f"{100 * score.mean:.{scale.decimals}f}"
    if score.deviation is None:
        return mean
    return f"{mean} ± {100 * score.deviation:.{scale.decimals}f}"


def _gain(gain: "Gain", scale: Scale) -> str:
    """The difference in percentage points, and a word if it is undecided."""
    value, low, high = (
        None if end is None else f"{100 * end:+.{scale.decimals}f}"
        for end in (gain.difference.value, gain.difference.low, gain.difference.high)
    )
    if gain.verdict == "no interval":
        return f"{value} (n={gain.difference.n})"
    if gain.verdict == "equal":
        return f"{value} (all equal)"
    return f"{value} [{low}, {high}]{' undecided' if gain.verdict == 'undecided' else ''}"


def _figure_unit(figures: "list[Figure]") -> Scale:
    """The unit that all figures share, for the title; without one every cell has its own."""
    units = {figure.unit for figure in figures}
    return Scale(prefix=FIGURE_UNITS.get(units.pop(), "")) if len(units) == 1 else Scale()


def _figure(figure: "Figure", scale: Scale) -> str:
    own = FIGURE_UNITS.get(figure.unit, f"×{figure.unit:g}")
    return figure.printed + (f" {own}" if own and not scale.prefix else "")


FIGURE_UNITS = {
    1: "",
    0.01: "%",
    1e3: "k",
    1e6: "M",
    1e9: "G",
    2**10: "Ki",
    2**20: "Mi",
    2**30: "Gi",
}
_UNITS = {"duration": "s", "seconds": "s", "bytes": "B", "energy": "J", "score": "%"}
_WRITERS: dict[Hint, Callable[[Any, Scale], str]] = {
    "count": lambda value, scale: scale.write(value),
    "integer": lambda value, scale: scale.write(value),
    "delta": _delta,
    "percent": _percent,
    "duration": _estimate,
    "seconds": lambda value, scale: scale.write(value),
    "overhead": _overhead,
    "ratio": _ratio,
    "rate": lambda value, scale: scale.write(value),
    "share": lambda value, scale: scale.write(value),
    "bytes": lambda value, scale: scale.write(value),
    "energy": lambda value, scale: scale.write(value),
    "figure": _figure,
    "score": _score,
    "gain": _gain,
    "number": lambda value, scale: f"{value:.3g}",
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
    "overhead": lambda values, scaled: _ratio_scale(value.ratio for value in values),
    "ratio": lambda values, scaled: _ratio_scale(values),
    "rate": lambda values, scaled: Scale(decimals=measured_scale(values).decimals),
    "share": lambda values, scaled: Scale(decimals=0),
    "bytes": lambda values, scaled: column_scale(values, digits=3),
    "energy": lambda values, scaled: measured_scale(values, digits=2),
    "figure": lambda values, scaled: _figure_unit(values),
    "score": lambda values, scaled: Scale(decimals=2),
    "gain": lambda values, scaled: Scale(decimals=2),
    "number": lambda values, scaled: Scale(),
}
