"""A file of records that grows as they are measured."""

from collections.abc import Callable, Hashable, Iterable
from pathlib import Path

from srbench.files import require_writable
from srbench.records.jsonl import HEADS, Loaded, append, read, write
from srbench.records.locks import locked
from srbench.records.record import Record


class RecordFile:
    """A file that records are put into as they are measured, each kept at once.

    Several processes may put records into one file: each takes in what the others have put there.
    ``identity`` tells which records are of one row: a new one takes the old one's place.
    """

    def __init__(
        self, path: Path, identity: Callable[[Record], Hashable] = lambda record: record.key
    ) -> None:
        """Open a file, which need not exist.

        A last line that was cut short while it was written is left out: ``cut_short`` is its
        number. Raises SrbenchError where any other line is no record.
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
        """Raises SrbenchError where nothing can be put into it; cheap from the second time."""
        if not self._is_writable:
            require_writable(self.path)
            self._is_writable = True

    def find(self, identity: Hashable) -> Record | None:
        """The record of that row."""
        return self._records.get(identity)

    def refresh(self) -> None:
        """Take in what other processes have put there; raises SrbenchError as opening does."""
        if self._version() != self._seen:
            self._read()

    def put(self, record: Record) -> None:
        """Add a record, or put it in the place of that of the same row; one that is there stays."""
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
        """Write again what this process put there, where somebody has taken it out since."""
        with locked(self.path):
            self.refresh()
            if self._is_incomplete:
                self._write()

    def arrange(self, order: Callable[[Iterable[Record]], Iterable[Record]]) -> None:
        """Put the records in another order, or leave out some; the file changes only if they do."""
        with locked(self.path):
            self.refresh()
            arranged = {self._identity(record): record for record in order(self.records)}
            if [*arranged] != [*self._records] or self._is_incomplete:
                self._records = arranged
                self._write()

    def _read(self) -> None:
        seen = self._version()  # before reading: what comes in between is read again
        loaded = read(self.path)
        self.cut_short = _cut_short(loaded)
        if not self.cut_short:
            loaded.require_sound()
        there = {self._identity(record): record for record in loaded.records}
        # What this process put there, and somebody has taken out since.
        lost = {key: record for key, record in self._own.items() if key not in there}
        self._records = there | lost
        self._is_incomplete = bool(self.cut_short or lost)
        self._seen = seen

    def _write(self) -> None:
        write(self.path, self._records.values())
        self.cut_short = None
        self._is_incomplete = False
        self._seen = self._version()

    def _version(self) -> tuple[int, int, int] | None:
        """What differs as soon as anybody has written the file."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns


def _cut_short(loaded: Loaded) -> int | None:
    """The number of the one line that is no record, if it is the last and ends in its middle."""
    if len(loaded.problems) != 1 or loaded.problems[0].text.endswith(b"\n"):
        return None
    from pydantic_core import from_json

    text = loaded.problems[0].text
    try:
        from_json(text)  # whole, so it is something else that is wrong with it
    except ValueError:
        begun = any(text.startswith(head[: len(text)]) for head in HEADS.values())
        return loaded.problems[0].line if begun else None
    return None
