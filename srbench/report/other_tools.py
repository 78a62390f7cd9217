"""What other tools would print for the same networks, and what is in their totals."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from srbench.records.join import RowIndex
from srbench.records.record import Record
from srbench.records.tools import TOOLS
from srbench.report.look import Look
from srbench.report.names import Names
from srbench.report.notes import sections
from srbench.report.table import Column, Table

PREFIX = "total_"  # of the columns of a CSV


def tools_table(records: Sequence[Record], look: Look) -> Table:
    """A line for each tool and model: its total, what it adds to srbench's MACs, and its difference
    to the baseline."""
    named, index = Names(records, look.names), RowIndex(records)
    rows = []
    for record in records:
        if record.counts is None or record.counts.conventions is None:
            continue
        baseline = index(record.row).baseline
        before = baseline.counts.conventions if baseline and baseline.counts else None
        for tool, one in TOOLS.items():
            total = record.counts.conventions.get(tool)
            beside = None if total is None else total - record.counts.macs
            change = _change(total, (before or {}).get(tool), record, baseline)
            rows.append((named(record.spec), one.title, total, beside, change))
    has_change = any(row[-1] is not None for row in rows)
    columns = (
        Column("Model", "model"),
        Column("Tool", "name"),
        Column("Total", "integer"),
        Column("Beside MACs", "delta"),
        *([Column("Δ", "delta")] if has_change else []),
    )
    return Table(
        "tools",
        columns,
        tuple(row[: len(columns)] for row in rows),
        "The totals that other tools print for these networks, worked out from srbench's own count "
        "of each operator, and how much they lie above its MACs."
        + (" Δ: difference from the row's baseline, as the tool would show it." * has_change),
        tuple(_notes(records)),
        sections=sections(row[0] for row in rows),
        look=replace(look, label=look.label and f"{look.label}-tools"),
    )


def _change(
    total: int | None, before: int | None, record: Record, baseline: Record | None
) -> int | None:
    is_variant = baseline is not None and baseline.spec != record.spec
    return total - before if is_variant and total is not None and before is not None else None


def _notes(records: Iterable[Record]) -> Iterator[str]:
    """What each tool counts, and which totals are not known."""
    for one in TOOLS.values():
        yield f"{one.title}: version {one.version}, {one.word}: {one.counts}."
    for record in records:
        known = record.counts.conventions if record.counts else None
        missing = [one.title for tool, one in TOOLS.items() if known and tool not in known]
        if missing:
            yield (
                f"{record.spec}: not known for {', '.join(missing)}, which count something in it "
                "by rules that srbench does not have."
            )


def flat_totals(record: Record) -> dict[str, Any]:
    """The columns of a CSV: each tool's total, None if it is not known."""
    known = (record.counts.conventions if record.counts else None) or {}
    return {f"{PREFIX}{tool.replace('-', '_')}": known.get(tool) for tool in TOOLS}
