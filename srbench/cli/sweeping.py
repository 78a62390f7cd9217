"""Measures a grid as far as a file of records lacks it, and shows and draws it."""

import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field, replace
from pathlib import Path

from srbench.cli.messages import tell
from srbench.cli.output import Output, destination, require_beside
from srbench.cli.progress import progress
from srbench.cli.values import listed, whole_numbers
from srbench.conditions import Plan, Setup
from srbench.errors import ROWS_FAILED, SpecError, SrbenchError
from srbench.files import exists
from srbench.records.join import Joined, joined
from srbench.records.record import UNKNOWN, Key, Record, Row
from srbench.records.record_file import RecordFile
from srbench.report.formats import Report
from srbench.report.origin import origin
from srbench.report.overview import rows_report
from srbench.report.plots.matplotlib import plot_panels, require_picture
from srbench.report.plots.panels import panels
from srbench.report.problems import failures
from srbench.runner.resume import Counter, comparisons, time_missing
from srbench.spec.cases import cases
from srbench.spec.grid import grid
from srbench.spec.parse import Spec


def sweep_and_show(
    spec: str,
    named: Mapping[str, str],
    vary: Sequence[str],
    *,
    sizes: str | None,
    batches: str | None,
    num_classes: int | None,
    device: str | None,
    time_budget: float,
    seed: int,
    records: Path,
    plot: Path | None,
    output: Output,
) -> int:
    """The whole of ``srbench sweep``; returns the exit code."""
    if plot:
        require_picture(plot)
    if batches and not device:
        raise SrbenchError("--batch-size is for times", "give --device as well")
    specs = grid(spec, _varied(named, vary))
    rows = _rows(specs, sizes, num_classes)
    batch_sizes = whole_numbers("--batch-size", batches)
    plan = Plan(time_budget=time_budget)
    for batch in batch_sizes:
        Setup(batch=batch)  # raises SrbenchError where it is out of range
    if device:
        _require_device(device)
    if exists(records.with_suffix(".toml")):
        raise SrbenchError(f"{records} belongs to a table", "name another file with --records")
    target = destination(output, reads=[records])
    if plot:
        require_beside(output, [plot], reads=[records])
    file = RecordFile(records)
    file.require_writable()
    if file.cut_short:
        tell(f"line {file.cut_short} of {records} was cut short: dropped")
    done = _Done(file)

    def report() -> Report | None:
        return _report(f"A sweep of {spec}.", _shown(rows, done, batch_sizes), done)

    with target.keeping(report):
        _count(rows, done)
        if device and done.counts:
            _time(done, device, batch_sizes or [None], plan, seed)
    file.restore()
    found = report()
    if found:
        target.write(found)
    failed = {record.key for record in done.failures}
    for failure in failures(found.records if found else done.failures, failed):
        tell(f"error: {failure}")
    if plot and found:
        plot_panels(panels(_shown(rows, done, batch_sizes)), plot)
    return ROWS_FAILED if done.failures else 0


@dataclass
class _Done:
    """How far a sweep is: the counts that are of the code as it is now, by row, what was measured
    now, and the rows that failed."""

    file: RecordFile
    counts: dict[Row, Record] = field(default_factory=dict)
    measured: set[Key] = field(default_factory=set)
    failures: list[Record] = field(default_factory=list)


def _count(rows: Sequence[Row], done: _Done) -> None:
    """Count the rows that are not there yet, or not of the code as it is now."""
    with progress(len(rows)) as begin, redirect_stdout(sys.stderr):
        count = Counter(detailed=False)
        for number, row in enumerate(rows):
            begin(number, str(row))
            done.file.refresh()
            known = done.file.find(Key(row, None, None, None))
            if known and count.is_current(known):
                done.counts[row] = known
                continue
            record = count(row)
            if record.status != "ok":
                done.failures.append(record)
                continue
            done.file.put(record)
            done.measured.add(record.key)
            done.counts[row] = record


def _require_device(name: str) -> None:
    """Raises SrbenchError where it is not there, before anything is counted."""
    from srbench.measure.devices import resolve_one  # loads torch

    resolve_one(name)


def _time(done: _Done, device: str, batches: Sequence[int | None], plan: Plan, seed: int) -> None:
    """Time the rows that were counted, one batch size after the other."""
    groups = list(comparisons(done.counts))
    with progress(len(groups) * len(batches)) as begin, redirect_stdout(sys.stderr):
        from srbench.measure.devices import opened, resolve_one  # loads torch
        from srbench.runner.timing import setup_for

        with opened(resolve_one(device)) as ready:
            for number, batch in enumerate(batches):
                setup = setup_for(ready, batch, None, False, seed=seed)
                for place, group in enumerate(groups):
                    begin(number * len(groups) + place, f"timing {group[0]}")
                    fingerprints = {row: done.counts[row].fingerprint for row in group}
                    for record in time_missing(
                        fingerprints, done.file, ready, setup, plan, lambda who, what: None
                    ):
                        done.measured.add(record.key)
                        if record.status != "ok":
                            done.failures.append(record)


def _report(caption: str, shown: Sequence[Joined], done: _Done) -> Report | None:
    """The rows, and on stderr where they are from; None where there are none."""
    made = rows_report("sweep", shown, caption)
    taken = {record.key for record in made.records} - done.measured
    said = origin(made.records, taken)
    where = f"{len(done.counts)} rows of this sweep are in {done.file.path}"
    tell(f"{where}: {said}" if said else where)
    return replace(made, taken=taken) if shown else None


def _shown(rows: Sequence[Row], done: _Done, batches: Sequence[int]) -> list[Joined]:
    """The rows of this sweep, of all that the file holds: counts and times of today's code."""
    times = [
        record
        for record in done.file.records
        if record.timing and (record.fingerprint != UNKNOWN or record.key in done.measured)
    ]
    failed = [record for record in done.failures if not record.timing]
    wanted = done.counts.keys() | {record.row for record in failed}
    records = [*done.counts.values(), *failed, *(r for r in times if r.row in wanted)]
    if batches:
        records = [r for r in records if not r.timing or r.timing.setup.batch in batches]
    order = {row: number for number, row in enumerate(rows)}
    return sorted(joined(records), key=lambda one: order[one.row])


def _rows(specs: Sequence[Spec], sizes: str | None, num_classes: int | None) -> list[Row]:
    """Every baseline with its variants, for one input size after the other."""
    each: Sequence[str | None] = listed("--input-size", sizes) or [None]
    return [
        case.row
        for size in each
        for case in cases(specs, (), (), size=size, num_classes=num_classes)
    ]


def _varied(named: Mapping[str, str], vary: Sequence[str]) -> dict[str, list[str]]:
    """The values by option, those of ``--vary KEY=A,B`` among them."""
    found = {name: listed(f"--{name}", values) for name, values in named.items()}
    for text in vary:
        key, equals, values = text.partition("=")
        if not (key and equals):
            raise SpecError(f"--vary {text} is not KEY=A,B", "write --vary sr.hidden=32,64")
        if key in found:
            raise SpecError(f"{key} is varied twice", "give all its values at once")
        found[key] = listed(f"--vary {key}", values)
    return found
