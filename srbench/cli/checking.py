"""Checks the tables of a folder, and shows what was found."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from srbench.cli.github import GITHUB, plain_format, tell_github
from srbench.cli.output import destination, require_apart
from srbench.cli.rows import counter
from srbench.errors import SrbenchError
from srbench.findings import Checked, Finding, exit_code
from srbench.gate.committed import Committed, layout_paths, open_table
from srbench.gate.exact import check_counts
from srbench.gate.renderings import check_renderings, orphans
from srbench.report.findings import annotations, checked_report
from srbench.runner.missing import Counter


def check_and_show(
    folder: Path, names: Sequence[str], form: str | None, output: Path | None
) -> int:
    """The whole of ``srbench check`` without times; returns the exit code."""
    require_apart(output, folder.glob("*"))
    with destination(output, plain_format(form)) as target:
        checked = list(_checked(folder, names))
        report = checked_report(checked)
        if form == GITHUB:
            findings = [finding for table in checked for finding in table.findings]
            tell_github(annotations(findings), report)
        else:
            target.write(report)
    return exit_code(checked)


def _checked(folder: Path, names: Sequence[str]) -> Iterator[Checked]:
    opened = [_opened(path) for path in layout_paths(folder, names)]
    tables = [table for table in opened if isinstance(table, Committed)]
    rows = {wanted.row for table in tables for wanted in table.wanted}
    with counter(len(rows)) as count:
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
    remedy = f"restore that line; or delete it, then: srbench table {table.name}"
    problems = (
        Finding("unreadable", table.name, p.why, (), remedy, file=loaded.path, line=p.line)
        for loaded in (table.loaded, *(loaded for _, loaded in table.times))
        for p in loaded.problems
    )
    of_records = (*problems, *check_counts(table, count))
    findings = (*of_records, *check_renderings(table, is_true=not of_records))
    return Checked(table.name, len(table.wanted), findings)
