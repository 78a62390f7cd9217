"""What a check found of each row or model, in one form for all formats of CI services."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from srbench.check.findings import Checked, Finding
from srbench.check.verdicts import MEANINGS, Outcome, Verdict
from srbench.report.cells import ratio_text

Level = Literal["passed", "failure", "error", "warning"]
OF_KINDS: dict[str, Level] = {
    "unreadable": "error",
    "failed": "error",
    "inconclusive": "warning",
}  # of a finding; any other is a failure
OF_OUTCOMES: dict[Outcome, Level] = {
    "pass": "passed",
    "regression": "failure",
    "failed": "error",
    "inconclusive": "warning",
    "new": "warning",
}


@dataclass(frozen=True)
class Result:
    """What was found of a row, a model, a callable or a file of a table.

    ``kind`` is a `Finding`'s or a `Verdict`'s own word. ``details`` are lines that explain it,
    ``remedy`` says what to do, and ``line`` counts from 1.
    """

    table: str
    name: str
    level: Level
    kind: str
    message: str = ""
    details: tuple[str, ...] = ()
    remedy: str = ""
    file: Path | None = None
    line: int | None = None

    @property
    def lines(self) -> list[str]:
        """What is said of it, line by line."""
        return [line for line in (self.message, *self.details, self.remedy) if line]

    @property
    def title(self) -> str:
        """The table, and what of it this is about."""
        return f"{self.table}: {self.name}" if self.name else self.table


def counted_results(tables: Sequence[Checked]) -> list[Result]:
    """A result for every finding, and for every row without one."""
    return [result for table in tables for result in _of_table(table)]


def timed_results(verdicts: Sequence[Verdict], folder: Path) -> list[Result]:
    """A result for every verdict; its file is the layout, in the folder of the tables."""
    return [
        Result(
            verdict.table,
            verdict.spec,
            OF_OUTCOMES[verdict.outcome],
            verdict.outcome,
            "" if verdict.outcome == "pass" else verdict_text(verdict),
            file=folder / f"{verdict.table}.toml",
        )
        for verdict in verdicts
    ]


def verdict_text(verdict: Verdict) -> str:
    """A verdict in words, with its interval."""
    said = verdict.why or MEANINGS.get(verdict.outcome, "")
    if verdict.ratio is None:
        return said
    limit = f"tolerated are {100 * verdict.tolerance:g} %"
    return f"time {ratio_text(verdict.ratio)} %, {limit}{f'; {said}' if said else ''}"


def _of_table(table: Checked) -> Iterator[Result]:
    found = {finding.row for finding in table.findings}
    for row in dict.fromkeys(table.rows):
        if row not in found:
            yield Result(table.name, row, "passed", "passed")
    for finding in table.findings:
        yield _of_finding(finding)


def _of_finding(finding: Finding) -> Result:
    level = OF_KINDS.get(finding.kind, "failure")
    return Result(
        finding.table,
        finding.row,
        level,
        finding.kind,
        finding.message,
        finding.details,
        finding.remedy,
        finding.file,
        finding.line,
    )
