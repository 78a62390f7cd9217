"""Records as JSON lines: one record a line, with the schema's version, appended as measured.

A line stands for itself, so an interruption loses at most the row under way, and one line that is
damaged takes no other with it.
"""

import os
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from srbench.errors import SrbenchError
from srbench.files import require_utf8, unwritable, write_whole
from srbench.printable import printable_json
from srbench.records import Key, Record
from srbench.schema import SCHEMA

if TYPE_CHECKING:
    from pydantic import TypeAdapter

LARGEST_FILE = 2**29  # bytes; a record takes some kB, and all of a file is held in memory
HEAD = b'{"schema":%d,' % SCHEMA


@dataclass(frozen=True)
class Problem:
    """A line that is no record, counted from 1, and why; ``text`` is the line."""

    line: int
    why: str
    text: bytes = b""


@dataclass(frozen=True)
class Loaded:
    """A file's records with their line numbers, and the lines that are none."""

    path: Path
    records: tuple[Record, ...] = ()
    lines: tuple[int, ...] = ()
    problems: tuple[Problem, ...] = ()

    def line(self, record: Record) -> int | None:
        """The number of the line that a record stands on."""
        numbers = (n for n, one in zip(self.lines, self.records, strict=True) if one is record)
        return next(numbers, None)

    def require_sound(self) -> None:
        """Raises SrbenchError with the first problem, and how much is sound."""
        for problem in self.problems:
            raise SrbenchError(
                f"{self.path} line {problem.line}: {problem.why}",
                f"mend or delete the line; the other {len(self.records)} records are sound",
            )


def read(path: Path) -> Loaded:
    """Read a file line by line; one that does not exist holds nothing.

    Two records of one row are a problem of the second one's line. Raises SrbenchError for a file
    that cannot be read, or that is too large.
    """
    records: list[Record] = []
    lines: list[int] = []
    problems: list[Problem] = []
    first: dict[Key, int] = {}
    for number, text in _lines(path):
        try:
            record = parse(text)
        except ValueError as error:
            problems.append(Problem(number, str(error), text))
            continue
        before = first.setdefault(record.key, number)
        if before == number:
            records.append(record)
            lines.append(number)
        else:
            why = f"a second record of {record.row}: the first is on line {before}"
            problems.append(Problem(number, why, text))
    return Loaded(path, tuple(records), tuple(lines), tuple(problems))


def parse(line: bytes) -> Record:
    """A record from its line. Raises ValueError that says what is wrong with it."""
    from pydantic import ValidationError

    try:
        return _adapter().validate_json(_without_schema(line), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ValueError(f"not a record: {where + ': ' if where else ''}{first['msg']}") from error


def line(record: Record) -> bytes:
    """A record as its line, with the line's end."""
    return HEAD + printable_json(_adapter().dump_json(record)[1:].decode()).encode() + b"\n"


def append(path: Path, record: Record) -> None:
    """Add a record. Raises SrbenchError where the file cannot be written."""
    try:
        with path.open("ab+") as file:
            if file.tell():
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":  # an editor's, or an interrupted line's
                    file.write(b"\n")
            file.write(line(record))
    except OSError as error:
        raise unwritable(path, error) from error


def write(path: Path, records: Iterable[Record]) -> None:
    """Write a file anew, whole or not at all. Raises SrbenchError where it cannot be written."""
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
    """The record's JSON: cheap for lines that this srbench wrote; others are looked at closely."""
    if text.startswith(HEAD):
        return b"{" + text[len(HEAD) :]
    from pydantic_core import from_json, to_json

    try:
        found = from_json(text)
    except ValueError as error:
        raise ValueError(f"damaged or cut short: {error}") from error
    schema = found.pop("schema", None) if isinstance(found, dict) else None
    if not isinstance(schema, int) or isinstance(schema, bool):
        raise ValueError("not a record: it has no schema version")
    if schema != SCHEMA:
        age = "a newer" if schema > SCHEMA else "an older"
        raise ValueError(f"written by {age} srbench, schema {schema}; this one reads {SCHEMA}")
    return to_json(found)


@cache
def _adapter() -> "TypeAdapter[Record]":
    from pydantic import TypeAdapter

    return TypeAdapter(Record)
