"""Reports of what the gates found, for people and for machines."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields
from typing import Any

from srbench.check.findings import Checked, Finding
from srbench.check.verdicts import MEANINGS, Verdict
from srbench.records.timing import Estimate
from srbench.report.formats import Report
from srbench.report.table import Column, Table

FINDING_COLUMNS = tuple(field.name for field in fields(Finding))


def checked_report(tables: Sequence[Checked]) -> Report:
    """One line per table, then every finding with its explanation and what to do."""
    rows = tuple((table.name, len(table.rows), _result(table)) for table in tables)
    columns = (Column("Table", "name"), Column("Rows", "integer"), Column("Result", "name"))
    findings = [finding for table in tables for finding in table.findings]
    lines = tuple(line for finding in findings for line in _lines(finding))
    table = Table("check", columns, rows, findings=lines)
    objects = [
        {
            "table": table.name,
            "rows": len(table.rows),
            "findings": list(map(_object, table.findings)),
        }
        for table in tables
    ]
    flat = [_cells(finding) for finding in findings]
    return Report((table,), FINDING_COLUMNS, flat, objects)


def verdicts_report(
    verdicts: Sequence[Verdict], other: str, conditions: Sequence[str] = ()
) -> Report:
    """One line per model: how much longer it takes, and whether that is a regression. The
    ``conditions`` are what was timed in each table, in words."""
    columns = (
        Column("Table", "name"),
        Column("Model", "name"),
        Column("Series", "integer"),
        Column("Change %", "ratio"),
        Column("Again %", "ratio"),
        Column("A/A %", "ratio"),
        Column("Tolerance %", "percent"),
        Column("Verdict", "name"),
    )
    rows = tuple(
        (
            *(v.table, v.spec, v.ratio.n if v.ratio else None, v.ratio, v.again, v.control),
            *(100 * v.tolerance, v.outcome),
        )
        for v in verdicts
    )
    objects = [asdict(verdict) for verdict in verdicts]
    flat = [_flat(verdict) for verdict in verdicts]
    notes = (*conditions, *_time_notes(verdicts, other))
    table = Table("time", columns, rows, "", notes)
    return Report((table,), tuple(flat[0]) if flat else (), flat, objects)


def _time_notes(verdicts: Sequence[Verdict], other: str) -> Iterator[str]:
    yield (
        f"Change: this version's time over that in {other}, with the 95 % interval over fresh "
        "processes that took turns. Again: the confirmation in reversed order. A/A: the other "
        "version over itself."
    )
    for outcome in dict.fromkeys(v.outcome for v in verdicts if v.outcome != "pass"):
        yield f"{outcome}: {MEANINGS[outcome]}."
    for v in verdicts:
        if v.why:
            yield f"{v.spec}: {v.why}."
        if v.ratio and v.again and _are_apart(v.ratio, v.again):
            yield (
                f"{v.spec}: the two measurements are further apart than their intervals: the "
                "machine changed between them, and how much slower it is stays uncertain."
            )
    if any(v.outcome == "inconclusive" for v in verdicts):
        yield "Inconclusive: run it again on a quieter machine, or with a higher --tolerance."


def _are_apart(one: Estimate, other: Estimate) -> bool:
    """Whether two intervals have nothing in common."""
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return False
    return one.low > other.high or other.low > one.high


def _result(table: Checked) -> str:
    count = len(table.findings)
    return "ok" if not count else f"{count} finding{'s' if count > 1 else ''}"


def _title(finding: Finding) -> str:
    return f"{finding.table}: {finding.row}" if finding.row else finding.table


def _lines(finding: Finding) -> Iterator[str]:
    at = (
        f" ({finding.file}{f' line {finding.line}' if finding.line else ''})"
        if finding.file
        else ""
    )
    yield f"{_title(finding)}: {finding.message}{at}"
    yield from (f"    {detail}" for detail in finding.details)
    if finding.remedy:
        yield f"    → {finding.remedy}"


def _cells(finding: Finding) -> dict[str, Any]:
    return _object(finding) | {"details": "; ".join(finding.details)}


def _object(finding: Finding) -> dict[str, Any]:
    return asdict(finding) | {
        "file": finding.file and str(finding.file),
        "details": list(finding.details),
    }


def _flat(verdict: Verdict) -> dict[str, Any]:
    found: dict[str, Any] = asdict(verdict)
    for name in ("ratio", "again", "control"):
        estimate: Estimate | None = getattr(verdict, name)
        ends = ("value", "low", "high")
        found |= {f"{name}_{end}": estimate and getattr(estimate, end) for end in ends}
        del found[name]
    return found
