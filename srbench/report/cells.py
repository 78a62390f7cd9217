"""How the values of a table are written: one unit and one precision a column."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from srbench.records.printable import printable
from srbench.report.labels import Branch, Name, titles_of
from srbench.report.table import MARK, NOTHING, Hint, Table
from srbench.report.units import Scale, column_scale, measured_scale, percent_decimals

if TYPE_CHECKING:
    from srbench.records.gain import Gain, Score
    from srbench.records.overhead import Overhead
    from srbench.records.published import Figure
    from srbench.records.timing import Estimate


def written(table: Table, scaled: bool, naming: str = "title") -> tuple[list[str], list[list[str]]]:
    """Titles and cells as text: counts in full, or ``scaled`` with the prefix in the title.

    Models are called as the table's look says, or else by ``naming``.
    """
    naming = table.look.naming or naming
    titles: list[str] = []
    cells: list[list[str]] = []
    for index, column in enumerate(table.columns):
        values = [row[index] for row in table.rows]
        scale = _scale(table, index, scaled)
        unit = scale.prefix + _UNITS.get(column.hint, "")
        titles.append(printable(column.title) + (f" ({unit})" if unit else ""))
        write = _WRITERS.get(column.hint, partial(_plain, naming=naming))
        cells.append([NOTHING if value is None else write(value, scale) for value in values])
    rows = [list(row) for row in zip(*cells, strict=True)]
    model = next((i for i, c in enumerate(table.columns) if c.hint == "model"), 0)
    for number in table.doubtful:
        rows[number][model] += MARK
    return titles, rows


def with_titles(table: Table, text: str) -> str:
    """The text with what models are called, unless the table's look asks for specs."""
    if table.look.naming == "spec":
        return text
    return "".join(str(one) for one in titles_of(text, table.names))


def _scale(table: Table, index: int, scaled: bool) -> Scale:
    """The unit and the decimals of a column; a count in full has none."""
    column = table.columns[index]
    scale = _SCALES[column.hint](_alike(table, index), scaled)
    is_whole = column.hint in ("count", "bytes", "bytes_delta") and not scale.prefix
    if column.decimals is None or is_whole:
        return scale
    return replace(scale, decimals=column.decimals)


def _alike(table: Table, index: int) -> list[Any]:
    """The values in a column and in those that share its unit."""
    name = table.columns[index].scale
    alike = [i for i, c in enumerate(table.columns) if i == index or (name and c.scale == name)]
    return [row[i] for i in alike for row in table.rows if row[i] is not None]


def _plain(value: Any, scale: Scale, naming: str) -> str:
    return str(value.as_(naming)) if isinstance(value, Name | Branch) else str(value)


def _delta(value: int, scale: Scale) -> str:
    return f"{value:+,}" if value else "0"


def _short_delta(value: int, scale: Scale) -> str:
    return _signed(value / scale.divisor, scale)


def _short_scale(values: "Sequence[int]") -> Scale:
    """Two decimals with a prefix, as papers have it; whole numbers need neither."""
    scale = column_scale(values)
    return replace(scale, decimals=2 if scale.prefix else 0)


def _percent(value: float, scale: Scale) -> str:
    return _signed(value, scale).replace(",", "")


def _signed(value: float, scale: Scale) -> str:
    """The value with its sign. Only 0 is written as 0: what would round to it is below a limit."""
    if not value:
        return "0"
    if round(abs(value), scale.decimals) == 0:
        limit = f"{10**-scale.decimals:.{scale.decimals}f}"
        return f"<{limit}" if value > 0 else f">-{limit}"
    return f"{value:+,.{scale.decimals}f}"


def _estimate(estimate: "Estimate", scale: Scale) -> str:
    """The value and its interval, or the number of samples if they are too few for one."""
    if estimate.low is None or estimate.high is None:
        return f"{scale.write(estimate.value)} (n={estimate.n})"
    low, high = scale.write(estimate.low), scale.write(estimate.high)
    return f"{scale.write(estimate.value)} [{low}, {high}]"


def duration_texts(estimates: "Sequence[Estimate]") -> list[str]:
    """Several times with their intervals, in the same unit, which stands behind each."""
    scale = measured_scale(one.value for one in estimates)
    return [f"{_estimate(one, scale)} {scale.prefix}s" for one in estimates]


