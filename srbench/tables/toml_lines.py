"""The lines of the keys of a TOML file, which tomllib does not report."""

import re
import tomllib
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import Any

from srbench.records.validation import Where

_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE_KEY = re.compile(r"[\w-]+", re.ASCII)
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}' r"|'''.*?'{3,5}" r'|"(?:\\.|[^"\\])*"' r"|'[^']*'", re.DOTALL
)
_OTHER_VALUE = re.compile(r"[^,\]}#\n]+")  # a number, a date, true or false


def lines(text: str) -> dict[Where, int]:
    """The line, from 1, of every table, key and entry of a list, by its path.

    A path has keys, and the numbers of list entries from 0. A table that several lines add to has
    the first of these lines. The result is empty for a text that is not TOML, or that is not
    understood as tomllib does: no line is better than a wrong one.

    >>> found = lines("a = 1\\n[[rows]]\\nmodels = ['x',\\n  'y']")
    >>> found["rows", 0], found["rows", 0, "models"], found["rows", 0, "models", 1]
    (2, 3, 4)
    """
    try:
        known = set(_paths(tomllib.loads(text)))
        found = _Scan(text).found
    except (ValueError, RecursionError):
        return {}
    return found if found.keys() == known else {}


class _Scan:
    """Goes once over a text that is known to be TOML; ``found`` has the line of every path."""

    def __init__(self, text: str) -> None:
        self.found: dict[Where, int] = {}
        self._text, self._at = text, 0
        self._line_ends = [match.start() for match in re.finditer("\n", text)]
        self._last: dict[Where, int] = {}  # the current entry of each [[list]]
        table: Where = ()
        while self._skip() < len(text):
            if self._has("["):
                table = self._header()
            else:
                self._pair(table)

    def _header(self) -> Where:
        is_list, line = self._has("["), self._line()
        *above, name = self._key()
        table: Where = (*self._put((), above, line), name)
        self._require("]")
        if is_list:
            self._require("]")
            self.found.setdefault(table, line)
            self._last[table] = self._last.get(table, -1) + 1
        return self._put(table[:-1], [name], line)

    def _pair(self, table: Where) -> None:
        line = self._line()
        path = self._put(table, self._key(), line)
        self._require("=")
        self._value(path)

    def _value(self, path: Where) -> None:
        self._skip()
        if self._has("["):
            number = 0
            while self._skip() and not self._has("]"):
                self.found[*path, number] = self._line()
                self._value((*path, number))
                self._separate()
                number += 1
        elif self._has("{"):
            while self._skip() and not self._has("}"):
                self._pair(path)
                self._separate()
        elif not self._match(_STRING):
            self._take(_OTHER_VALUE)

    def _separate(self) -> None:
        self._skip()
        self._has(",")

    def _key(self) -> list[str]:
        parts = [self._key_part()]
        while self._has("."):
            parts.append(self._key_part())
        return parts

    def _key_part(self) -> str:
        self._skip()
        quoted = self._match(_STRING)
        part: str = tomllib.loads(f"it={quoted}")["it"] if quoted else self._take(_BARE_KEY)
        self._skip()
        return part

    def _put(self, table: Where, keys: Iterable[str], line: int) -> Where:
        """The path of the keys below a table, each with its line if it has none yet."""
        for key in keys:
            table = (*table, key)
            self.found.setdefault(table, line)
            if table in self._last:
                table = (*table, self._last[table])
                self.found.setdefault(table, line)
        return table

    def _line(self) -> int:
        return bisect_left(self._line_ends, self._at) + 1

    def _skip(self) -> int:
        """Pass over space, line ends and comments."""
        self._match(_SPACE)
        return self._at

    def _has(self, mark: str) -> bool:
        """Whether a mark comes next; if so, it is passed over."""
        found = self._text.startswith(mark, self._at)
        self._at += found
        return found

    def _require(self, mark: str) -> None:
        if not self._has(mark):
            raise ValueError(f"no {mark} at {self._at}")

    def _match(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return found[0] if found else ""

    def _take(self, pattern: re.Pattern[str]) -> str:
        if not (found := self._match(pattern)):
            raise ValueError(f"not understood at {self._at}")
        return found


def _paths(value: Any, where: Where = ()) -> Iterator[Where]:
    """The paths of all that is in a table or a list."""
    parts = value.items() if isinstance(value, dict) else enumerate(value)
    for key, part in parts:
        yield (*where, key)
        if isinstance(part, dict | list):
            yield from _paths(part, (*where, key))
