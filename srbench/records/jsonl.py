"""Records as JSON lines: one record per line, with the schema's version, appended as measured.

Lines are independent: an interruption loses at most the row being measured, and a damaged line does
not affect the others.
"""

import os
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from srbench.errors import SrbenchError, several
from srbench.files import require_utf8, unwritable, write_whole
from srbench.records.packed import PACKED, packed, unpacked
from srbench.records.printable import printable_json
from srbench.records.record import Key, Record
from srbench.records.schema import SCHEMA
from srbench.records.upgrade import upgraded
from srbench.records.validation import sentence

if TYPE_CHECKING:
    from io import FileIO

    from pydantic import TypeAdapter

LARGEST_FILE = 2**29  # bytes; a record takes a few kB, and the whole file is held in memory
# How a line of each schema begins.
HEADS = {schema: b'{"schema":%d,' % schema for schema in range(1, SCHEMA + 1)}
_PACKED = f'"{PACKED}"'.encode()


@dataclass(frozen=True)
class Problem:
    """A line that is not a record: its number, from 1, the reason, and its ``text``."""

    line: int
    why: str
    text: bytes = b""


@dataclass(frozen=True)
class Loaded:
    """A file's records with their line numbers, the lines that are not records, and whether some
    records are of an older schema."""

    path: Path
    records: tuple[Record, ...] = ()
    lines: tuple[int, ...] = ()
    problems: tuple[Problem, ...] = ()
    is_older: bool = False

    def line(self, record: Record) -> int | None:
        """The line number of a record."""
        numbers = (n for n, one in zip(self.lines, self.records, strict=True) if one is record)
        return next(numbers, None)

    def require_sound(self) -> None:
        """Raises SrbenchError for the first problem, with the number of valid records."""
        for problem in self.problems:
            raise SrbenchError(
                f"{self.path} line {problem.line}: {problem.why}",
                f"fix or delete the line; {several(len(self.records), 'record')} can be read",
            )


def read(path: Path) -> Loaded:
    """Read a file line by line; a file that does not exist has no records.

    A record that occurs twice counts once; if two records of one row differ, the second is a
    problem of its line. Raises SrbenchError for a file that cannot be read or is too large.
    """
    records: list[Record] = []
    lines: list[int] = []
    problems: list[Problem] = []
    first: dict[Key, tuple[int, Record]] = {}
    is_older = False
    for number, text in _lines(path):
        is_older |= not text.startswith(HEADS[SCHEMA])
        try:
            record = parse(text)
        except ValueError as error:
            problems.append(Problem(number, str(error), text))
            continue
        line_before, before = first.setdefault(record.key, (number, record))
        if before is record:
            records.append(record)
            lines.append(number)
        elif not record.is_like(before):
            why = f"a second record of {record.row}: the first is on line {line_before}"
            problems.append(Problem(number, why, text))
    return Loaded(path, tuple(records), tuple(lines), tuple(problems), is_older)


def parse(line: bytes) -> Record:
    """Parse a record from its line. Raises ValueError that says what is wrong with it."""
    from pydantic import ValidationError

    try:
        return _adapter().validate_json(_without_schema(line), strict=True)
    except SrbenchError as error:  # an impossible setup
        raise ValueError(f"not a record: {error.message}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        said, _ = sentence([first], ".".join(str(part) for part in first["loc"]))
        raise ValueError(f"not a record: {said.removeprefix(': ')}") from error


def line(record: Record) -> bytes:
    """A record as its line, with the line ending."""
    text = _adapter().dump_json(record, exclude=_empty(record))
    if record.counts and record.counts.is_detailed:
        from pydantic_core import from_json, to_json

        found = from_json(text)
        text = to_json(found | {"counts": packed(found["counts"])})
    return HEADS[SCHEMA] + printable_json(text[1:].decode()).encode() + b"\n"


def _empty(record: Record) -> dict[str, Any]:
    """The fields that few records have, where this one has none: they would only make it longer."""
    own: dict[str, Any] = {} if record.claim else {"claim": True}
    has_conventions = record.counts is not None and record.counts.conventions is not None
    return own if has_conventions or not record.counts else own | {"counts": {"conventions"}}


def plain(record: Record) -> str:
    """A record as JSON over several lines, with its details unpacked."""
    import json

    found = {"schema": SCHEMA} | json.loads(_adapter().dump_json(record))
    return printable_json(json.dumps(found, indent=2, ensure_ascii=False))


def append(path: Path, record: Record) -> None:
    """Add a record. Raises SrbenchError if the file cannot be written."""
    text = line(record)
    try:
        with path.open("ab+", buffering=0) as file:
            end = file.tell()
            if end:
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":  # an editor left it out, or a write was interrupted
                    text = b"\n" + text
            try:
                _write_all(file, text)
            except OSError:
                file.truncate(end)  # so that a full disk does not leave half a line
                raise
    except OSError as error:
        raise unwritable(path, error) from error


def _write_all(file: "FileIO", text: bytes) -> None:
    while text:
        text = text[file.write(text) :]


def write(path: Path, records: Iterable[Record]) -> None:
    """Replace a file, completely or not at all. Raises SrbenchError if it cannot be written."""
    write_whole(path, b"".join(line(record) for record in records))


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise SrbenchError(f"{path} is not a file", "name a file of records, *.jsonl")
        if size > LARGEST_FILE:
            raise SrbenchError(
                f"{path} holds {size / 1e9:.1f} GB, more than srbench reads",
                f"split it into files of at most {LARGEST_FILE // 2**20} MiB",
            )
        with path.open("rb") as file:
            for number, text in enumerate(file, start=1):
                if number == 1:
                    require_utf8(path, text)
                    text = text.removeprefix(BOM_UTF8)
                if text.strip():
                    yield number, text
    except FileNotFoundError:
        return
    except OSError as error:
        raise SrbenchError(
            f"cannot read {path}: {error.strerror}", "name a file of records, *.jsonl"
        ) from error


def _without_schema(text: bytes) -> bytes:
    """The record's JSON without its schema, and in the form of `Record`: cheap for lines of this
    version with nothing packed, else parsed."""
    if text.startswith(HEADS[SCHEMA]) and _PACKED not in text:
        return b"{" + text[len(HEADS[SCHEMA]) :]
    from pydantic_core import from_json, to_json

    try:
        found = from_json(text)
    except ValueError as error:
        raise ValueError(f"damaged or cut short: {error}") from error
    schema = found.pop("schema", None) if isinstance(found, dict) else None
    if not isinstance(schema, int) or isinstance(schema, bool):
        raise ValueError("not a record: it has no schema version")
    if schema > SCHEMA:
        raise ValueError(
            f"written by a newer srbench, schema {schema}; this one reads up to {SCHEMA}"
        )
    if schema not in HEADS:
        raise ValueError(f"unknown schema {schema}")
    record = upgraded(found, schema)
    if isinstance(record.get("counts"), dict):
        record["counts"] = unpacked(record["counts"])
    return to_json(record)


@cache
def _adapter() -> "TypeAdapter[Record]":
    from pydantic import TypeAdapter

    return TypeAdapter(Record)
