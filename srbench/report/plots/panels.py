"""What plots of rows show: overheads against an option or the resolution, and Pareto fronts."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from srbench.catalog import BLOCKS
from srbench.catalog.options import Value, format_value
from srbench.errors import SpecError
from srbench.records.counts import TITLES
from srbench.records.join import Row
from srbench.records.overhead import Overhead
from srbench.report.columns import ERRORS, FIELDS
from srbench.report.gains import score_of
from srbench.report.plots.curves import curves
from srbench.report.plots.points import Panel, Point, Series
from srbench.report.table import MARK, overhead_text
from srbench.spec.matching import omitted
from srbench.spec.parse import Part, Spec, read

Read = Callable[[Row], float | None]
ReadOverhead = Callable[[Row], Overhead | None]


def panels(rows: Sequence[Row]) -> list[Panel]:
    """Every plot for which the rows have data.

    Overheads against each whole-number option, and against the input's side, for rows that differ
    in nothing else; then Pareto fronts: of two costs, and of a cost and the error where that is
    printed or measured; then the curves of trainings. No module that a spec names is imported; see
    `without_defaults`. Rows of older code than others are left out.
    """
    rows = [row for row in rows if not row.older]
    known = [_ReadRow(row, spec) for row in rows if (spec := _read(row)) and spec.blocks]
    keys = dict.fromkeys(key for one in known for key in one.numbers)
    found = [panel for key in keys for panel in _against_option(known, key)]
    return [*found, *_against_resolution(known), *_fronts(rows), *curves(rows)]


def without_defaults(rows: Iterable[Row]) -> list[str]:
    """The blocks whose options' defaults only their module has, since the records do not: rows that
    leave such an option out are in no plot against it."""
    known = [_ReadRow(row, spec) for row in rows if (spec := _read(row))]
    return list(dict.fromkeys(name for one in known for name in one.without_defaults))


def pareto(points: Iterable[Point]) -> tuple[Point, ...]:
    """The points that no other beats in both coordinates, less being better, from left to right.

    Doubtful ones are left out: an incomplete count would beat others.
    """
    front: list[Point] = []
    for point in sorted((p for p in points if not p.doubtful), key=lambda p: (p.x, p.y)):
        if not front or point.y < front[-1].y:
            front.append(point)
    return tuple(front)


def _percent(read: ReadOverhead) -> Read:
    def percent(row: Row) -> float | None:
        overhead = read(row)
        return None if overhead is None else 100 * (overhead.ratio.value - 1)

    return percent


def _trained_error(score: str, row: Row) -> float | None:
    """What the mean score over seeds lacks to 100 %."""
    runs = row.runs()
    found = score_of(runs, score) if runs else None
    return None if found is None else 100 * (1 - found.mean)


GIGA_MACS = "MACs (G)"
ERROR = f"{ERRORS['top1_error']} (%)"
OF_TIMES: dict[str, ReadOverhead] = {
    f"{what} overhead (%)": FIELDS[f"{what}_overhead"].read for what in ("forward", "train")
}
TRAINED_ERRORS: dict[str, Read] = {
    "error, 100 − top-1 (%), trained here": partial(_trained_error, "top1"),
    "error, 100 − mIoU (%), trained here": partial(_trained_error, "miou"),
}
OVERHEADS: dict[str, Read] = {
    **{f"{TITLES[m]} overhead (%)": FIELDS[f"{m}_percent"].read for m in ("params", "macs")},
    **{title: _percent(read) for title, read in OF_TIMES.items()},
}


class _ReadRow:
    """A row whose spec can be read, and the whole-number options of its blocks, by block and
    option."""

    def __init__(self, row: Row, spec: Spec) -> None:
        self.row = row
        self.spec = spec
        self.numbers: dict[tuple[str, str], int] = {}
        self.without_defaults: list[str] = []
        for part in spec.blocks:
            usual = _defaults(row, part)
            if not usual:
                self.without_defaults.append(part.name)
            for key, value in (usual | dict(part.options)).items():
                if re.fullmatch(r"-?[0-9]{1,18}", text := format_value(value)):
                    self.numbers[part.name, key] = int(text)


def _defaults(row: Row, part: Part) -> dict[str, Value]:
    """The defaults of a block's options: from the catalog, or from the records."""
    if part.name in BLOCKS:
        return {option.name: option.default(()) for option in BLOCKS[part.name].options}
    found: dict[str, Value] = {}
    for record in row.records:
        found |= omitted(record, part)
    return found


def _against_option(known: Sequence[_ReadRow], key: tuple[str, str]) -> Iterator[Panel]:
    block, option = key
    places = [
        (one.row, float(one.numbers[key]), _without(one.spec, key))
        for one in known
        if key in one.numbers
    ]
    return _against(f"{option} of {block}", option, places, _conditions)


def _against_resolution(known: Sequence[_ReadRow]) -> Iterator[Panel]:
    places = [
        (one.row, (height * width) ** 0.5, str(one.spec))
        for one in known
        if one.row.row.input
        for _, height, width in [one.row.row.input]
    ]
    return _against("resolution", "√(height × width) of the input, pixels", places, _batch)


