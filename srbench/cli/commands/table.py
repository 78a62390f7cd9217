"""``srbench table``: measures the missing rows of committed tables, and writes the tables."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from srbench.check.findings import ACCEPT
from srbench.cli.messages import tell
from srbench.cli.output import Output, destination
from srbench.cli.progress import counter, status, training_progress
from srbench.cli.run_options import DEVICES, BatchSizeOption, CudaGraphOption, RunRequest
from srbench.cli.table_options import FolderOption, NamesArgument
from srbench.cli.training_options import RUNS, RunsOption, TrainingRequest
from srbench.cli.values import starting
from srbench.conditions import PASSES, TIME_BUDGET, Plan
from srbench.errors import GATE_FAILED, ROWS_FAILED, SrbenchError, for_all
from srbench.records.printable import printable
from srbench.report.formats import Report
from srbench.report.origin import origin
from srbench.report.problems import failures, warnings
from srbench.runner.resume import Counter
from srbench.tables import FOLDER, fill
from srbench.tables.committed import Committed, layout_paths, open_tables, that_train
from srbench.tables.fill import Filled

HELP = "help"  # the only value of --columns
_DEVICE = "Times on this machine, in separate files"


def table(
    names: NamesArgument = None,
    folder: FolderOption = FOLDER,
    render_only: Annotated[
        bool, typer.Option("--render-only", help="Measure nothing; write the tables from records.")
    ] = False,
    update: Annotated[
        bool, typer.Option("--update", help="Count every row again, and accept changes.")
    ] = False,
    reason: Annotated[
        str,
        typer.Option(
            metavar="TEXT",
            help="The reason for --update; it is kept in the records.",
            show_default=False,
        ),
    ] = "",
    columns: Annotated[
        str | None,
        typer.Option(
            metavar=HELP,
            help="With help: list the columns that a layout can have, and do nothing else.",
            autocompletion=starting([HELP]),
            show_default=False,
        ),
    ] = None,
    train: Annotated[
        bool,
        typer.Option(
            "--train",
            help="Train the rows too, as \\[train] of the layout says, unless they are already.",
        ),
    ] = False,
    runs: RunsOption = RUNS,
    device: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Time the rows too: cpu, cuda, cuda:1 or mps.",
            autocompletion=starting(DEVICES),
            show_default=False,
            rich_help_panel=_DEVICE,
        ),
    ] = None,
    batch_size: BatchSizeOption = None,
    cuda_graph: CudaGraphOption = False,
    time_budget: Annotated[
        float,
        typer.Option(
            metavar="SECONDS",
            help="Seconds for building, warming up and timing each model with its variants.",
            rich_help_panel=_DEVICE,
        ),
    ] = TIME_BUDGET,
) -> None:
    """Measure the missing rows of committed tables, and write Markdown, LaTeX and CSV.

    A table is a layout, tables/NAME.toml, and its records, tables/NAME.jsonl. Rows with a record of
    the current code are not measured again. Modules that a layout names are imported.

    Exit codes: 0 fine, 1 a record no longer matches the code, 2 a table cannot be read, 4 a row
    cannot be counted. That row is named, and if it has a record, its table's files are not changed.

    [bold]Examples[/bold]

      srbench table

      srbench table imagenet --update --reason "SE without bias"

      srbench table backbones --device cuda --cuda-graph

      srbench table --columns help
    """
    if columns is not None:
        _list_columns(columns)
        return
    _refuse(
        (update and not reason.strip(), "--update needs a reason", 'give one: --reason "…"'),
        (reason.strip() and not update, "--reason needs --update", "give both, or neither"),
        (render_only and update, "--render-only accepts no change", "leave out --update"),
        (render_only and train, "--render-only trains nothing", "leave out --train"),
        (render_only and device, "--render-only measures nothing", "leave out --device"),
        (batch_size and not device, "--batch-size needs --device", "give both, or neither"),
        (cuda_graph and not device, "--cuda-graph needs --device", "give both, or neither"),
    )
    how = RunRequest(batch_size, cuda_graph=cuda_graph)
    folder_of_runs = runs if train else None
    request = _Request(render_only, reason.strip(), device, how, time_budget, folder_of_runs)
    raise typer.Exit(_show(folder, names or (), request))


def _list_columns(asked: str) -> None:
    """Show the columns that a layout can have. Raises SrbenchError for anything but ``help``."""
    if asked.lower() != HELP:
        raise SrbenchError(
            f"the columns of a table are not chosen by --columns {asked}",
            "write them in its layout, under columns = […]; `srbench table --columns help` "
            "lists them",
        )
    from srbench.tables.columns_help import columns_report

    destination(Output()).write(columns_report())


@dataclass(frozen=True)
class _Request:
    """What is done with the tables; a ``reason`` accepts changes. Rows are trained if there is a
    folder for their ``runs``."""

    renders_only: bool
    reason: str
    device: str | None
    how: RunRequest
    time_budget: float
    runs: Path | None


def _refuse(*refusals: tuple[object, str, str]) -> None:
    """Raises SrbenchError for the first refusal that applies, with its message and hint."""
    for is_so, message, hint in refusals:
        if is_so:
            raise SrbenchError(message, hint)


def _show(folder: Path, names: Sequence[str], request: _Request) -> int:
    """Fill, write and show the tables; returns the exit code."""
    target = destination(Output(), must_show=False)
    paths = layout_paths(folder, [] if "all" in names else names)
    tables = open_tables(paths, imports=not request.renders_only)
    for_all(Committed.require_sound, tables)  # before anything is measured that could be lost
    if request.renders_only:
        for_all(Committed.require_counted, tables)
    if request.runs:
        that_train(tables, are_named=bool(names))
    rows = 0 if request.renders_only else len({row for table in tables for row in table.rows})
    with counter(rows) as count:
        done = [
            Filled(table) if request.renders_only else _filled(table, count, request.reason)
            for table in tables
        ]
    if request.runs:
        done = [
            _trained(filled, request.runs) if filled.table.layout.train else filled
            for filled in done
        ]
    if request.device:
        done = [_timed(filled, count, request.device, request) for filled in done]
    for filled in done:
        _write(folder, filled)
    reports = [_report(filled, says_origin=not request.renders_only) for filled in done]
    for number, (filled, report) in enumerate(zip(done, reports, strict=True)):
        heading = printable(f"{filled.table.name}: {filled.table.layout.caption}")
        target.show(f"{'' if number == 0 else chr(10)}{heading}\n\n")
        target.write(report)
    if any(filled.outdated for filled in done):
        return GATE_FAILED
    return ROWS_FAILED if any(filled.failures for filled in done) else 0


def _filled(table: Committed, count: Counter, reason: str) -> Filled:
    filled = fill.update(table, count, reason) if reason else fill.fill(table, count)
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
    """Write the files, unless they would mix true rows with rows that are no longer true."""
    if not filled.is_true:
        tell(f"{filled.table.name}: its Markdown, LaTeX and CSV are left as they are")
        return
    for name in fill.write_renderings(filled.table):
        tell(f"wrote {folder / name}")


def _report(filled: Filled, says_origin: bool) -> Report:
    """What may be shown; prints on stderr where it is from."""
    report = filled.displayed().last_report()
    new = {record.key for record in (*filled.counted, *filled.timed, *filled.trained)}
    taken = {record.key for record in report.records} - new
    if says_origin:
        said = origin(report.records, taken) or "no row was counted"
        if filled.confirmed:
            said += f"; {filled.confirmed} counted again, with the same figures"
        tell(f"{filled.table.name}: {said}")
    return replace(report, taken=taken)


def _trained(filled: Filled, runs: Path) -> Filled:
    """The table with the runs that its layout asks for."""
    gate = filled.table.layout.train
    assert gate is not None
    plan = TrainingRequest(
        gate.data, gate.recipe, gate.set, str(gate.seeds), gate.shares, runs
    ).plan()
    number = len(filled.table.rows) * gate.seeds * len(gate.shares)
    with training_progress(number) as begin:
        found = fill.train_rows(filled, plan, begin)
    for record in found.failures:
        if record.training:
            tell(f"error: {filled.table.name}: {record.row}: {record.status}")
    return found


def _timed(filled: Filled, count: Counter, device: str, request: _Request) -> Filled:
    """The table with this machine's times for the passes that it shows."""
    if filled.outdated:
        return filled
    columns = {*filled.table.layout.device_columns}
    passes = tuple(p for p in PASSES if {p, f"{p}_overhead"} & columns)
    plan = Plan(passes or PASSES[:1], time_budget=request.time_budget)
    with status("loading torch") as say:
        from srbench.measure.devices import opened, resolve_one  # loads torch

        with opened(resolve_one(device)) as ready:
            setup = request.how.setup(ready)
            filled = fill.time_rows(
                filled, count, ready, setup, plan, lambda who, what: say(f"{who}: {what}")
            )
    file = filled.table.times[-1][1]
    if not filled.timed:
        tell(f"{filled.table.name}: already timed; delete {file.path} to time it again")
    for warning in warnings(file.records):
        tell(f"warning: {warning}")
    for failure in failures(file.records):
        tell(f"error: {failure}")
    return filled
