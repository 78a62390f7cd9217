"""Text that somebody else wrote stays where it is put: what is not printable becomes visible."""

import json
import re
import unicodedata
from typing import Any

_SUSPECT = re.compile(r"[^ -~]")
_SUSPECT_IN_JSON = re.compile(r"[^ -~\n]")


def printable(text: str) -> str:
    r"""The text on one line: what is not printable as Python's escapes, all else as it is.

    Letters of every script and spaces of every width are printable. A text that begins with ``::``
    or holds ``##`` would be a command to a CI that reads the line, and is none any more.

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
    """A text, or those of a tuple, made printable; any other value as it is."""
    if isinstance(value, str):
        return printable(value)
    return tuple(map(all_printable, value)) if type(value) is tuple else value


def printable_json(text: str) -> str:
    r"""JSON that says the same without a character that is not printable, but for line feeds.

    Such characters stand in its strings alone, where JSON has escapes for them.

    >>> print(printable_json('["left \u202e right", "Größe"]'))
    ["left \u202e right", "Größe"]
    """
    if text.isascii() and "\x7f" not in text:  # who writes JSON has escaped the others
        return text
    return _SUSPECT_IN_JSON.sub(lambda found: _visible_in_json(found[0]), text)


def _visible(character: str) -> str:
    escape = character.encode("unicode_escape").decode()
    return character if _is_printable(character) else escape


def _visible_in_json(character: str) -> str:
    return character if _is_printable(character) else json.dumps(character)[1:-1]


def _is_printable(character: str) -> bool:
    return character.isprintable() or unicodedata.category(character) == "Zs"
