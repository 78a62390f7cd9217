"""Makes text from other people safe to print: characters that are not printable become visible."""

import json
import re
import unicodedata
from typing import Any

_SUSPECT = re.compile(r"[^ -~]")
_SUSPECT_IN_JSON = re.compile(r"[^ -~\n]")


def printable(text: str) -> str:
    r"""The text on one line, with Python's escapes for characters that are not printable.

    Letters of every script and spaces of every width are printable. ``::`` at the beginning and
    ``##`` anywhere are escaped too, since a CI that reads the line would take them for a command.

    >>> printable("Größe 3×3")
    'Größe 3×3'
    >>> print(printable("\x1b[2J, \u202e and\n::error::made up"))
    \x1b[2J, \u202e and\n::error::made up
    >>> print(printable("::error::made up"))
    \x3a:error::made up
    """
    if text.isprintable() and "::" not in text and "##" not in text:
        return text
    shown = _SUSPECT.sub(lambda found: _visible(found[0]), text).replace("##", r"#\x23")
    return shown.replace(":", r"\x3a", 1) if shown.lstrip().startswith("::") else shown


def all_printable(value: Any) -> Any:
    """A text, or the texts of a tuple, made printable; any other value unchanged."""
    if isinstance(value, str):
        return printable(value)
    return tuple(map(all_printable, value)) if type(value) is tuple else value


def printable_json(text: str) -> str:
    r"""Equivalent JSON in which all characters are printable, except for line feeds.

    Characters that are not printable occur only in strings, where JSON has escapes for them.

    >>> print(printable_json('["left \u202e right", "Größe"]'))
    ["left \u202e right", "Größe"]
    """
    if text.isascii() and "\x7f" not in text:  # JSON writers escape the others
        return text
    return _SUSPECT_IN_JSON.sub(lambda found: _visible_in_json(found[0]), text)


def _visible(character: str) -> str:
    escape = character.encode("unicode_escape").decode()
    return character if _is_printable(character) else escape


def _visible_in_json(character: str) -> str:
    return character if _is_printable(character) else json.dumps(character)[1:-1]


def _is_printable(character: str) -> bool:
    return character.isprintable() or unicodedata.category(character) == "Zs"
