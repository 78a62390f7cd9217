"""The report that compares two sets of records."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from srbench.conditions import PASSES
from srbench.errors import several
from srbench.records.compare import Differences, Pair
from srbench.records.counts import COMPARED, TITLES
from srbench.records.overhead import Overhead, overhead
from srbench.records.record import UNKNOWN
from srbench.records.results import where
from srbench.records.timing import Estimate, PassTiming, Timing
from srbench.report.columns import raw
from srbench.report.formats import Report
from srbench.report.look import PLAIN, Look
from srbench.report.names import Names, named_row
from srbench.report.notes import sections
from srbench.report.problems import problems, shortened
from srbench.report.table import Column, Hint, Table
from srbench.report.trained_twice import (
    TrainedTwice,
    trained_twice,
    trainings_notes,
    trainings_table,
)
from srbench.report.undecided_note import reaching, undecided

MEASURE_AGAIN = (
    "To decide, measure both again for longer: with a larger --time-budget, or more --rounds or "
    "--processes."
)


def differences_report(found: Differences, a: str, b: str, look: Look = PLAIN) -> Report:
    """Counts compared with counts, times with times; rows that only one set has are just named."""
    counts = [pair for pair in found.pairs if pair.before.counts and pair.after.counts]
    timed, trained = list(_timed(found.pairs)), trained_twice(found.pairs)
    notes = tuple(_notes(found, a, b, counts, timed, trained))
    tables = [
        *([_counts_table(counts)] if counts else []),
        *([_times_table(timed)] if timed else []),
        *([trainings_table(trained)] if trained else []),
    ] or [Table("compare", (Column("Model", "model"),), ())]
    tables[-1] = replace(tables[-1], notes=notes, brief=notes)
    tables = [_looking(table, look, number) for number, table in enumerate(tables)]
    rows = [_raw_counts(pair) for pair in counts] + [_raw_times(one) for one in timed]
    rows += [one.raw() for one in trained]
    header = tuple(dict.fromkeys(name for row in rows for name in row))
    full = [{name: row.get(name) for name in header} for row in rows]
    return Report(tuple(tables), header, full, full)


def _looking(table: Table, look: Look, number: int) -> Table:
    """A table with a look, and a label of its own."""
    label = f"{look.label}-{table.name}" if look.label and number else look.label
    return replace(
        table, look=replace(look, label=label), caption=look.caption or "A compared with B."
    )


def _counts_table(pairs: Sequence[Pair]) -> Table:
    named = Names(pair.before for pair in pairs)
    several = len({pair.before.row.size for pair in pairs}) > 1
    columns = [Column("Model", "model"), *([Column("Input", "name")] if several else [])]
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
        rows.append(
            (named(pair.before.spec), *size, *(v for m in COMPARED for v in _three(pair, m)))
        )
    return Table("counts", tuple(columns), tuple(rows), sections=_sections(pairs))


def _three(pair: Pair, metric: str) -> tuple[int, int, int]:
    old, new = getattr(pair.before.counts, metric), getattr(pair.after.counts, metric)
    return old, new, new - old


def _sections(pairs: Iterable[Pair]) -> frozenset[int]:
    return sections((pair.before.baseline, pair.before.row.size) for pair in pairs)


@dataclass(frozen=True)
class _Timed:
    """A pass that both sets have: one row of the table."""

    pair: Pair
    pass_name: str
    before: Timing
    after: Timing

    @cached_property
    def change(self) -> Overhead:
        """B's time over A's, judged by the coarser of the two precisions."""
        ratio = change(self.before.passes[self.pass_name], self.after.passes[self.pass_name])
        return Overhead(ratio, max(self.before.precision, self.after.precision))


def _timed(pairs: Iterable[Pair]) -> Iterator[_Timed]:
    """Every pass that both sets have."""
    for pair in pairs:
        if pair.before.timing and pair.after.timing:
            for pass_name in PASSES:
                if pass_name in pair.before.timing.passes and pass_name in pair.after.timing.passes:
                    yield _Timed(pair, pass_name, pair.before.timing, pair.after.timing)


def change(before: PassTiming, after: PassTiming) -> Estimate:
    """B's time over A's, computed over the units of each one's intervals."""
    from srbench import stats

    return stats.independent_ratio(after.units, before.units)


