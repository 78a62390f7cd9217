"""Measures a grid as far as a file of records lacks it, and shows and draws it."""

import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path

from srbench.cli.messages import tell
from srbench.cli.output import Format, destination, require_apart, reserved
from srbench.cli.progress import progress
from srbench.comparison import cases
from srbench.conditions import Plan
from srbench.environment import VERSIONS, versions
from srbench.errors import ROWS_FAILED, SpecError, SrbenchError
from srbench.filing import RecordFile
from srbench.grid import grid
from srbench.records import Row
from srbench.report.joined import rows_report
from srbench.report.plots import plot_panels, require_picture
from srbench.report.series import panels
from srbench.rows import Joined, joined
from srbench.runner.missing import Counter, comparisons, same_environment, time_missing
from srbench.spec import Spec


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
    form: Format | None,
    output: Path | None,
) -> int:
    """The whole of ``srbench sweep``; returns the exit code."""
    if plot:
        require_picture(plot)
    if batches and not device:
        raise SrbenchError("--batch-size is for times", "give --device as well")
    specs = grid(spec, _varied(named, vary))
    rows = _rows(specs, sizes, num_classes)
    batch_sizes = (
        [_whole("--batch-size", b) for b in _listed("--batch-size", batches)] if batches else []
    )
    plan = Plan(time_budget=time_budget)
    if records.with_suffix(".toml").exists():
        raise SrbenchError(f"{records} belongs to a table", "name another file with --records")
    require_apart(output, [records])
    require_apart(plot, [records, *([output] if output else [])])
    file = RecordFile(records)
    file.require_writable()
    if file.cut_short:
        tell(f"line {file.cut_short} of {records} was cut short: dropped")
    failures: list[str] = []
    interrupted = False
    with destination(output, form) as target, reserved(plot):
        try:
            _count(rows, file, failures)
            if device and len(failures) < len(rows):
                _time(rows, file, device, batch_sizes or [None], plan, seed)
        except KeyboardInterrupt:
            interrupted = True
        found = _shown(rows, file, batch_sizes)
        if found:
            report = rows_report("sweep", found, f"A sweep of {spec}.")
            target.write(report, partial=interrupted)
        tell(f"{len(found)} rows of this sweep are in {records}")
        if interrupted:
            raise KeyboardInterrupt
        if plot:
            plot_panels(panels(found), plot)
    for failure in failures:
        tell(f"error: {failure}")
    return ROWS_FAILED if failures else 0


def _count(rows: Sequence[Row], file: RecordFile, failures: list[str]) -> None:
    """Count the rows that are not there yet, with these versions."""
    facts = versions()
    there = {r.row for r in file.records if r.counts and same_environment(r, facts, VERSIONS)}
    missing = [row for row in rows if row not in there]
    with progress(len(missing)) as begin, redirect_stdout(sys.stderr):
        count = Counter(detailed=False)
        for done, row in enumerate(missing):
            begin(done, str(row))
            try:
                record = count(row)
            except SrbenchError as error:  # this row's, and the others stand
                failures.append(f"{row}: {error}")
                continue
            if record.status != "ok":
                failures.append(f"{row}: {record.status}")
            else:
                file.put(record)


def _time(
    rows: Sequence[Row],
    file: RecordFile,
    device: str,
    batches: Sequence[int | None],
    plan: Plan,
    seed: int,
) -> None:
    """Time the rows that were counted, one batch size after the other."""
    counted = {record.row for record in file.records if record.counts}
    ready = [row for row in rows if row in counted]
    groups = len(list(comparisons(ready))) * len(batches)
    with progress(groups) as begin, redirect_stdout(sys.stderr):
        from srbench.measure.devices import opened, resolve_one  # loads torch
        from srbench.runner.timing import setup_for

        with opened(resolve_one(device)) as found:
            done = 0
            for batch in batches:
                setup = setup_for(found, batch, None, False, seed=seed)
                for group in comparisons(ready):
                    begin(done, f"timing {group[0]}")
                    time_missing(group, file, found, setup, plan, lambda who, what: None)
                    done += 1


def _shown(rows: Sequence[Row], file: RecordFile, batches: Sequence[int]) -> list[Joined]:
    """The rows of this sweep, of all that the file holds."""
    wanted = set(rows)
    records = [record for record in file.records if record.row in wanted]
    if batches:
        records = [r for r in records if not r.timing or r.timing.setup.batch in batches]
    order = {row: number for number, row in enumerate(rows)}
    return sorted(joined(records), key=lambda one: order[one.row])


def _rows(specs: Sequence[Spec], sizes: str | None, num_classes: int | None) -> list[Row]:
    """Every baseline with its variants, for one input size after the other."""
    listed: list[str] | list[None] = _listed("--input-size", sizes) if sizes else [None]
    return [
        case.row
        for size in listed
        for case in cases(specs, (), (), size=size, num_classes=num_classes)
    ]


def _varied(named: Mapping[str, str], vary: Sequence[str]) -> dict[str, list[str]]:
    """The values by option, those of ``--vary KEY=A,B`` among them."""
    found = {name: _listed(f"--{name}", values) for name, values in named.items()}
    for text in vary:
        key, equals, values = text.partition("=")
        if not (key and equals):
            raise SpecError(f"--vary {text} is not KEY=A,B", "write --vary sr.hidden=32,64")
        if key in found:
            raise SpecError(f"{key} is varied twice", "give all its values at once")
        found[key] = _listed(f"--vary {key}", values)
    return found


def _listed(option: str, values: str) -> list[str]:
    listed = [value.strip() for value in values.split(",")]
    if not all(listed):
        raise SpecError(f"{option} {values!r} has an empty value", "separate values by one comma")
    return list(dict.fromkeys(listed))


def _whole(option: str, text: str) -> int:
    if not text.strip().isdecimal():
        raise SrbenchError(f"{option} {text!r} is not a whole number", "write 1,8,32")
    return int(text)
