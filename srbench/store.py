"""Records as JSON lines: one record a line, with the schema's version, appended as measured.

A line stands for itself, so an interruption loses at most the row under way, and one line that is
damaged takes no other with it.
"""

import os
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from srbench.errors import SrbenchError
from srbench.files import require_writable, unwritable, write_whole
from srbench.records import Key, Record
from srbench.results import SCHEMA

if TYPE_CHECKING:
    from pydantic import TypeAdapter

LARGEST_FILE = 2**29  # bytes; a record takes some kB, and all of a file is held in memory
_HEAD = b'{"schema":%d,' % SCHEMA


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


class RecordFile:
    """A file that records are put into as they are measured, each kept at once.

    ``identity`` tells which records are of one row: a new one takes the old one's place.
    """

    def __init__(
        self, path: Path, identity: Callable[[Record], Hashable] = lambda record: record.key
    ) -> None:
        """Open a file, which need not exist.

        A last line that was cut short while it was written is left out: ``cut_short`` is its
        number. Raises SrbenchError where any other line is no record.
        """
        loaded = read(path)
        self.cut_short = _cut_short(loaded)
        if not self.cut_short:
            loaded.require_sound()
        self.path = path
        self._identity = identity
        self._records = {identity(record): record for record in loaded.records}
        self._is_writable = False

    @property
    def records(self) -> tuple[Record, ...]:
        return tuple(self._records.values())

    def require_writable(self) -> None:
        """Raises SrbenchError where nothing can be put into it; cheap from the second time."""
        if not self._is_writable:
            require_writable(self.path)
            self._is_writable = True

    def find(self, like: Record) -> Record | None:
        """The record of the same row."""
        return self._records.get(self._identity(like))

    def put(self, record: Record) -> None:
        """Add a record, or put it in the place of that of the same row."""
        identity = self._identity(record)
        is_new = identity not in self._records
        self._records[identity] = record
        if is_new and not self.cut_short:
            append(self.path, record)
        else:
            write(self.path, self._records.values())
            self.cut_short = None


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
    return _HEAD + _adapter().dump_json(record)[1:] + b"\n"


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


def _cut_short(loaded: Loaded) -> int | None:
    """The number of the one line that is no record, if it is the last and ends in its middle."""
    if len(loaded.problems) != 1 or loaded.problems[0].text.endswith(b"\n"):
        return None
    from pydantic_core import from_json

    text = loaded.problems[0].text
    try:
        from_json(text)  # whole, so it is something else that is wrong with it
    except ValueError:
        return loaded.problems[0].line if text.startswith(_HEAD[: len(text)]) else None
    return None


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
    if text.startswith(_HEAD):
        return b"{" + text[len(_HEAD) :]
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
