"""Measure the missing rows of a table, or accept changes; records are written row by row."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from srbench.conditions import Plan, Setup
from srbench.errors import SrbenchError
from srbench.files import write_whole
from srbench.records import environment
from srbench.records.counts import has
from srbench.records.explain import differs, reasons, summary
from srbench.records.join import RowIndex
from srbench.records.record import UNKNOWN, Record, RowKey
from srbench.records.record_file import RecordFile
from srbench.runner.resume import Counter, time_missing
from srbench.spec.parse import parse
from srbench.tables.committed import Committed, machine_name, times_path, with_line_feeds

if TYPE_CHECKING:
    from srbench.measure.devices import Device
    from srbench.runner.training import Begin, TrainingPlan


@dataclass(frozen=True)
class Outdated:
    """A row whose record no longer matches its code, what differs, and what explains it."""

    row: RowKey
    summary: str
    reasons: tuple[str, ...]

    def __str__(self) -> str:
        return f"not shown, since its record does not match the current code: {self.summary}"


@dataclass(frozen=True)
class Filled:
    """A table with what was counted, timed and trained now, changes in words, and what failed.

    ``confirmed`` is how many were counted again, with the same figures.
    """

    table: Committed
    counted: tuple[Record, ...] = ()
    timed: tuple[Record, ...] = ()
    trained: tuple[Record, ...] = ()
    changes: tuple[str, ...] = ()
    failures: tuple[Record, ...] = ()
    outdated: tuple[Outdated, ...] = ()
    confirmed: int = 0

    @property
    def is_true(self) -> bool:
        """Whether every record is known to match the current code."""
        known = {record.row for record in self.table.records if record.counts}
        return not self.outdated and known.isdisjoint(self._failed)

    @property
    def _failed(self) -> dict[RowKey, Record]:
        counts = (record for record in self.failures if record.kind == "counted")
        return {record.row: record for record in counts}

    def displayed(self) -> Committed:
        """The table as it may be shown: rows that no longer match the code have no figures."""
        withheld, outdated = dict(self._failed), {one.row: one for one in self.outdated}
        for record in self.table.records:
            if record.counts and (why := outdated.get(record.row)):
                withheld[record.row] = replace(
                    record, counts=None, settings={}, status=f"skipped: {why}"
                )
        kept = [r for r in self.table.records if r.row not in withheld or r.published]
        return self.table.with_records((*kept, *withheld.values())).without_times(withheld)


def fill(table: Committed, count: Counter) -> Filled:
    """Count the rows that have no record, or one of other code; each is saved once it is counted.

    If the code differs and the figures are the same, the record gets the new code's fingerprint.
    If the figures differ, the record stays as it is; `update` accepts the change.
    Raises SrbenchError for a folder that cannot be written.
    """
    file = RecordFile(table.loaded.path)
    join = RowIndex(table.records)
    counted, changes, failures, outdated, confirmed = [], [], [], [], 0
    for row in table.rows:
        before = join(row).counts
        if count.is_current(before, table.needs):
            continue
        file.require_writable()
        now = count(row, table.needs)
        if now.status != "ok":
            failures.append(now)
        elif before is None or before.counts is None:
            file.put(now)
            counted.append(now)
            changes.append(f"{row}: counted")
        elif differs(before, now):
            told = summary(before, now), tuple(reasons(before, now))
            outdated.append(Outdated(row, *told))
        else:
            file.put(_confirmed(before, now, table.needs))
            changes.append(
                f"{row}: {_of_other_code(before, now, table.needs)}; the figures are the same"
            )
            confirmed += 1
    return Filled(
        _in_order(table, file),
        tuple(counted),
        changes=tuple(changes),
        failures=tuple(failures),
        outdated=tuple(outdated),
        confirmed=confirmed,
    )


def update(table: Committed, count: Counter, reason: str) -> Filled:
    """Count every row anew, and keep ``reason`` with each that has changed.

    Rows that the layout does not name are dropped. Unchanged records stay as they are, except for
    the fingerprint of their code.
    """
    file = RecordFile(table.loaded.path)
    file.require_writable()
    join = RowIndex(table.records)
    counted, changes, failures, confirmed = [], [], [], 0
    for row in table.rows:
        before, now = join(row).counts, count(row, table.needs)
        if now.status != "ok":
            failures.append(now)
        elif before is None or differs(before, now):
            changes.append(f"{row}: {summary(before, now) if before else 'counted'}")
            counted.append(replace(now, reason=reason))
            file.put(counted[-1])
        else:
            file.put(_confirmed(before, now, table.needs))
            confirmed += 1
    kept = {*table.rows}
    changes += [f"{r.row}: dropped" for r in table.records if not _belongs(r, kept)]
    filled = _in_order(table, file, lambda record: _belongs(record, kept))
    return Filled(
        filled,
        tuple(counted),
        changes=tuple(changes),
        failures=tuple(failures),
        confirmed=confirmed,
    )


def write_renderings(table: Committed) -> list[str]:
    """Write those files made from the records that have changed; returns their names.

    A file that differs only in CRLF is left as it is.
    """
    written = []
    for path, content in table.renderings():
        if not path.is_file() or with_line_feeds(path.read_bytes()) != content.encode():
            write_whole(path, content)
            written.append(path.name)
    return written


def time_rows(
    filled: Filled,
    count: Counter,
    device: "Device",
    setup: Setup,
    plan: Plan,
    say: Callable[[str, str], object],
) -> Filled:
    """Time the rows whose code has no times on this machine; its file has one setup for all
    rows."""
    table = filled.table
    facts = environment.facts() | device.facts
    machine = machine_name(str(facts.get("gpu") or facts.get("cpu") or "unknown"))
    file = RecordFile(times_path(table.folder, table.name, machine), lambda record: record.row)
    fingerprints = {row: count.fingerprint(row) for row in table.rows}
    timed = tuple(time_missing(fingerprints, file, device, setup, plan, say))
    return replace(
        filled,
        table=table.with_times(machine, _ordered(table.rows, file.records)),
        timed=timed,
        failures=(*filled.failures, *(record for record in timed if record.status != "ok")),
    )


def train_rows(filled: Filled, plan: "TrainingPlan", begin: "Begin") -> Filled:
    """Train the rows whose code has no run of the plan yet; each run is saved once it has ended.

    Raises SrbenchError if the data have other images or classes than the table's rows.
    """
    from srbench.runner import training  # loads torch

    table, data = filled.table, plan.open()
    specs = [parse(row.spec) for row in table.rows]
    if others := [case.key for case in training.cases(specs, data) if case.key not in table.rows]:
        raise SrbenchError(
            f"{table.name} has no row {others[0]}, which is what {plan.data} needs",
            f"give all rows its input_size, {data.size[1]}, and num_classes, {data.num_classes}",
        )
    file = RecordFile(table.loaded.path)
    known = {record.key for record in file.records}
    runs = list(training.run(specs, plan, file, begin, data))
    return replace(
        filled,
        table=_in_order(table, file),
        trained=tuple(record for record in runs if record.key not in known),
        failures=(*filled.failures, *(record for record in runs if record.status != "ok")),
    )


def _confirmed(before: Record, now: Record, needs: Iterable[str]) -> Record:
    """A record that still holds, marked as one of the current code and counter."""
    if _counter(before) != _counter(now) or not has(before.counts, needs):
        return replace(now, reason=before.reason)
    return replace(before, fingerprint=now.fingerprint, parts=now.parts, usual=now.usual)


def _of_other_code(before: Record, now: Record, needs: Iterable[str]) -> str:
    if before.fingerprint == UNKNOWN:
        return "its record was made by unknown code"
    if _counter(before) != _counter(now):
        return f"its MACs were counted by {_counter(before)}"
    if not has(before.counts, needs):
        return "its record lacks what a column shows"
    return "its record was made by other code"


def _counter(record: Record) -> str:
    return record.counts.counter if record.counts else ""


def _belongs(record: Record, rows: Iterable[RowKey]) -> bool:
    """Whether a table with those rows has a place for a record."""
    return record.published is not None or (record.row in rows and record.timing is None)


def _in_order(
    table: Committed, file: RecordFile, keep: Callable[[Record], bool] = lambda record: True
) -> Committed:
    """The records in the layout's order, published ones first; the file gets the same order."""
    file.arrange(partial(_arranged, table.rows, keep))
    return table.with_records(file.records)


def _arranged(
    rows: Sequence[RowKey], keep: Callable[[Record], bool], records: Iterable[Record]
) -> list[Record]:
    kept = [record for record in records if keep(record)]
    published = [record for record in kept if record.published]
    return [*published, *_ordered(rows, (record for record in kept if not record.published))]


def _ordered(rows: Sequence[RowKey], records: Iterable[Record]) -> list[Record]:
    """In the order of the rows, trainings after counts, and records of other rows at the end."""
    place = {row: number for number, row in enumerate(rows)}

    def order(record: Record) -> tuple[float, ...]:
        run = record.training.key if record.training else None
        of_run = (1.0, -run.regime.share, run.seed) if run else (0.0,)
        return place.get(record.row, len(place)), *of_run

    return sorted(records, key=order)
