"""JUnit's XML, which most CI services show: a suite for each table, a case for each row."""

from collections.abc import Sequence
from itertools import groupby
from xml.etree import ElementTree

from srbench.check.outcomes import Level, Result
from srbench.records.printable import printable

TAGS: dict[Level, str] = {"failure": "failure", "error": "error", "warning": "skipped"}
COUNTS = {"failures": "failure", "errors": "error", "skipped": "warning"}


def to_junit(results: Sequence[Result]) -> str:
    """The results as XML. What is inconclusive counts as skipped."""
    root = ElementTree.Element("testsuites", {"name": "srbench"} | _counts(results))
    for table, of_table in groupby(results, lambda one: one.table):
        cases = list(of_table)
        suite = ElementTree.SubElement(
            root, "testsuite", {"name": printable(table)} | _counts(cases)
        )
        suite.extend(map(_case, cases))
    ElementTree.indent(root)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        + ElementTree.tostring(root, encoding="unicode")
        + "\n"
    )


def _counts(results: Sequence[Result]) -> dict[str, str]:
    levels = [one.level for one in results]
    return {"tests": str(len(results))} | {
        name: str(levels.count(level))  # type: ignore[arg-type]
        for name, level in COUNTS.items()
    }


def _case(result: Result) -> ElementTree.Element:
    name = result.name or (str(result.file) if result.file else result.kind)
    case = ElementTree.Element(
        "testcase", {"classname": printable(result.table), "name": printable(name)}
    )
    if result.level in TAGS:
        told = {"message": printable(result.message), "type": result.kind}
        problem = ElementTree.SubElement(case, TAGS[result.level], told)
        problem.text = "\n".join(map(printable, _lines(result)))
    return case


def _lines(result: Result) -> list[str]:
    at = f"{result.file}{f' line {result.line}' if result.line else ''}" if result.file else ""
    return [line for line in (result.message, *result.details, at, result.remedy) if line]
