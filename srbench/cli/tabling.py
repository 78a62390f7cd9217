"""Fills and writes committed tables, and shows them."""

from collections.abc import Sequence
from pathlib import Path

import typer

from srbench.cli.messages import tell
from srbench.cli.output import destination
from srbench.cli.progress import status
from srbench.cli.rows import counter
from srbench.conditions import PASSES, Plan
from srbench.errors import ROWS_FAILED, SrbenchError
from srbench.gate.committed import Committed, layout_paths, open_table
from srbench.gate.fill import Filled, fill, time_rows, update, write_renderings
from srbench.printable import printable
from srbench.runner.missing import Counter


def fill_and_show(
    folder: Path,
    names: Sequence[str],
    *,
    render_only: bool,
    update: bool,
    reason: str,
    device: str | None,
    batch_size: int | None,
    time_budget: float,
) -> int:
    """The whole of ``srbench table``; returns the exit code."""
    _require_sense(render_only, update, reason, device, batch_size)
    paths = layout_paths(folder, [] if "all" in names else names)
    tables = [open_table(path) for path in paths]
    for table in tables:  # before anything is measured that could be lost
        table.require_sound()
    done: list[Committed] = []
    failed = False
    with counter(0 if render_only else _rows(tables)) as count:
        for table in tables:
            if not render_only:
                filled = _filled(table, count, update, reason)
                failed = failed or bool(filled.failures)
                table = filled.table
            done.append(table)
    reports = []
    for table in done:
        if device:
            table = _timed(table, device, batch_size, time_budget)
        for name in write_renderings(table):
            tell(f"wrote {folder / name}")
        reports.append((table, table.last_report()))
    for number, (table, report) in enumerate(reports):
        heading = printable(f"{table.name}: {table.layout.caption}")
        typer.echo(f"{'' if number == 0 else chr(10)}{heading}\n")
        with destination(None, None) as target:
            target.write(report)
    return ROWS_FAILED if failed else 0


def _filled(table: Committed, count: Counter, accept: bool, reason: str) -> Filled:
    filled = update(table, count, reason) if accept else fill(table, count)
    for change in filled.changes:
        tell(f"{table.name}: {change}")
    for record in filled.failures:
        tell(f"error: {table.name}: {record.row}: {record.status}")
    return filled


def _timed(table: Committed, device: str, batch_size: int | None, time_budget: float) -> Committed:
    """The table with the times of this machine, of the passes that it shows."""
    passes = tuple(p for p in PASSES if {p, f"{p}_overhead"} & {*table.layout.device_columns})
    plan = Plan(passes or PASSES[:1], time_budget=time_budget)
    with status("loading torch") as say:
        from srbench.measure.devices import opened, resolve_one  # loads torch
        from srbench.runner.timing import setup_for

        with opened(resolve_one(device)) as ready:
            setup = setup_for(ready, batch_size, None, False)
            timed, taken = time_rows(
                table, ready, setup, plan, lambda who, what: say(f"{who}: {what}")
            )
    file = timed.times[-1][1].path
    if not taken:
        tell(f"{table.name}: timed already; delete {file} to time it again")
    for record in timed.times[-1][1].records:
        for warning in record.warnings:
            tell(f"warning: {record.row}: {warning}")
    return timed


def _rows(tables: Sequence[Committed]) -> int:
    return len({wanted.row for table in tables for wanted in table.wanted})


def _require_sense(
    render_only: bool, update: bool, reason: str, device: str | None, batch_size: int | None
) -> None:
    refusals = (
        (update and not reason, "--update needs a reason", 'say why: --reason "…"'),
        (reason and not update, "--reason goes with --update", "give both, or neither"),
        (render_only and update, "--render-only measures nothing", "leave out one of the two"),
        (render_only and device, "--render-only measures nothing", "leave out one of the two"),
        (batch_size and not device, "--batch-size is for times", "give --device as well"),
    )
    for is_so, message, hint in refusals:
        if is_so:
            raise SrbenchError(message, hint)