def _times_table(timed: Sequence[_Timed]) -> Table:
    columns: list[tuple[str, Hint]] = [
        *(("Model", "model"), ("Pass", "name"), ("Time A", "duration"), ("Time B", "duration")),
        *(("Change %", "overhead"), ("Overhead A %", "overhead"), ("Overhead B %", "overhead")),
    ]
    named = Names(one.pair.before for one in timed)
    ordered = sorted(timed, key=lambda one: PASSES.index(one.pass_name))
    return Table(
        "times",
        tuple(Column(title, hint, scale=hint) for title, hint in columns),
        tuple(
            (named_row(one.pair.before, named), one.pass_name, *_values(one).values())
            for one in ordered
        ),
        sections=sections((one.pass_name, one.pair.before.baseline) for one in ordered),
    )


def _raw_counts(pair: Pair) -> dict[str, Any]:
    found: dict[str, Any] = {"spec": pair.before.spec}
    for metric in COMPARED:
        names = (f"{metric}_a", f"{metric}_b", f"{metric}_delta")
        found |= dict(zip(names, _three(pair, metric), strict=True))
    return found | _where(pair)


def _values(one: _Timed) -> dict[str, Estimate | Overhead | None]:
    """The values in a row of times, by their names in CSV and JSON."""
    return {
        "s_a": one.before.passes[one.pass_name].seconds,
        "s_b": one.after.passes[one.pass_name].seconds,
        "change": one.change,
        "ratio_a": overhead(one.before, one.pass_name),
        "ratio_b": overhead(one.after, one.pass_name),
    }


def _raw_times(one: _Timed) -> dict[str, Any]:
    found: dict[str, Any] = {"spec": one.pair.before.spec, "pass": one.pass_name}
    for name, value in _values(one).items():
        found |= raw(name, "duration" if name.startswith("s_") else "overhead", value)
    return found | _where(one.pair)


def _where(pair: Pair) -> dict[str, Any]:
    return {"baseline": pair.before.baseline} | where(pair.before.row)


def _code(pairs: Sequence[Pair]) -> Iterator[str]:
    """Which rows were measured with different code, and for how many that is unknown."""
    codes = [(pair.after.spec, pair.before.fingerprint, pair.after.fingerprint) for pair in pairs]
    other = dict.fromkeys(spec for spec, a, b in codes if a != b and UNKNOWN not in (a, b))
    unknown = sum(UNKNOWN in (a, b) for _, a, b in codes)
    if other:
        yield f"The code differs between A and B: {shortened(list(other))}."
    if unknown:
        yield f"Whether the code is the same is unknown for {several(unknown, 'row')}."


def _notes(
    found: Differences,
    a: str,
    b: str,
    counted: Sequence[Pair],
    timed: Sequence[_Timed],
    trained: Sequence[TrainedTwice],
) -> Iterator[str]:
    shown = [*(["Δ"] if counted or trained else []), *(["change"] if timed else [])]
    verb = "are" if len(shown) > 1 else "is"
    said = f" The {' and the '.join(shown)} {verb} from A to B." if shown else ""
    yield f"A: {a}. B: {b}.{said}"
    yield from undecided([one.change for one in timed], "changes", MEASURE_AGAIN)
    for name, rows in (("A", found.only_before), ("B", found.only_after)):
        if rows:
            yield f"Only in {name}: {shortened([*map(str, rows)])}."
    yield from _code(found.pairs)
    for name, records in (("A", found.before), ("B", found.after)):
        yield from (f"{name}: {problem.removeprefix('* ')}" for problem in problems(records))
    if found.environment:
        yield f"Measured in different environments: {'; '.join(found.environment)}."
    else:
        yield "Measured with the same versions" + (" on the same machine." if timed else ".")
    if trained:
        yield from trainings_notes(trained)
    if timed:
        reach = reaching(one.change.precision for one in timed)
        in_a = reaching(one.before.precision for one in timed)
        in_b = reaching(one.after.precision for one in timed)
        apart = "" if in_a == in_b == reach else f", at {in_a} in A and {in_b} in B"
        yield (
            "Change: medians of two runs, with the 95 % interval of the Mann-Whitney test; none "
            f"if that contains 0 and reaches at most {reach} to either side of the estimate, "
            f"undecided if it reaches further, and overheads likewise{apart}. The change includes "
            "what the machine did between the runs; `srbench check --time` takes turns instead. "
            "Overheads are paired, each within its own run."
        )
