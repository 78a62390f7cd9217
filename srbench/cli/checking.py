"""Checks the tables of a folder, and shows what was found."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from srbench.check.counts import check_counts
from srbench.check.findings import Checked, Finding, exit_code
from srbench.check.renderings import check_renderings, orphans
from srbench.check.report import annotations, checked_report
from srbench.cli.github import tell_github
from srbench.cli.output import Output, destination
from srbench.cli.rows import counter
from srbench.errors import FileError, SrbenchError
from srbench.runner.resume import Counter
from srbench.tables.committed import Committed, layout_paths, open_table


def check_and_show(folder: Path, names: Sequence[str], output: Output, is_github: bool) -> int:
    """The whole of ``srbench check`` without times; returns the exit code."""
    target = destination(output, reads=folder.glob("*"), must_show=False)
    paths = layout_paths(folder, names)
    opened = [_opened(path) for path in paths]
    tables = [table for table in opened if isinstance(table, Committed)]
    # Nothing is counted while something cannot be read: the counts would have to be made again.
    checked = [table for table in map(_unreadable, opened) if table.findings]
    if not checked:
        checked = list(_checked(folder, tables, all_of_them=not names))
    report = checked_report(checked)
    if is_github:
        findings = [finding for table in checked for finding in table.findings]
        tell_github(annotations(findings), report)
    else:
        target.write(report)
    return exit_code(checked)


def _checked(folder: Path, tables: Sequence[Committed], all_of_them: bool) -> Iterator[Checked]:
    rows = {row for table in tables for row in table.rows}
    with counter(len(rows)) as count:
        for table in tables:
            yield _check(table, count)
    beside = tuple(orphans(folder, tables)) if all_of_them else ()
    if beside:
        yield Checked(str(folder), 0, beside)


def _opened(path: Path) -> Committed | Checked:
    """A table, or why it cannot be read: the others are checked all the same."""
    try:
        return open_table(path)
    except SrbenchError as error:
        return Checked(path.stem, 0, tuple(_cannot_read(path, one) for one in error.errors))


def _cannot_read(path: Path, error: SrbenchError) -> Finding:
    what, line = (error.what, error.line) if isinstance(error, FileError) else (error.message, None)
    return Finding("unreadable", path.stem, what, (), error.hint, file=path, line=line)


def _unreadable(table: Committed | Checked) -> Checked:
    """A table with the lines of its records that are none."""
    if isinstance(table, Checked):
        return table
    remedy = f"restore that line; or delete it, then: srbench table {table.name}"
    problems = (
        Finding("unreadable", table.name, p.why, (), remedy, file=loaded.path, line=p.line)
        for loaded in (table.loaded, *(loaded for _, loaded in table.times))
        for p in loaded.problems
    )
    return Checked(table.name, len(table.wanted), tuple(problems))


def _check(table: Committed, count: Counter) -> Checked:
    of_records = tuple(check_counts(table, count))
    if table.uncounted:  # then nothing can be written that the files could be compared with
        return Checked(table.name, len(table.wanted), of_records)
    findings = (*of_records, *check_renderings(table, is_true=not of_records))
    return Checked(table.name, len(table.wanted), findings)
