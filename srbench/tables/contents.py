"""Versions of a file of records: what is in each line, and damaged lines in words."""

from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from srbench.errors import several
from srbench.files import unreadable
from srbench.records import jsonl
from srbench.records.record import Record


@dataclass(frozen=True)
class Content:
    """A version of a file: for every line, by its number, the text and the record in it, or why it
    is none."""

    lines: Mapping[int, tuple[bytes, Record | str]]

    @property
    def records(self) -> list[Record]:
        """The records, in the order of their lines."""
        return [found for _, found in self.lines.values() if isinstance(found, Record)]

    @property
    def problems(self) -> list[tuple[int, bytes, str]]:
        """The number and the text of each line that is no record, and why."""
        lines = self.lines.items()
        return [(number, text, why) for number, (text, why) in lines if isinstance(why, str)]


NOTHING = Content({})
LOST = Content({0: (b"", "git lacks its content: the clone is partial, or damaged")})


class Reader:
    """Parses contents. One that is used again is parsed once, and so is a line that the version
    before has as well."""

    def __init__(self, read: Callable[[str], bytes | None], uses: Counter[str | None]) -> None:
        self._read, self._uses = read, uses
        self._kept: dict[str, Content] = {}

    def content(self, blob: str | None, before: Content) -> Content:
        """A content in git; of no blob it is empty."""
        if blob is None:
            return NOTHING
        found = self._kept.pop(blob, None) or self._loaded(blob, before)
        self._uses[blob] -= 1
        if self._uses[blob]:
            self._kept[blob] = found
        return found

    def file(self, path: Path, before: Content) -> Content:
        """The content of a file. Raises SrbenchError if it cannot be read."""
        try:
            return _parsed(path.read_bytes(), before)
        except OSError as error:
            raise unreadable(path, error) from error

    def _loaded(self, blob: str, before: Content) -> Content:
        content = self._read(blob)
        return LOST if content is None else _parsed(content, before)


def _parsed(content: bytes, before: Content) -> Content:
    known = dict(before.lines.values())
    lines = content.removeprefix(BOM_UTF8).split(b"\n")
    texts = {number: text for number, line in enumerate(lines, 1) if (text := line.strip())}
    return Content({n: (text, known.get(text) or _record(text)) for n, text in texts.items()})


def _record(line: bytes) -> Record | str:
    """The record in a line, or why it is none."""
    try:
        return jsonl.parse(line)
    except ValueError as error:
        return str(error)


class Told:
    """Damaged lines in words: one for each version, about what no earlier version had as well."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._known: set[tuple[Path, bytes]] = set()

    def note(self, path: Path, commit: str, content: Content) -> None:
        """Describe the damaged lines of a version that are new."""
        new = [one for one in content.problems if (path, one[1]) not in self._known]
        self._known |= {(path, text) for _, text, _ in new}
        for number, _, why in new[:1]:
            at = f" line {number}" if number else ""
            more = f" (and {several(len(new) - 1, 'more line')})" if len(new) > 1 else ""
            self.lines.append(f"{path}{f' in {commit}' if commit else ''}{at}: {why}{more}")
