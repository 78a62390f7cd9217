"""``srbench check``: the CI gate. Are the committed tables still correct?"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from srbench.check.counts import check_counts
from srbench.check.findings import Checked, Finding, counts_exit_code
from srbench.check.outcomes import counted_results, timed_results
from srbench.check.renderings import check_renderings, orphans
from srbench.check.report import checked_report, verdicts_report
from srbench.cli.check_output import ALL, CheckOutput
from srbench.cli.completion import complete_tables
from srbench.cli.messages import tell
from srbench.cli.output import Output, OutputOption, OverwriteOption
from srbench.cli.progress import counter, progress, status
from srbench.cli.run_options import DEVICES
from srbench.cli.values import listed, starting
from srbench.errors import FileError, SrbenchError, for_all, several
from srbench.runner.resume import Counter
from srbench.tables import FOLDER
from srbench.tables.committed import Committed, layout_paths, open_table, open_tables, that_train

if TYPE_CHECKING:
    from srbench.check.timing.processes import TimingJob
    from srbench.tables.layout import TimeGate

_TIME = "Times, against another version of the code"


def check(
    folder: Annotated[
        Path,
        typer.Argument(metavar="FOLDER", help="Where the tables are.", show_default=True),
    ] = FOLDER,
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME,…",
            help="Check only these tables.",
            autocompletion=complete_tables,
            show_default=False,
        ),
    ] = None,
    time: Annotated[
        bool,
        typer.Option(
            "--time",
            help="Check times instead of counts: those that layouts ask for under \\[time].",
            rich_help_panel=_TIME,
        ),
    ] = False,
    train: Annotated[
        bool,
        typer.Option(
            "--train",
            help="Check training instead of counts: the first epoch of the row that a layout names "
            "under \\[train].",
        ),
    ] = False,
    against: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            help="The other version: a checkout, an environment, or its python.",
            show_default=False,
            rich_help_panel=_TIME,
        ),
    ] = None,
    tolerance: Annotated[
        float | None,
        typer.Option(
            metavar="PERCENT",
            help="Tolerated slowdown, instead of the layouts' tolerances.",
            show_default=False,
            rich_help_panel=_TIME,
        ),
    ] = None,
    device: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Device that the models are timed on.",
            autocompletion=starting(DEVICES),
            rich_help_panel=_TIME,
        ),
    ] = "cpu",
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            "-f",
            metavar="NAME",
            help="text; json for machines; github for annotations and a job summary; junit; gitlab "
            "for code quality; badge for shields.io.",
            autocompletion=starting(ALL),
            show_default=False,
        ),
    ] = None,
    output: OutputOption = None,
    also: Annotated[
        list[str] | None,
        typer.Option(
            "--write",
            metavar="FORMAT=FILE",
            help="Write a file in another format as well; may be repeated.",
            show_default=False,
        ),
    ] = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Check that committed tables are still correct: counts to the integer, files to the byte.

    Counts every row of every layout again, and compares. With --time, times models in fresh
    processes, in turns with those of another version of the code. With --train, trains one row
    for one epoch again, which must come out to the bit where the table was made, and elsewhere
    within 3 standard deviations over seeds.

    Exit codes: 0 fine, 1 something differs or is slower, 2 a table cannot be read and nothing was
    counted, 3 times or training are inconclusive, 4 a row cannot be counted or trained.

    [bold]Examples[/bold]

      srbench check

      srbench check tables --format github --write junit=srbench.xml

      srbench check --time --against ../base
    """
    names = listed("--only", only)
    if tolerance is not None and not time:
        raise SrbenchError("--tolerance is for times", "give --time and --against as well")
    if train and (time or against):
        raise SrbenchError("--train and --time check different things", "give one of them")
    if bool(time) != bool(against):
        raise SrbenchError(
            "times are checked against another version of the code",
            "give both: --time --against PATH, a checkout or an environment",
        )
    title = "Training" if train else "Times" if against else "Counts"
    target = CheckOutput(title, Output(output, form, overwrite), also or (), folder.glob("*"))
    if train:
        raise typer.Exit(_check_training(folder, names, target))
    if not against:
        raise typer.Exit(_check_counts(folder, names, target))
    raise typer.Exit(_check_times(folder, names, against, tolerance, device, target))


def _check_counts(folder: Path, names: Sequence[str], target: CheckOutput) -> int:
    """Count, compare and show what differs; returns the exit code."""
    paths = layout_paths(folder, names)
    opened = [_opened(path) for path in paths]
    tables = [table for table in opened if isinstance(table, Committed)]
    # Nothing is counted if a table cannot be read: all would have to be counted again.
    checked = [table for table in map(_unreadable, opened) if table.findings]
    if not checked:
        checked = list(_checked(folder, tables, all_of_them=not names))
    return _told(checked, target)


def _check_training(folder: Path, names: Sequence[str], target: CheckOutput) -> int:
    """Train one row of each table again, and show what differs; returns the exit code."""
    tables = that_train(open_tables(layout_paths(folder, names)), are_named=bool(names))
    for_all(Committed.require_sound, tables)
    checked = []
    with progress(len(tables)) as begin:
        from srbench.check.training import check_training, trained_again  # loads torch

        for number, table in enumerate(tables):
            begin(number, table.name)
            findings = tuple(check_training(table))
            checked.append(Checked(table.name, (trained_again(table),), findings))
    return _told(checked, target)


def _told(checked: Sequence[Checked], target: CheckOutput) -> int:
    """Show what was found; returns the exit code."""
    target.write(checked_report(checked), counted_results(checked))
    return counts_exit_code(checked)


