"""Measuring what a table lacks, and accepting what has changed; written row by row."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from srbench import store
from srbench.conditions import Plan, Setup
from srbench.environment import fingerprint
from srbench.files import require_writable, write_whole
from srbench.filing import RecordFile
from srbench.gate.committed import Committed, machine_name, times_path, with_line_feeds
from srbench.gate.explain import differs, summary
from srbench.records import Record, Row
from srbench.rows import Join
from srbench.runner.missing import Count, time_missing

if TYPE_CHECKING:
    from srbench.measure.devices import Device


@dataclass(frozen=True)
class Filled:
    """A table with what was measured, a line for every change, and the rows that failed."""

    table: Committed
    changes: tuple[str, ...] = ()
    failures: tuple[Record, ...] = ()


def fill(table: Committed, count: Count) -> Filled:
    """Count the rows that have no record; each is kept as soon as it is counted.

    Raises SrbenchError for a row that cannot be built, or a folder that cannot be written.
    """
    join = Join(table.records)
    missing = [row for row in _rows(table) if join(row).counts is None]
    if missing:
        require_writable(table.loaded.path)
    records, failures = list(table.records), []
    for row in missing:
        record = count(row)
        if record.status != "ok":
            failures.append(record)
            continue
        store.append(table.loaded.path, record)
        records.append(record)
    failed = {record.row for record in failures}
    changes = tuple(f"{row}: counted" for row in missing if row not in failed)
    return Filled(_in_order(table, records), changes, tuple(failures))


def update(table: Committed, count: Count, reason: str) -> Filled:
    """Count every row anew, and keep ``reason`` with each that has changed.

    Rows that the layout does not name are dropped. What has not changed stays to the letter.
    """
    require_writable(table.loaded.path)
    join = Join(table.records)
    records = [record for record in table.records if record.published]
    changes, failures = [], []
    for row in _rows(table):
        before, now = join(row).counts, count(row)
        if now.status != "ok":
            failures.append(now)
            records += [before] if before else []
        elif before is None or differs(before, now):
            changes.append(f"{row}: {summary(before, now) if before else 'counted'}")
            records.append(replace(now, reason=reason))
        else:
            records.append(before)
    kept = {record.key for record in records}
    changes += [f"{r.row}: dropped" for r in table.records if r.key not in kept]
    return Filled(_in_order(table, records), tuple(changes), tuple(failures))


def write_renderings(table: Committed) -> list[str]:
    """Write what has changed of the files made from the records; returns their names.

    A file that differs in CRLF alone is left as it is.
    """
    written = []
    for path, content in table.renderings():
        if not path.is_file() or with_line_feeds(path.read_bytes()) != content.encode():
            write_whole(path, content)
            written.append(path.name)
    return written


def time_rows(
    table: Committed, device: "Device", setup: Setup, plan: Plan, say: Callable[[str, str], object]
) -> tuple[Committed, bool]:
    """Time the rows that have no times on this machine; its file has one way of running them.

    Returns the table with the times, and whether any were taken now.
    """
    facts = fingerprint() | device.facts
    machine = machine_name(str(facts.get("gpu") or facts.get("cpu") or "unknown"))
    file = RecordFile(times_path(table.folder, table.name, machine), lambda record: record.row)
    before = file.records
    time_missing(_rows(table), file, device, setup, plan, say)
    timed = table.with_times(machine, _ordered(_rows(table), file.records))
    return timed, file.records != before


def _rows(table: Committed) -> list[Row]:
    return list(dict.fromkeys(wanted.row for wanted in table.wanted))


def _in_order(table: Committed, records: Sequence[Record]) -> Committed:
    """The records as the layout orders them, published ones first, and so in the file."""
    published = [record for record in records if record.published]
    counted = _ordered(_rows(table), (record for record in records if not record.published))
    ordered = (*published, *counted)
    if ordered != table.records or len(ordered) != len(table.loaded.lines):
        store.write(table.loaded.path, ordered)
    return table.with_records(ordered)


def _ordered(rows: Sequence[Row], records: Iterable[Record]) -> list[Record]:
    """As the rows are, and what is of none of them behind."""
    place = {row: number for number, row in enumerate(rows)}
    return sorted(records, key=lambda record: place.get(record.row, len(place)))