def _ratio(ratio: "Estimate", scale: Scale) -> str:
    """The same for a ratio, in percent above 1."""
    value, low, high = (
        None if end is None else f"{100 * (end - 1):+.{scale.decimals}f}"
        for end in (ratio.value, ratio.low, ratio.high)
    )
    return f"{value} (n={ratio.n})" if low is None or high is None else f"{value} [{low}, {high}]"


def _overhead(overhead: "Overhead", scale: Scale) -> str:
    """The same with a word instead of the value where the interval contains 0."""
    if overhead.verdict == "different":
        scale = replace(scale, decimals=_until_not_zero(overhead.ratio, scale.decimals))
    value, space, interval = _ratio(overhead.ratio, scale).partition(" ")
    said = overhead.verdict if overhead.verdict in ("none", "undecided") else value
    return said + space + interval


def _until_not_zero(ratio: "Estimate", decimals: int) -> int:
    """The decimals with which a clear difference, and the ends of its interval, are not 0."""
    ends = [100 * abs(end - 1) for end in (ratio.value, ratio.low, ratio.high) if end is not None]
    needed = [-math.floor(math.log10(end)) for end in ends if end > 0 and not round(end, decimals)]
    return max(decimals, *needed) if needed else decimals


def _ratio_scale(ratios: "Iterable[Estimate]") -> Scale:
    """Decimals for one digit of the narrowest interval's half width, and at least one."""
    halves = [50 * (r.high - r.low) for r in ratios if r.low is not None and r.high is not None]
    return Scale(decimals=max(1, min(percent_decimals(halves) - 1, 3)) if halves else 1)


def overhead_texts(overheads: "Sequence[Overhead]") -> list[str]:
    """Several overheads, in percent, with the same decimals."""
    scale = _ratio_scale([one.ratio for one in overheads])
    return [_overhead(one, scale) for one in overheads]


def overhead_text(overhead: "Overhead") -> str:
    """A single overhead, in percent."""
    return overhead_texts([overhead])[0]


def ratio_text(ratio: "Estimate") -> str:
    """A single ratio, in percent above 1."""
    return _ratio(ratio, _ratio_scale([ratio]))


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
_UNITS = {
    "duration": "s",
    "seconds": "s",
    "bytes": "B",
    "bytes_delta": "B",
    "energy": "J",
    "score": "%",
}
_WRITERS: dict[Hint, Callable[[Any, Scale], str]] = {
    "count": lambda value, scale: scale.write(value),
    "integer": lambda value, scale: scale.write(value),
    "delta": _delta,
    "short_delta": _short_delta,
    "percent": _percent,
    "duration": _estimate,
    "seconds": lambda value, scale: scale.write(value),
    "overhead": _overhead,
    "ratio": _ratio,
    "rate": lambda value, scale: scale.write(value),
    "share": lambda value, scale: scale.write(value),
    "bytes": lambda value, scale: scale.write(value),
    "bytes_delta": lambda value, scale: _signed(value / scale.divisor, scale),
    "energy": lambda value, scale: scale.write(value),
    "figure": _figure,
    "score": _score,
    "gain": _gain,
    "number": lambda value, scale: f"{value:.3g}",
}
_SCALES: dict[Hint, Callable[[list[Any], bool], Scale]] = {
    "model": lambda values, scaled: Scale(),
    "name": lambda values, scaled: Scale(),
    "text": lambda values, scaled: Scale(),
    "integer": lambda values, scaled: Scale(),
    "delta": lambda values, scaled: Scale(),
    "short_delta": lambda values, scaled: _short_scale(values),
    "count": lambda values, scaled: column_scale(values) if scaled else Scale(),
    "percent": lambda values, scaled: Scale(decimals=percent_decimals(values)),
    "duration": lambda values, scaled: measured_scale(v.value for v in values),
    "seconds": lambda values, scaled: measured_scale(values, digits=3),
    "overhead": lambda values, scaled: _ratio_scale(value.ratio for value in values),
    "ratio": lambda values, scaled: _ratio_scale(values),
    "rate": lambda values, scaled: Scale(decimals=measured_scale(values).decimals),
    "share": lambda values, scaled: Scale(decimals=0),
    "bytes": lambda values, scaled: column_scale(values, digits=3),
    "bytes_delta": lambda values, scaled: column_scale(values, digits=3),
    "energy": lambda values, scaled: measured_scale(values, digits=2),
    "figure": lambda values, scaled: _figure_unit(values),
    "score": lambda values, scaled: Scale(decimals=2),
    "gain": lambda values, scaled: Scale(decimals=2),
    "number": lambda values, scaled: Scale(),
    "quantity": lambda values, scaled: Scale(),
}
