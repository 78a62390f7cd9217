"""The report of two sets of records beside each other."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from srbench.conditions import PASSES
from srbench.differences import Differences, Pair
from srbench.records import UNKNOWN, Estimate, PassTiming
from srbench.report.columns import TITLES, raw
from srbench.report.formats import Report
from srbench.report.notes import problems, sections
from srbench.report.table import Column, Hint, Table
from srbench.results import COMPARED

SHOWN = 6  # rows of one side only; the rest are counted


def differences_report(found: Differences, a: str, b: str) -> Report:
    """Counts beside counts, times beside times; nothing about what only one of them has but its
    name."""
    counts = [pair for pair in found.pairs if pair.before.counts and pair.after.counts]
    timed = list(_timed(found.pairs))
    notes = tuple(_notes(found, a, b, bool(timed)))
    tables = [
        *([_counts_table(counts)] if counts else []),
        *([_times_table(timed)] if timed else []),
    ] or [Table("compare", (Column("Model", "name"),), ())]
    tables[-1] = Table(**(tables[-1].__dict__ | {"notes": notes}))
    rows = [_raw_counts(pair) for pair in counts] + [_raw_times(*one) for one in timed]
    header = tuple(dict.fromkeys(name for row in rows for name in row))
    full = [{name: row.get(name) for name in header} for row in rows]
    return Report(tuple(tables), header, full, full)


def _counts_table(pairs: Sequence[Pair]) -> Table:
    several = len({pair.before.input for pair in pairs}) > 1
    columns = [Column("Model", "name"), *([Column("Input", "name")] if several else [])]
    for metric in COMPARED:
        title = TITLES[metric]
        columns += [
            Column(f"{title} A", "count", title, scale=metric),
            Column("B", "count", title, scale=metric),
            Column("Δ", "delta", title),
        ]
    rows = []
    for pair in pairs:
        size = [pair.before.row.size] if several else []
        rows.append((pair.before.spec, *size, *(v for m in COMPARED for v in _three(pair, m))))
    return Table("counts", tuple(columns), tuple(rows), sections=_sections(pairs))


def _three(pair: Pair, metric: str) -> tuple[int, int, int]:
    old, new = getattr(pair.before.counts, metric), getattr(pair.after.counts, metric)
    return old, new, new - old


def _sections(pairs: Iterable[Pair]) -> frozenset[int]:
    return sections((pair.before.baseline, pair.before.input) for pair in pairs)


_Timed = tuple[Pair, str, PassTiming, PassTiming]


def _timed(pairs: Iterable[Pair]) -> Iterator[_Timed]:
    """Every pass that both have."""
    for pair in pairs:
        if pair.before.timing and pair.after.timing:
            old, new = pair.before.timing.passes, pair.after.timing.passes
            for what in PASSES:
                if what in old and what in new:
                    yield pair, what, old[what], new[what]


def change(before: PassTiming, after: PassTiming) -> Estimate:
    """B's time over A's: over processes where there are several in both, else over rounds."""
    from srbench import stats

    if len(before.samples) > 1 and len(after.samples) > 1:
        old, new = ([stats.median(s).value for s in p.samples if s] for p in (before, after))
    else:
        old, new = ([x for s in p.samples for x in s] for p in (before, after))
    return stats.independent_ratio(new, old)


def _times_table(timed: Sequence[_Timed]) -> Table:
    columns: list[tuple[str, Hint]] = [
        *(("Model", "name"), ("Pass", "name"), ("Time A", "duration"), ("Time B", "duration")),
        *(("Change %", "change"), ("Overhead A %", "overhead"), ("Overhead B %", "overhead")),
    ]
    ordered = sorted(timed, key=lambda one: PASSES.index(one[1]))
    rows = tuple(
        (_name(pair), what, a.seconds, b.seconds, change(a, b), a.ratio, b.ratio)
        for pair, what, a, b in ordered
    )
    return Table(
        "times",
        tuple(Column(title, hint, scale=hint) for title, hint in columns),
        rows,
        sections=sections((what, pair.before.baseline) for pair, what, *_ in ordered),
    )


def _name(pair: Pair) -> str:
    timing = pair.before.timing
    return pair.before.spec + (" (again)" if timing and timing.role == "aa" else "")


def _raw_counts(pair: Pair) -> dict[str, Any]:
    found: dict[str, Any] = {"spec": pair.before.spec}
    for metric in COMPARED:
        names = (f"{metric}_a", f"{metric}_b", f"{metric}_delta")
        found |= dict(zip(names, _three(pair, metric), strict=True))
    return found | _where(pair)


def _raw_times(pair: Pair, what: str, a: PassTiming, b: PassTiming) -> dict[str, Any]:
    return (
        {"spec": pair.before.spec, "pass": what}
        | raw("s_a", "duration", a.seconds)
        | raw("s_b", "duration", b.seconds)
        | raw("change", "overhead", change(a, b))
        | raw("ratio_a", "overhead", a.ratio)
        | raw("ratio_b", "overhead", b.ratio)
        | _where(pair)
    )


def _where(pair: Pair) -> dict[str, Any]:
    _, height, width = pair.before.input
    return {
        "baseline": pair.before.baseline,
        "input_height": height,
        "input_width": width,
        "num_classes": pair.before.num_classes,
    }


def _code(pairs: Sequence[Pair]) -> Iterator[str]:
    """Of which rows other code was measured, and of how many that cannot be told."""
    codes = [(pair.after.spec, pair.before.fingerprint, pair.after.fingerprint) for pair in pairs]
    other = dict.fromkeys(spec for spec, a, b in codes if a != b and UNKNOWN not in (a, b))
    unknown = sum(UNKNOWN in (a, b) for _, a, b in codes)
    if other:
        yield f"Other code was measured in A than in B: {_some(list(other))}."
    if unknown:
        yield f"Whether the code is the same is unknown of {unknown} rows."


def _some(names: Sequence[object]) -> str:
    more = f", and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(map(str, names[:SHOWN])) + more


def _notes(found: Differences, a: str, b: str, timed: bool) -> Iterator[str]:
    yield f"A: {a}. B: {b}. Δ and change are from A to B."
    for name, rows in (("A", found.only_before), ("B", found.only_after)):
        if rows:
            yield f"Only in {name}: {_some(rows)}."
    yield from _code(found.pairs)
    for name, records in (("A", found.before), ("B", found.after)):
        yield from (f"{name}: {problem.removeprefix('* ')}" for problem in problems(records))
    if found.environment:
        yield f"Measured with other things: {'; '.join(found.environment)}."
    else:
        yield "Measured with the same versions" + (" on the same machine." if timed else ".")
    if timed:
        yield (
            "Change: medians of two runs, with the 95 % interval of the Mann-Whitney test; n.s. "
            "where it contains 0. What the machine did between the runs is in it: `srbench check "
            "--time` takes turns. Overheads are paired, each in its own run."
        )
