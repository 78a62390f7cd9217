"""What a check finds: one thing that is no longer true, where it is, why, and what to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from srbench.errors import BAD_INPUT, GATE_FAILED, INCONCLUSIVE, ROWS_FAILED

Kind = Literal["changed", "missing", "extra", "rendering", "unreadable", "failed", "inconclusive"]
EXIT_CODES: dict[Kind, int] = {
    "unreadable": BAD_INPUT,
    "failed": ROWS_FAILED,
    "inconclusive": INCONCLUSIVE,
}
ACCEPT = 'if this is intended: srbench table {table} --update --reason "why"; otherwise undo it'


@dataclass(frozen=True)
class Finding:
    """One finding. ``details`` are lines that explain it; ``line`` counts from 1."""

    kind: Kind
    table: str
    message: str
    details: tuple[str, ...] = ()
    remedy: str = ""
    row: str = ""
    file: Path | None = None
    line: int | None = None


@dataclass(frozen=True)
class Checked:
    """A table that was checked: its rows, each a spec and an input, and what was found."""

    name: str
    rows: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


def counts_exit_code(tables: Sequence[Checked]) -> int:
    """The most serious code: for a mismatch, then for unreadable files, then for failed rows, then
    for what is inconclusive."""
    codes = {EXIT_CODES.get(f.kind, GATE_FAILED) for table in tables for f in table.findings}
    return next(
        (code for code in (GATE_FAILED, BAD_INPUT, ROWS_FAILED, INCONCLUSIVE) if code in codes), 0
    )