def _checked(folder: Path, tables: Sequence[Committed], all_of_them: bool) -> Iterator[Checked]:
    rows = {row for table in tables for row in table.rows}
    with counter(len(rows)) as count:
        for table in tables:
            yield _check(table, count)
    beside = tuple(orphans(folder, tables)) if all_of_them else ()
    if beside:
        yield Checked(str(folder), (), beside)


def _opened(path: Path) -> Committed | Checked:
    """A table, or why it cannot be read: the other tables are read all the same."""
    try:
        return open_table(path)
    except SrbenchError as error:
        return Checked(path.stem, (), tuple(_cannot_read(path, one) for one in error.errors))


def _cannot_read(path: Path, error: SrbenchError) -> Finding:
    what, line = (error.what, error.line) if isinstance(error, FileError) else (error.message, None)
    return Finding("unreadable", path.stem, what, (), error.hint, file=path, line=line)


def _unreadable(table: Committed | Checked) -> Checked:
    """A table with its damaged lines, which are not records."""
    if isinstance(table, Checked):
        return table
    remedy = f"restore that line, or delete it and run: srbench table {table.name}"
    problems = (
        Finding("unreadable", table.name, p.why, (), remedy, file=loaded.path, line=p.line)
        for loaded in (table.loaded, *(loaded for _, loaded in table.times))
        for p in loaded.problems
    )
    return Checked(table.name, _rows(table), tuple(problems))


def _check(table: Committed, count: Counter) -> Checked:
    of_records = tuple(check_counts(table, count))
    if table.uncounted:  # then there is nothing to compare the files with
        return Checked(table.name, _rows(table), of_records)
    findings = (*of_records, *check_renderings(table, is_true=not of_records))
    return Checked(table.name, _rows(table), findings)


def _rows(table: Committed) -> tuple[str, ...]:
    return tuple(str(one.row) for one in table.wanted)


def _check_times(
    folder: Path,
    names: Sequence[str],
    against: Path,
    tolerance: float | None,
    device: str,
    target: CheckOutput,
) -> int:
    """Time both versions in turns and show the verdicts; returns the exit code."""
    from srbench.check.timing.rounds import MOST_SERIES, compare  # loads scipy
    from srbench.check.timing.versions import other_code, require_own
    from srbench.check.verdicts import Verdict, timing_exit_code
    from srbench.stats import FEWEST

    other = other_code(against)
    gates = [(name, gate, _job(gate, device)) for name, gate in _gates(folder, names, tolerance)]
    require_own(other, {name: one for _, _, job in gates for name, one in job.modules.items()})
    with status("starting") as say:
        if device != "cpu":
            _require_several(device)
        verdicts: list[Verdict] = []
        for name, gate, job in gates:
            tell(
                f"{name}: {_timed(gate)}, {FEWEST} to {MOST_SERIES} series of three fresh "
                "processes, and as many again for what seems slower"
            )
            verdicts += compare(name, job, other, gate.by_name(), say)
    conditions = [f"{name}: {_conditions(job)}" for name, _, job in gates]
    report = verdicts_report(verdicts, other.name, conditions)
    target.write(report, timed_results(verdicts, folder))
    return timing_exit_code(verdicts)


def _require_several(device: str) -> None:
    """Raises SrbenchError for a device that is missing, or admits only one process at a time."""
    from srbench.measure.devices import asked, require_several, resolve_one  # loads torch

    name = resolve_one(device)
    with asked(name) as gpu:
        require_several(name, gpu, "use another --device")


def _gates(
    folder: Path, names: Sequence[str], tolerance: float | None
) -> "Iterator[tuple[str, TimeGate]]":
    if tolerance is not None and not 0 < tolerance <= 100:
        raise SrbenchError(
            f"a tolerance of {tolerance:g} % is out of range", "give a number above 0, up to 100"
        )
    tables = open_tables(layout_paths(folder, names))
    timed = [(table.name, table.layout.time) for table in tables if table.layout.time]
    untimed = [table.name for table in tables if names and not table.layout.time]
    if untimed or not timed:
        who = f"table {untimed[0]} has no" if untimed else f"no table in {folder} has a"
        raise SrbenchError(f"{who} section [time]", "add a section [time] with specs to a layout")
    for name, gate in timed:
        if tolerance is not None:
            gate = gate.model_copy(update={"tolerance": tolerance / 100, "tolerances": {}})
        yield name, gate


def _job(gate: "TimeGate", device: str) -> "TimingJob":
    from srbench.check.timing.processes import TimingJob

    specs = tuple(dict.fromkeys(map(gate.canonical, gate.specs)))
    callables = tuple(dict.fromkeys(gate.callables))
    at = gate.conditions()
    size, classes = ((at.height, at.width), at.num_classes) if at else (None, None)
    return TimingJob(specs, size, classes, gate.batch_size, gate.what, device, callables)


def _conditions(job: "TimingJob") -> str:
    """How models are timed, and where, in words."""
    where = f"on {job.device}, with torch's usual number of threads."
    if job.input_size is None:
        return f"callables {where}"
    passes = {"forward": "forward passes", "train": "forward and backward passes"}[job.what]
    size = "×".join(map(str, (3, *job.input_size)))
    return f"{passes} of batches of {several(job.batch_size, 'image')} of {size}, {where}"


def _timed(gate: "TimeGate") -> str:
    """What is timed, in words, such as ``2 models and 1 callable``."""
    counted = ((len(gate.specs), "model"), (len(gate.callables), "callable"))
    return " and ".join(several(number, what) for number, what in counted if number)
