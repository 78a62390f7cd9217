"""A file of records that grows as they are measured."""

from collections.abc import Callable, Hashable, Iterable
from pathlib import Path

from srbench.files import require_writable
from srbench.records.jsonl import HEADS, Loaded, append, read, write
from srbench.records.locks import locked
from srbench.records.record import Record


class RecordFile:
    """A file that records are added to as they are measured; each is written immediately.

    Several processes may add records to one file: each reads what the others have added.
    ``identity`` decides which records are of one row: a new one replaces the old one.
    """

    def __init__(
        self, path: Path, identity: Callable[[Record], Hashable] = lambda record: record.key
    ) -> None:
        """Open a file, which need not exist.

        A last line that was cut short while it was written is left out: ``cut_short`` is its
        number. Raises SrbenchError if any other line is not a record.
        """
        self.path = path
        self._identity = identity
        self._is_writable = False
        self._records: dict[Hashable, Record] = {}
        self._own: dict[Hashable, Record] = {}
        self._read()

    @property
    def records(self) -> tuple[Record, ...]:
        return tuple(self._records.values())

    def require_writable(self) -> None:
        """Raises SrbenchError if the file cannot be written; later calls are cheap."""
        if not self._is_writable:
            require_writable(self.path)
            self._is_writable = True

    def find(self, identity: Hashable) -> Record | None:
        """The record of that row."""
        return self._records.get(identity)

    def refresh(self) -> None:
        """Read what other processes have added. Raises SrbenchError as opening does."""
        if self._version() != self._seen:
            self._read()

    def put(self, record: Record) -> None:
        """Add a record, or replace that of the same row; an equal one stays."""
        with locked(self.path):
            self.refresh()
            identity = self._identity(record)
            before = self._records.get(identity)
            if before is not None and record.is_like(before):
                return
            self._records[identity] = self._own[identity] = record
            if before is None and not self._is_incomplete:
                append(self.path, record)
                self._seen = self._version()
            else:
                self._write()

    def restore(self) -> None:
        """Write this process's records again if they have been removed since."""
        with locked(self.path):
            self.refresh()
            if self._is_incomplete:
                self._write()

    def arrange(self, order: Callable[[Iterable[Record]], Iterable[Record]]) -> None:
        """Reorder the records, or leave out some; the file is written only if that changes it, or
        if it is of an older schema."""
        with locked(self.path):
            self.refresh()
            arranged = {self._identity(record): record for record in order(self.records)}
            if [*arranged] != [*self._records] or self._is_incomplete or self._is_older:
                self._records = arranged
                self._write()

    def _read(self) -> None:
        seen = self._version()  # before reading, so that what is written meanwhile is read again
        loaded = read(self.path)
        self.cut_short = _cut_short(loaded)
        if not self.cut_short:
            loaded.require_sound()
        there = {self._identity(record): record for record in loaded.records}
        # Records of this process that have been removed since.
        lost = {key: record for key, record in self._own.items() if key not in there}
        self._records = there | lost
        self._is_incomplete = bool(self.cut_short or lost)
        self._is_older = loaded.is_older
        self._seen = seen

    def _write(self) -> None:
        write(self.path, self._records.values())
        self.cut_short = None
        self._is_incomplete = self._is_older = False
        self._seen = self._version()

    def _version(self) -> tuple[int, int, int] | None:
        """A value that changes whenever the file is written."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns


def _cut_short(loaded: Loaded) -> int | None:
    """The number of the only line that is not a record, if it is the last and was cut short."""
    if len(loaded.problems) != 1 or loaded.problems[0].text.endswith(b"\n"):
        return None
    from pydantic_core import from_json

    text = loaded.problems[0].text
    try:
        from_json(text)  # complete JSON, so something else is wrong
    except ValueError:
        begun = any(text.startswith(head[: len(text)]) for head in HEADS.values())
        return loaded.problems[0].line if begun else None
    return None
