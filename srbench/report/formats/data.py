"""CSV and JSON for machines: base units, unrounded."""

import csv
import json
from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any

from srbench.records import jsonl
from srbench.records.printable import printable, printable_json
from srbench.records.record import Record

FORMULA_STARTS = (*"=+-@", *"\uff1d\uff0b\uff0d\uff20")  # those of full width as well


def to_csv(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    """A header and a line a row; nothing where there is no value.

    Text that a spreadsheet would run as a formula gets an apostrophe in front.
    """
    out = StringIO()
    writer = csv.DictWriter(out, fieldnames=columns, lineterminator="\n")
    for row in ({name: name for name in columns}, *rows):
        writer.writerow({key: _harmless(value) for key, value in row.items()})
    return out.getvalue()


def to_json(objects: Sequence[Mapping[str, Any]]) -> str:
    """An array with an object a row; null where there is no value."""
    return printable_json(json.dumps(objects, indent=2, ensure_ascii=False)) + "\n"


def to_jsonl(records: Sequence[Record], objects: Sequence[Mapping[str, Any]]) -> str:
    """A record a line, which `srbench compare` and `srbench report` read; of what is not made of
    records an object a line."""
    if records:
        return b"".join(jsonl.line(record) for record in records).decode()
    lines = (json.dumps(one, ensure_ascii=False) for one in objects)
    return "".join(f"{printable_json(line)}\n" for line in lines)


def _harmless(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = printable(value)
    return f"'{text}" if text.lstrip().startswith(FORMULA_STARTS) else text