def _against(
    title: str,
    x_title: str,
    places: Sequence[tuple[Row, float, str]],
    conditions: Callable[[Row, str], str],
) -> Iterator[Panel]:
    """A panel for each overhead, with a line for each group of rows that differ only in x.

    ``places`` are rows with their x and their group's name; ``conditions`` gives what else
    distinguishes groups.
    """
    for y_title, y in OVERHEADS.items():
        found: dict[tuple[str, str], dict[Point, None]] = {}
        for row, x, name in places:
            if (value := y(row)) is not None:
                points = found.setdefault((name, conditions(row, y_title)), {})
                points[_point(row, x, value, y_title)] = None
        lines = {key: points for key, points in found.items() if len({p.x for p in points}) > 1}
        series = tuple(
            Series(name or key[0], tuple(sorted(points, key=lambda p: p.x)), colour=number)
            for number, (name, (key, points)) in enumerate(
                zip(_names(lines), lines.items(), strict=True)
            )
        )
        if series:
            sides = [point.x for line in series for point in line.points]
            is_log = max(sides) >= 16 * min(sides) > 0
            x_named = f"{x_title} (logarithmic)" if is_log else x_title
            yield Panel(f"{_bare(y_title)} against {title}", x_named, y_title, series, is_log)


def _fronts(rows: Sequence[Row]) -> Iterator[Panel]:
    """Cost against cost, and error against cost, of all variants, with their Pareto fronts."""
    costs = list(OVERHEADS)
    pairs: list[tuple[str, Read, str, Read]] = [(ERROR, _printed_error, GIGA_MACS, _macs)]
    pairs += [
        (error, read, x_title, x)
        for error, read in TRAINED_ERRORS.items()
        for x_title, x in ((GIGA_MACS, _macs), *((t, OVERHEADS[t]) for t in OF_TIMES))
    ]
    pairs += [(y, OVERHEADS[y], costs[0], OVERHEADS[costs[0]]) for y in costs[1:]]
    for y_title, y, x_title, x in pairs:
        groups: dict[tuple[str, str], dict[Point, None]] = {}
        for row in rows:
            if (across := x(row)) is not None and (up := y(row)) is not None:
                # An overhead is to the baseline; an error is compared across all networks.
                is_cost = y_title != ERROR and y_title not in TRAINED_ERRORS
                baseline = row.baseline.spec if row.baseline and is_cost else ""
                points = groups.setdefault((baseline, _conditions(row, y_title)), {})
                points[_point(row, across, up, y_title)] = None
        series: list[Series] = []
        for colour, (name, points) in enumerate(zip(_names(groups), groups.values(), strict=True)):
            if len({(point.x, point.y) for point in points}) > 2:
                series.append(Series(name or "models", tuple(points), "points", colour))
                if front := pareto(points):
                    title = ", ".join(filter(None, ("Pareto front", name)))
                    series.append(Series(title, front, "front", colour))
        if series:
            title = f"{_bare(y_title)} against {_bare(x_title)}"
            yield Panel(title, x_title, y_title, tuple(series))


def _names(groups: Iterable[tuple[str, str]]) -> list[str]:
    """The names of groups: the ones of their two parts in which they differ."""
    groups = list(groups)
    telling = [len({group[i] for group in groups}) > 1 for i in range(2)]
    return [
        ", ".join(part for part, tells in zip(group, telling, strict=True) if tells and part)
        for group in groups
    ]


def _bare(title: str) -> str:
    return title.partition(" (")[0]


def _conditions(row: Row, y_title: str) -> str:
    """Input, batch and regime, as a name."""
    runs = row.runs() if y_title in TRAINED_ERRORS else None
    regime = str(runs.regime) if runs else ""
    return ", ".join(filter(None, (row.row.size, _batch(row, y_title), regime)))


def _batch(row: Row, y_title: str) -> str:
    """The batch, as a name, for times; counts do not depend on it."""
    batch = FIELDS["batch"].read(row) if y_title in OF_TIMES else None
    return "" if batch is None else f"batch {batch}"


def _macs(row: Row) -> float | None:
    macs: int | None = FIELDS["macs"].read(row)
    return None if macs is None else macs / 1e9


def _printed_error(row: Row) -> float | None:
    figure = FIELDS["top1_error"].read(row)
    return None if figure is None else float(figure.printed)


def _point(row: Row, x: float, y: float, y_title: str) -> Point:
    """A row's point. If y is a count, warnings about times do not matter."""
    overhead = OF_TIMES[y_title](row) if y_title in OF_TIMES else None
    shown = row if overhead else replace(row, timing=None)
    said = overhead_text(overhead) if overhead else f"{y:.3g}"
    doubtful = shown.is_doubtful or bool(overhead and overhead.verdict == "undecided")
    return Point(x, y, f"{row.row}{MARK if shown.is_doubtful else ''}: {said}", doubtful)


def _read(row: Row) -> Spec | None:
    """The spec, parsed without looking up its names, or None if its grammar is wrong."""
    try:
        return read(row.row.spec)
    except SpecError:
        return None


def _without(spec: Spec, key: tuple[str, str]) -> str:
    """The spec without one option of one block."""
    block, name = key
    parts = [str(spec.backbone)]
    for part in spec.blocks:
        options = tuple(o for o in part.options if part.name != block or o[0] != name)
        parts.append(str(type(part)(part.name, options)))
    return "+".join(parts)
