"""A layout's file as it is, right or wrong, and the errors for everything wrong in it."""

import json
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from srbench.errors import FileError, SrbenchError, raise_all
from srbench.files import read_text
from srbench.records.validation import Where
from srbench.tables.toml_lines import lines

GROUPS = "rows"
EXPLAINED = "`srbench init` writes a layout that explains every key"


class Mistake(NamedTuple):
    """What is wrong at a place in a layout, and what to do about it."""

    where: Where
    message: str
    hint: str

    @classmethod
    def of(cls, where: Where, error: SrbenchError) -> "Mistake":
        """An error about a value, after the words for its place."""
        return cls(where, f"{described(where)}: {error.message}", error.hint)


@dataclass(frozen=True)
class Draft:
    """A file of TOML: its text, and what tomllib reads in it."""

    path: Path
    text: str
    data: dict[str, Any]

    def texts(self, *where: str | int) -> dict[Where, str]:
        """The texts among the entries of a list, by their places; none if there is no list."""
        found = self.value(where)
        entries = enumerate(found) if isinstance(found, list) else ()
        return {(*where, n): entry for n, entry in entries if isinstance(entry, str)}

    def keys(self, *where: str | int) -> dict[Where, str]:
        """The keys of a table, by their places; none if there is no table."""
        found = self.value(where)
        return {(*where, key): key for key in found} if isinstance(found, dict) else {}

    def groups(self) -> Iterable[int]:
        """The numbers of the groups of rows."""
        found = self.value((GROUPS,))
        return range(len(found)) if isinstance(found, list) else ()

    def require_right(self, wrong: Iterable[Mistake]) -> None:
        """Raises all that is wrong at once, ordered by line."""
        if wrong := list(dict.fromkeys(wrong)):
            known = lines(self.text)
            placed = [(_line(known, where) or 0, message, hint) for where, message, hint in wrong]
            placed.sort(key=lambda one: one[0])
            raise_all(
                [FileError(self.path, what, hint, line or None) for line, what, hint in placed]
            )

    def value(self, where: Where) -> Any:
        """The value at a place; None if it has none."""
        found: Any = self.data
        for key in where:
            kind = list if isinstance(key, int) else dict
            is_there = isinstance(found, kind) and (kind is list or key in found)
            found = found[key] if is_there else None
        return found


def read(path: Path) -> Draft:
    """Read a layout's file. Raises SrbenchError if it cannot be read, or is not TOML."""
    require_name(path.stem)
    return drafted(path, read_text(path, "give a table, or a folder of tables"))


def drafted(path: Path, text: str) -> Draft:
    """A layout's text as if it were the file's. Raises SrbenchError if it is not TOML."""
    try:
        return Draft(path, text, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise SrbenchError(f"{path} is not TOML: {error}", "correct the line it names") from error
    except RecursionError:
        raise SrbenchError(f"{path} is nested too deeply", EXPLAINED) from None
    except ValueError as error:  # for example, from a number with thousands of digits
        raise SrbenchError(f"{path}: {error}", EXPLAINED) from error


def require_name(name: str) -> None:
    """Raises SrbenchError for text that cannot be the name of a table."""
    if not re.fullmatch(r"[\w-]+", name):
        raise SrbenchError(
            f"{name!r} is not a valid table name", "use only letters, digits, _ and -"
        )


def described(where: Where) -> str:
    """A place in words, with numbers from 1.

    >>> described(("rows", 1, "models", 0))
    'the 1st of models in the 2nd [[rows]]'
    >>> described(("names", "resnet18+sr"))
    '"resnet18+sr" in [names]'
    """
    *above, last = where
    if above == [GROUPS]:
        return f"the {_nth(last)} [[{GROUPS}]]"
    if isinstance(last, int):
        return f"the {_nth(last)} of {described(tuple(above))}"
    key = last if re.fullmatch(r"[\w-]+", last, re.ASCII) else json.dumps(last, ensure_ascii=False)
    owner = (
        f" in [{above[0]}]"
        if len(above) == 1
        else f" in {described(tuple(above))}"
        if above
        else ""
    )
    return key + owner


def _nth(index: str | int) -> str:
    """The ordinal of an index from 0: 1st, 2nd, 11th."""
    number = int(index) + 1
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10)
    return f"{number}{ending or 'th'}"


def _line(known: dict[Where, int], where: Where) -> int | None:
    """The line of a place; for a missing key, that of the table that lacks it."""
    places = (where[:length] for length in range(len(where), 0, -1))
    return next((known[place] for place in places if place in known), None)
