"""Runs the gates over the tables of a folder, and shows what they found."""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import redirect_stdout
from pathlib import Path

import typer

from srbench.cli.output import Format, destination, require_apart
from srbench.cli.progress import progress, status
from srbench.conditions import input_size
from srbench.errors import SrbenchError
from srbench.findings import Checked, Finding, exit_code
from srbench.gate.against import Job, code_at, compare
from srbench.gate.committed import Committed, layout_paths, open_table
from srbench.gate.exact import check_counts
from srbench.gate.renderings import check_renderings, orphans
from srbench.layout import TimeGate
from srbench.report.findings import annotations, checked_report, time_annotations, verdicts_report
from srbench.report.formats import FORMATS, Report
from srbench.runner.missing import Counter
from srbench.verdicts import Verdict
from srbench.verdicts import exit_code as time_exit_code

GITHUB = "github"


def check_and_show(
    folder: Path, names: Sequence[str], form: str | None, output: Path | None
) -> int:
    """The whole of ``srbench check`` without times; returns the exit code."""
    require_apart(output, folder.glob("*"))
    with destination(output, _plain(form)) as target:
        checked = list(_checked(folder, names))
        report = checked_report(checked)
        if form == GITHUB:
            findings = [finding for table in checked for finding in table.findings]
            _tell_github(annotations(findings), report)
        else:
            target.write(report)
    return exit_code(checked)


def time_and_show(
    folder: Path,
    names: Sequence[str],
    asked: bool,
    against: Path | None,
    tolerance: float | None,
    device: str,
    form: str | None,
    output: Path | None,
) -> int:
    """The whole of ``srbench check --time``; returns the exit code."""
    if not (asked and against):
        raise SrbenchError(
            "times are checked against another version of the code",
            "give both: --time --against PATH, a checkout or an environment",
        )
    other = code_at(against)
    gates = list(_gates(folder, names, tolerance))
    with destination(output, _plain(form)) as target, status("starting") as say:
        verdicts: list[Verdict] = []
        for name, gate in gates:
            verdicts += compare(name, _job(gate, device), other, gate.specs_with_tolerances(), say)
        report = verdicts_report(verdicts, other.name)
        if form == GITHUB:
            _tell_github(time_annotations(verdicts), report)
        else:
            target.write(report)
    return time_exit_code(verdicts)


def _checked(folder: Path, names: Sequence[str]) -> Iterator[Checked]:
    opened = [_opened(path) for path in layout_paths(folder, names)]
    tables = [table for table in opened if isinstance(table, Committed)]
    rows = {wanted.row for table in tables for wanted in table.wanted}
    with progress(len(rows)) as begin, redirect_stdout(sys.stderr):
        done = iter(range(len(rows)))
        count = Counter(lambda name: begin(next(done, len(rows)), name))
        for table in opened:
            yield table if isinstance(table, Checked) else _check(table, count)
    unread = {table.name for table in opened if isinstance(table, Checked)}
    beside = () if names else tuple(orphans(folder, tables, unread))
    if beside:
        yield Checked(str(folder), 0, beside)


def _opened(path: Path) -> Committed | Checked:
    """A table, or why it cannot be read: the others are checked all the same."""
    try:
        return open_table(path)
    except SrbenchError as error:
        finding = Finding("unreadable", path.stem, error.message, (), error.hint, file=path)
        return Checked(path.stem, 0, (finding,))


def _check(table: Committed, count: Counter) -> Checked:
    problems = (
        Finding("unreadable", table.name, problem.why, file=loaded.path, line=problem.line)
        for loaded in (table.loaded, *(loaded for _, loaded in table.times))
        for problem in loaded.problems
    )
    findings = (*problems, *check_counts(table, count), *check_renderings(table))
    return Checked(table.name, len(table.wanted), findings)


def _gates(
    folder: Path, names: Sequence[str], tolerance: float | None
) -> Iterator[tuple[str, TimeGate]]:
    if tolerance is not None and not 0 < tolerance <= 100:
        raise SrbenchError(
            f"a tolerance of {tolerance:g} % is out of range", "give a number above 0, up to 100"
        )
    tables = [open_table(path) for path in layout_paths(folder, names)]
    timed = [(table.name, table.layout.time) for table in tables if table.layout.time]
    if not timed:
        raise SrbenchError(
            f"no table in {folder} says what to time", "add a section [time] with specs to a layout"
        )
    for name, gate in timed:
        if tolerance is not None:
            gate = gate.model_copy(update={"tolerance": tolerance / 100, "tolerances": {}})
        yield name, gate


def _job(gate: TimeGate, device: str) -> Job:
    specs, size = tuple(gate.specs_with_tolerances()), input_size(gate.input_size)
    return Job(specs, size, gate.num_classes, gate.batch_size, gate.what, device)


def _plain(form: str | None) -> Format | None:
    return Format(form) if form and form != GITHUB else None


def _tell_github(lines: Iterable[str], report: Report) -> None:
    """Annotations for the log, and the job's summary where GitHub says that it goes."""
    for line in lines:
        typer.echo(line)
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        try:
            with Path(summary).open("a", encoding="utf-8") as file:
                file.write(FORMATS["markdown"](report) + "\n")
        except OSError as error:  # the check's own result matters more
            typer.echo(f"warning: no job summary: {error.strerror}", err=True)
