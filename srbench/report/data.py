"""CSV and JSON for machines: base units, unrounded."""

import csv
import json
from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any

from srbench import store
from srbench.records import Record

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def to_csv(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    """A header and a line a row; nothing where there is no value.

    Text that a spreadsheet would run as a formula gets an apostrophe in front.
    """
    out = StringIO()
    writer = csv.DictWriter(out, fieldnames=columns, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({key: _harmless(value) for key, value in row.items()})
    return out.getvalue()


def to_json(objects: Sequence[Mapping[str, Any]]) -> str:
    """An array with an object a row; null where there is no value."""
    return json.dumps(objects, indent=2, ensure_ascii=False) + "\n"


def to_jsonl(records: Sequence[Record], objects: Sequence[Mapping[str, Any]]) -> str:
    """A record a line, which `srbench compare` and `srbench report` read; of what is not made of
    records an object a line."""
    if records:
        return b"".join(store.line(record) for record in records).decode()
    return "".join(f"{json.dumps(one, ensure_ascii=False)}\n" for one in objects)


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value
