"""What plots of rows show: overheads against an option or the resolution, and Pareto fronts."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from srbench.catalog import BLOCKS
from srbench.catalog.options import Value, format_value
from srbench.conditions import PASSES
from srbench.records.counts import TITLES
from srbench.records.join import Row
from srbench.records.overhead import Overhead
from srbench.records.record import Record
from srbench.report.cells import overhead_text
from srbench.report.columns import ERRORS, FIELDS, PEAKS
from srbench.report.gains import score_of
from srbench.report.labels import Label, Name
from srbench.report.names import Names, block_title, symbol_of
from srbench.report.names import title as spec_title
from srbench.report.notes import chip, modes
from srbench.report.plots.curves import curves
from srbench.report.plots.points import Panel, Point, Series
from srbench.report.table import MARK
from srbench.spec.matching import omitted
from srbench.spec.parse import Part, Spec, read_or_none

Read = Callable[[Row], float | None]
Conditions = Callable[[Row, str], tuple[str, ...]]
ReadOverhead = Callable[[Row], Overhead | None]


def panels(rows: Sequence[Row], names: Mapping[str, Label] | None = None) -> list[Panel]:
    """Every plot for which the rows have data.

    Overheads against each whole-number option, against the input's side and against the batch size,
    for rows that differ in nothing else; then Pareto fronts, where there is something to trade: of
    two costs, and of a cost and the error where that is printed or measured; then the curves of
    trainings. No module that a spec names is imported; see `without_defaults`. Rows of older code
    than others are left out. Models have the names that papers give them, or those in ``names``.
    """
    rows = [row for row in rows if not row.older]
    named = Names((record for row in rows for record in row.records), names)
    known = _known(rows, named)
    keys = dict.fromkeys(key for one in known for key in one.numbers)
    found = [panel for key in keys for panel in _against_option(known, key, names)]
    found += [*_against_resolution(known), *_against_batch(known)]
    return [*found, *_fronts(rows, named), *curves(rows, named)]


def batch_panels(rows: Sequence[Row], names: Mapping[str, Label] | None = None) -> list[Panel]:
    """The overheads of times against the batch size."""
    named = Names((record for row in rows for record in row.records), names)
    return list(_against_batch(_known(rows, named)))


def without_defaults(rows: Iterable[Row]) -> list[str]:
    """The blocks whose options' defaults only their module has, since the records do not: rows that
    leave such an option out are in no plot against it."""
    known = _known(rows, Names(()))
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
    f"{what} overhead (%)": FIELDS[f"{what}_overhead"].read for what in PASSES
}
# The backward pass never runs alone.
TRADED = [f"{what} overhead (%)" for what in ("forward", "train")]
TRAINED_ERRORS: dict[str, Read] = {
    "error, 100 − top-1 (%), trained here": partial(_trained_error, "top1"),
    "error, 100 − mIoU (%), trained here": partial(_trained_error, "miou"),
}
DRAWN = {name: f"{TITLES[name]} overhead" for name in ("params", "macs", "activations")} | {
    name: f"{TITLES[name]} overhead at batch 1" for name in PEAKS
}
OVERHEADS: dict[str, Read] = {
    **{f"{title} (%)": FIELDS[f"{m}_percent"].read for m, title in DRAWN.items()},
    **{title: _percent(read) for title, read in OF_TIMES.items()},
}


class _ReadRow:
    """A row whose spec can be read, and the whole-number options of its blocks, by block and
    option."""

    def __init__(self, row: Row, spec: Spec, named: Names) -> None:
        self.row = row
        self.spec = spec
        self.name = named(row.row.spec)
        self.numbers: dict[tuple[str, str], int] = {}
        self.without_defaults: list[str] = []
        for part in spec.blocks:
            usual = _defaults(row, part)
            if not usual:
                self.without_defaults.append(part.name)
            for key, value in (usual | dict(part.options)).items():
                if re.fullmatch(r"-?[0-9]{1,18}", text := format_value(value)):
                    self.numbers[part.name, key] = int(text)


def _known(rows: Iterable[Row], named: Names) -> list[_ReadRow]:
    """The rows with blocks whose specs can be read."""
    read = ((row, read_or_none(row.row.spec)) for row in rows)
    return [_ReadRow(row, spec, named) for row, spec in read if spec and spec.blocks]


def _defaults(row: Row, part: Part) -> dict[str, Value]:
    """The defaults of a block's options: from the catalog, or from the records."""
    if part.name in BLOCKS:
        return {option.name: option.default(()) for option in BLOCKS[part.name].options}
    found: dict[str, Value] = {}
    for record in row.records:
        found |= omitted(record, part)
    return found


