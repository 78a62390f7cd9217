"""Fills and writes committed tables, and shows them."""

import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any

from srbench.check.findings import ACCEPT
from srbench.cli.messages import tell
from srbench.cli.output import Output, destination
from srbench.cli.progress import status
from srbench.cli.rows import counter
from srbench.conditions import PASSES, Plan
from srbench.errors import GATE_FAILED, ROWS_FAILED, SrbenchError, for_all
from srbench.records.printable import printable
from srbench.report.formats import Report
from srbench.report.origin import origin
from srbench.report.problems import failures, warnings
from srbench.runner.resume import Counter
from srbench.tables.committed import Committed, layout_paths, open_tables
from srbench.tables.fill import Filled, fill, time_rows, update, write_renderings


def fill_and_show(
    folder: Path,
    names: Sequence[str],
    *,
    render_only: bool,
    update: bool,
    reason: str,
    device: str | None,
    batch_size: int | None,
    cuda_graph: bool,
    time_budget: float,
) -> int:
    """The whole of ``srbench table``; returns the exit code."""
    _require_sense(render_only, update, reason)
    _require_times(render_only, device, batch_size, cuda_graph)
    setup = {"batch": batch_size, "dtype": None, "amp": False, "cuda_graph": cuda_graph}
    target = destination(Output(), must_show=False)
    paths = layout_paths(folder, [] if "all" in names else names)
    tables = open_tables(paths, imports=not render_only)
    for_all(Committed.require_sound, tables)  # before anything is measured that could be lost
    if render_only:
        for_all(Committed.require_counted, tables)
    rows = 0 if render_only else len({row for table in tables for row in table.rows})
    with counter(rows) as count:
        done = [
            Filled(table) if render_only else _filled(table, count, update, reason)
            for table in tables
        ]
    if device:
        done = [_timed(filled, count, device, setup, time_budget) for filled in done]
    for filled in done:
        _write(folder, filled)
    reports = [_report(filled, says_origin=not render_only) for filled in done]
    for number, (filled, report) in enumerate(zip(done, reports, strict=True)):
        heading = printable(f"{filled.table.name}: {filled.table.layout.caption}")
        target.show(f"{'' if number == 0 else chr(10)}{heading}\n\n")
        target.write(report)
    if any(filled.outdated for filled in done):
        return GATE_FAILED
    return ROWS_FAILED if any(filled.failures for filled in done) else 0


def _filled(table: Committed, count: Counter, accept: bool, reason: str) -> Filled:
    filled = update(table, count, reason) if accept else fill(table, count)
    for change in filled.changes:
        tell(f"{table.name}: {change}")
    for record in filled.failures:
        tell(f"error: {table.name}: {record.row}: {record.status}")
    for one in filled.outdated:
        tell(f"error: {table.name}: {one.row}: {one}")
        for reason in one.reasons:
            tell(f"    {reason}")
    if filled.outdated:
        tell(f"hint: {ACCEPT.format(table=table.name)}")
    return filled


def _write(folder: Path, filled: Filled) -> None:
    """The files, unless they would have what is true beside what is not any more."""
    if not filled.is_true:
        tell(f"{filled.table.name}: its Markdown, LaTeX and CSV are left as they are")
        return
    for name in write_renderings(filled.table):
        tell(f"wrote {folder / name}")


def _report(filled: Filled, says_origin: bool) -> Report:
    """What may be shown, and on stderr where it is from."""
    report = filled.shown().last_report()
    new = {record.key for record in (*filled.counted, *filled.timed)}
    taken = {record.key for record in report.records} - new
    if says_origin:
        said = origin(report.records, taken) or "no row was counted"
        if filled.confirmed:
            said += f"; {filled.confirmed} counted again, with the same figures"
        tell(f"{filled.table.name}: {said}")
    return replace(report, taken=taken)


def _timed(
    filled: Filled, count: Counter, device: str, how: Mapping[str, Any], time_budget: float
) -> Filled:
    """The table with the times of this machine, of the passes that it shows."""
    if filled.outdated:
        return filled
    columns = {*filled.table.layout.device_columns}
    passes = tuple(p for p in PASSES if {p, f"{p}_overhead"} & columns)
    plan = Plan(passes or PASSES[:1], time_budget=time_budget)
    with status("loading torch") as say, redirect_stdout(sys.stderr):
        from srbench.measure.devices import opened, resolve_one  # loads torch
        from srbench.runner.timing import setup_for

        with opened(resolve_one(device)) as ready:
            setup = setup_for(ready, **how)
            filled = time_rows(
                filled, count, ready, setup, plan, lambda who, what: say(f"{who}: {what}")
            )
    file = filled.table.times[-1][1]
    if not filled.timed:
        tell(f"{filled.table.name}: timed already; delete {file.path} to time it again")
    for warning in warnings(file.records):
        tell(f"warning: {warning}")
    for failure in failures(file.records):
        tell(f"error: {failure}")
    return filled


def _require_sense(render_only: bool, update: bool, reason: str) -> None:
    _refuse(
        (update and not reason, "--update needs a reason", 'say why: --reason "…"'),
        (reason and not update, "--reason goes with --update", "give both, or neither"),
        (render_only and update, "--render-only measures nothing", "leave out one of the two"),
    )


def _require_times(
    render_only: bool, device: str | None, batch_size: int | None, cuda_graph: bool
) -> None:
    _refuse(
        (render_only and device, "--render-only measures nothing", "leave out one of the two"),
        (batch_size and not device, "--batch-size is for times", "give --device as well"),
        (cuda_graph and not device, "--cuda-graph is for times", "give --device as well"),
    )


def _refuse(*refusals: tuple[object, str, str]) -> None:
    """Raises SrbenchError for the first that is so, with its message and hint."""
    for is_so, message, hint in refusals:
        if is_so:
            raise SrbenchError(message, hint)
