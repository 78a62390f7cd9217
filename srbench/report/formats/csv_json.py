"""CSV and JSON for machines: base units, unrounded."""

import csv
import json
from io import StringIO
from typing import Any

from srbench.records import jsonl
from srbench.records.printable import printable, printable_json
from srbench.report.formats import Report

FORMULA_STARTS = (*"=+-@", *"\uff1d\uff0b\uff0d\uff20")  # and their full-width forms


def to_csv(report: Report) -> str:
    """A header and one line per row; a missing value is empty.

    Text that a spreadsheet would run as a formula gets an apostrophe in front.
    """
    out = StringIO()
    writer = csv.DictWriter(out, fieldnames=report.columns, lineterminator="\n")
    for row in ({name: name for name in report.columns}, *report.rows):
        writer.writerow({key: _harmless(value) for key, value in row.items()})
    return out.getvalue()


def to_json(report: Report) -> str:
    """An array with one object per row; a missing value is null."""
    return printable_json(json.dumps(report.whole(), indent=2, ensure_ascii=False)) + "\n"


def to_jsonl(report: Report) -> str:
    """One record per line, which `srbench compare` and `srbench report` read; one object per line
    if the report is not made of records."""
    if report.records:
        return b"".join(jsonl.line(record) for record in report.records).decode()
    lines = (json.dumps(one, ensure_ascii=False) for one in report.objects)
    return "".join(f"{printable_json(line)}\n" for line in lines)


def _harmless(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = printable(value)
    return f"'{text}" if text.lstrip().startswith(FORMULA_STARTS) else text