def _against_option(
    known: Sequence[_ReadRow], key: tuple[str, str], names: Mapping[str, Label] | None
) -> Iterator[Panel]:
    block, option = key
    places = [
        (one.name, one.row, float(one.numbers[key]), _without(one.spec, key))
        for one in known
        if key in one.numbers
    ]
    symbol = symbol_of(block, option)
    x_title = f"{option} {symbol}" if symbol else option
    return _against(f"{option} of {block_title(block, names)}", x_title, places, _conditions, names)


def _against_resolution(known: Sequence[_ReadRow]) -> Iterator[Panel]:
    places = [
        (one.name, one.row, (height * width) ** 0.5, one.name)
        for one in known
        if one.row.row.input
        for _, height, width in [one.row.row.input]
    ]
    return _against(
        "resolution", "√(height × width) of the input, pixels", places, _apart_from("size")
    )


def _against_batch(known: Sequence[_ReadRow]) -> Iterator[Panel]:
    places = [
        (one.name, one.row, float(batch), one.name)
        for one in known
        if (batch := FIELDS["batch"].read(one.row)) is not None
    ]
    return _against(
        "batch size", "batch size", places, _apart_from("batch"), overheads=tuple(OF_TIMES)
    )


def _against(
    title: str,
    x_title: str,
    places: Sequence[tuple[Name, Row, float, Name | Spec]],
    conditions: Conditions,
    names: Mapping[str, Label] | None = None,
    overheads: Iterable[str] = tuple(OVERHEADS),
) -> Iterator[Panel]:
    """A panel for each overhead, with a line for each group of rows that differ only in x.

    ``places`` are rows with their names, their x, and what their group has in common;
    ``conditions`` gives what else distinguishes groups. ``names`` are given names.
    """
    called = _called([group for _, _, _, group in places], names)
    for y_title in overheads:
        found: dict[tuple[str, ...], dict[Point, None]] = {}
        for name, row, x, group in places:
            if (value := OVERHEADS[y_title](row)) is not None:
                key = (called[_text(group)], *conditions(row, y_title))
                found.setdefault(key, {})[_point(name, row, x, value, y_title)] = None
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
            against = f"{_sentence(_bare(y_title))} against {title}"
            yield Panel(against, x_named, y_title, series, is_log, True)


def _text(group: Name | Spec) -> str:
    return group.spec if isinstance(group, Name) else str(group)


def _called(groups: Iterable[Name | Spec], names: Mapping[str, Label] | None) -> dict[str, str]:
    """What groups are called, by their specs: no two alike."""
    titles = {
        _text(one): str(one) if isinstance(one, Name) else spec_title(one, names) for one in groups
    }
    same = Counter(titles.values())
    return {spec: called if same[called] == 1 else spec for spec, called in titles.items()}


