"""What other tools would print for the same networks, and what is in their totals."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from srbench.records.counts import Counts
from srbench.records.record import Record, RowKey
from srbench.records.tools import TOOLS, Tool
from srbench.report.look import Look
from srbench.report.names import Names
from srbench.report.table import Column, Table

PREFIX = "total_"  # of the columns of a CSV


def tools_tables(records: Sequence[Record], look: Look) -> list[Table]:
    """For each baseline with its variants a line for each tool: its total and what that is made of,
    and for variants how much more the tool would show."""
    groups: dict[RowKey, list[Record]] = {}
    for record in records:
        if record.counts and record.counts.conventions is not None:
            groups.setdefault(record.baseline_row, []).append(record)
    named = Names(records, look.names)
    return [
        _table(number, group, named, look) for number, group in enumerate(groups.values(), start=1)
    ]


def _table(number: int, group: Sequence[Record], named: Names, look: Look) -> Table:
    first, *others = sorted(group, key=lambda record: record.spec != record.baseline)
    before = _conventions(first)
    columns = [
        Column("Tool", "name"),
        Column(named(first.spec).title.plain, "integer"),
        Column("Made of", "name"),
        *(Column(f"Δ {named(one.spec).short.plain}", "delta") for one in others),
    ]
    rows = tuple(
        (
            *(tool.title, before.get(name), _made_of(tool, before.get(name), first.counted.macs)),
            *(_more(_conventions(one).get(name), before.get(name)) for one in others),
        )
        for name, tool in TOOLS.items()
    )
    name = "tools" if number == 1 else f"tools-{number}"
    notes = tuple(_notes(group))
    return Table(
        name,
        tuple(columns),
        rows,
        "The totals that other tools print, worked out from srbench's own count of each operator."
        + (" Δ: how much more the tool would show than for the baseline." if others else ""),
        notes,
        brief=notes,
        look=replace(look, label=look.label and f"{look.label}-{name}"),
    )


def _conventions(record: Record) -> Mapping[str, int]:
    return record.counted.conventions or {}


def _made_of(tool: Tool, total: int | None, macs: int) -> str | None:
    """A total in srbench's MACs: ``2 × MACs + 1,000``."""
    if total is None:
        return None
    times = "MACs" if tool.times == 1 else f"{tool.times} × MACs"
    rest = total - tool.times * macs
    return f"{times} {'+' if rest > 0 else '−'} {abs(rest):,}" if rest else times


def _more(total: int | None, before: int | None) -> int | None:
    return None if total is None or before is None else total - before


def _notes(records: Iterable[Record]) -> Iterator[str]:
    """What each tool counts, and which totals are not known."""
    for one in TOOLS.values():
        yield f"{one.title}: version {one.version}, {one.word}: {one.counts}."
    for record in records:
        known = _conventions(record)
        missing = [one.title for tool, one in TOOLS.items() if tool not in known]
        if missing:
            yield (
                f"{record.spec}: not known for {', '.join(missing)}, which count something in it "
                "by rules that srbench does not have."
            )


def flat_totals(counts: Counts | None) -> dict[str, Any]:
    """The columns of a CSV: each tool's total, None if it is not known."""
    known = (counts.conventions if counts else None) or {}
    return {f"{PREFIX}{tool.replace('-', '_')}": known.get(tool) for tool in TOOLS}
