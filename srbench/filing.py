"""A file of records that grows as they are measured."""

from collections.abc import Callable, Hashable
from pathlib import Path

from srbench.files import require_writable
from srbench.records import Record
from srbench.store import HEAD, Loaded, append, read, write


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


def _cut_short(loaded: Loaded) -> int | None:
    """The number of the one line that is no record, if it is the last and ends in its middle."""
    if len(loaded.problems) != 1 or loaded.problems[0].text.endswith(b"\n"):
        return None
    from pydantic_core import from_json

    text = loaded.problems[0].text
    try:
        from_json(text)  # whole, so it is something else that is wrong with it
    except ValueError:
        return loaded.problems[0].line if text.startswith(HEAD[: len(text)]) else None
    return None
