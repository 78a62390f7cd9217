"""Are the committed counts still correct? Every row is counted again and compared exactly."""

from collections.abc import Iterator
from typing import Any

from srbench.check.findings import ACCEPT, Finding
from srbench.errors import SpecError
from srbench.records.counts import OPTIONAL, has
from srbench.records.explain import differs, reasons, summary
from srbench.records.join import RowIndex
from srbench.records.record import Record, RowKey
from srbench.runner.resume import Counter
from srbench.spec.parse import parse
from srbench.tables.committed import Committed

LACKS = "has a record without what a column shows"


def check_counts(table: Committed, count: Counter) -> Iterator[Finding]:
    """A finding for every row that is missing, unexpected, or differs from what is counted now."""
    join = RowIndex(table.records)
    needed = {*table.uncounted}
    for row in table.rows:
        found = join(row).counts
        if found is None:
            yield from _missing(table.name, row, row in needed)
            continue
        where: dict[str, Any] = {"file": table.loaded.path, "line": table.loaded.line(found)}
        if row in needed:
            remedy = f"srbench table {table.name}"
            yield Finding("missing", table.name, LACKS, (), remedy, str(row), **where)
            continue
        yield from _check_row(table.name, found, count, where)
    yield from _extra(table)


def _missing(table: str, row: RowKey, is_needed: bool) -> Iterator[Finding]:
    """A finding for a row without counts: its spec is unknown to this version, or its counts are
    needed and missing."""
    try:
        parse(row.spec)
    except SpecError as error:
        yield Finding(
            "failed", table, error.message, (), f"{error.hint}; or update srbench", str(row)
        )
    else:
        if is_needed:
            yield Finding("missing", table, "has no record", (), f"srbench table {table}", str(row))


def _check_row(
    table: str, found: Record, count: Counter, where: dict[str, Any]
) -> Iterator[Finding]:
    now = count(found.row, [name for name in OPTIONAL if has(found.counts, [name])])
    if now.counts is None:
        yield Finding("failed", table, now.status, row=str(found.row), **where)
    elif differs(found, now):
        message = summary(found, now)
        remedy = ACCEPT.format(table=table)
        details = tuple(reasons(found, now))
        yield Finding("changed", table, message, details, remedy, str(found.row), **where)


def _extra(table: Committed) -> Iterator[Finding]:
    wanted = {wanted.row for wanted in table.wanted}
    for record in table.records:
        if record.timing or (record.row not in wanted and not record.published):
            yield Finding(
                "extra",
                table.name,
                "has times, which belong in a separate file for each machine"
                if record.timing
                else "is in the records but not in the layout",
                (),
                ACCEPT.format(table=table.name),
                str(record.row),
                table.loaded.path,
                table.loaded.line(record),
            )