def _fronts(rows: Sequence[Row], named: Names) -> Iterator[Panel]:
    """Cost against cost, and error against cost, of all variants, with their Pareto fronts. Where
    one model is the best in both there is nothing to trade, and no panel."""
    costs = list(OVERHEADS)
    pairs: list[tuple[str, Read, str, Read]] = [(ERROR, _printed_error, GIGA_MACS, _macs)]
    pairs += [
        (error, read, x_title, x)
        for error, read in TRAINED_ERRORS.items()
        for x_title, x in ((GIGA_MACS, _macs), *((t, OVERHEADS[t]) for t in TRADED))
    ]
    pairs += [(y, OVERHEADS[y], costs[0], OVERHEADS[costs[0]]) for y in (costs[1], *TRADED)]
    for y_title, y, x_title, x in pairs:
        groups: dict[tuple[str, ...], dict[Point, None]] = {}
        for row in rows:
            if (across := x(row)) is not None and (up := y(row)) is not None:
                # An overhead is to the baseline; an error is compared across all networks.
                is_cost = y_title != ERROR and y_title not in TRAINED_ERRORS
                baseline = row.baseline_spec if row.baseline and is_cost else ""
                key = (baseline, *_conditions(row, y_title))
                points = groups.setdefault(key, {})
                points[_point(named(row.row.spec), row, across, up, y_title)] = None
        titles = _called([named(baseline) for baseline, *_ in groups], None)
        groups = {(titles[key[0]] if key[0] else "", *key[1:]): p for key, p in groups.items()}
        series: list[Series] = []
        for colour, (name, points) in enumerate(zip(_names(groups), groups.values(), strict=True)):
            front = pareto(points)
            if len(front) > 1:
                series.append(Series(name or "models", tuple(points), "points", colour))
                called = ", ".join(filter(None, ("Pareto front", name)))
                series.append(Series(called, front, "front", colour))
        if series:
            against = f"{_sentence(_bare(y_title))} against {_bare(x_title)}"
            yield Panel(against, x_title, y_title, tuple(series))


def _names(groups: Iterable[tuple[str, ...]]) -> list[str]:
    """The names of groups: those of their parts in which they differ."""
    groups = list(groups)
    telling = [len(set(parts)) > 1 for parts in zip(*groups, strict=True)]
    return [
        ", ".join(part for part, tells in zip(group, telling, strict=True) if tells and part)
        for group in groups
    ]


def _bare(title: str) -> str:
    return title.partition(" (")[0]


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _conditions(row: Row, y_title: str, apart_from: str = "") -> tuple[str, ...]:
    """Under what a row was measured, but for one of these conditions: rows under others are never
    in one line. Counts do not depend on how a row was timed."""
    runs = row.runs() if y_title in TRAINED_ERRORS else None
    timing = row.timing if y_title in OF_TIMES else None
    found = {
        "size": row.row.size,
        "classes": "" if row.row.num_classes is None else f"{row.row.num_classes} classes",
        "regime": str(runs.regime) if runs else "",
        **(_ways(timing) if timing else {}),
    }
    return tuple(text for name, text in found.items() if name != apart_from)


def _ways(record: Record) -> dict[str, str]:
    """How a row was timed."""
    assert record.timing
    facts, setup = record.environment, record.timing.setup
    return {
        "batch": f"batch {setup.batch}",
        "device": setup.device,
        "chip": chip(record),
        "how": modes(record),
        "threads": f"{facts.get('threads')} threads",
        "torch": f"torch {facts.get('torch')}",
    }


def _apart_from(name: str) -> Conditions:
    return partial(_conditions, apart_from=name)


def _macs(row: Row) -> float | None:
    macs: int | None = FIELDS["macs"].read(row)
    return None if macs is None else macs / 1e9


def _printed_error(row: Row) -> float | None:
    figure = FIELDS["top1_error"].read(row)
    return None if figure is None else float(figure.printed)


def _point(name: Name, row: Row, x: float, y: float, y_title: str) -> Point:
    """A row's point. If y is a count, warnings about times do not matter."""
    overhead = OF_TIMES[y_title](row) if y_title in OF_TIMES else None
    shown = row if overhead else replace(row, timing=None)
    said = overhead_text(overhead) if overhead else f"{y:.3g}"
    doubtful = shown.is_doubtful or bool(overhead and overhead.verdict == "undecided")
    mark = MARK if shown.is_doubtful else ""
    ratio = overhead.ratio if overhead else None
    ends = None if not ratio or ratio.low is None or ratio.high is None else (ratio.low, ratio.high)
    return Point(
        *(x, y, f"{name} at {row.row.size}{mark}: {said}", doubtful),
        ends and (100 * (ends[0] - 1), 100 * (ends[1] - 1)),
        str(name),
        bool(overhead) and not ends,
    )


def _without(spec: Spec, key: tuple[str, str]) -> Spec:
    """The spec without one option of one block."""
    block, name = key
    blocks = (
        replace(one, options=tuple(o for o in one.options if one.name != block or o[0] != name))
        for one in spec.blocks
    )
    return Spec(spec.backbone, tuple(blocks))
