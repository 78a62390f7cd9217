"""pydantic's errors about data, in plain words."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

Where = tuple[str | int, ...]  # the path of a value in data

# By pydantic's type of error: what a value must be, and how that is written.
KINDS = {
    "string_type": ("a text", 'put it in quotes: "…"'),
    "int_type": ("a whole number", "write its digits alone, such as 224"),
    "float_type": ("a number", "write it in digits, such as 0.05"),
    "bool_type": ("true or false", "write one of these two words, without quotes"),
    "list_type": ("a list", "put its entries in brackets: [ …, … ]"),
    "dict_type": ("a table", "write key = value, line by line, below its heading in brackets"),
    "model_type": ("a table", "write key = value, line by line, below its heading in brackets"),
}
# By the same key, the message and remedy of other errors; pydantic's details are filled in.
SENTENCES = {
    "missing": ("{where} is missing", "add it"),
    "extra_forbidden": ("unknown key {where}", "leave it out"),
    "too_short": ("{where} is empty", "give it a value"),
    "greater_than": ("{where} must be more than {gt:g}", "give another number"),
    "greater_than_equal": ("{where} must be {ge:g} or more", "give another number"),
    "less_than_equal": ("{where} must be {le:g} or less", "give another number"),
    "literal_error": ("{where} must be {expected}", "write one of these"),
    "value_error": ("{where}: {error}", "give another value"),
}


def by_place(error: "ValidationError", data: Any) -> dict[Where, "list[ErrorDetails]"]:
    """The errors by the path of the value that they are about.

    If a value may be of several types, pydantic reports why it is none of them. Only the errors of
    the closest type are kept, or those saying that it is of none.
    """
    found: dict[Where, list[ErrorDetails]] = {}
    for details in error.errors(include_url=False):
        found.setdefault(_path(details, data), []).append(details)
    return {
        where: [d for d in several if d["type"] not in KINDS] or several
        for where, several in found.items()
        if not any(other[: len(where)] == where != other for other in found)
    }


def sentence(several: "Sequence[ErrorDetails]", where: str) -> tuple[str, str]:
    """What is wrong with a value, called ``where``, and what to do about it.

    >>> sentence([{"type": "string_type", "loc": ("caption",), "msg": "", "input": 1}], "caption")
    ('caption must be a text', 'put it in quotes: "…"')
    """
    first = several[0]
    if first["type"] in KINDS:
        nouns, hints = zip(*dict.fromkeys(KINDS[d["type"]] for d in several), strict=True)
        return f"{where} must be {' or '.join(nouns)}", "; or ".join(hints)
    said, hint = SENTENCES.get(first["type"], ("{where}: {msg}", "give another value"))
    context = first.get("ctx", {})
    own = getattr(context.get("error"), "hint", "")
    told = getattr(context.get("error"), "message", context.get("error"))
    return said.format(**{**context, "error": told}, where=where, msg=first["msg"]), own or hint


def _path(details: "ErrorDetails", data: Any) -> Where:
    """The path of a value in the data, without the names of types that pydantic adds to it."""
    where: Where = ()
    for part in details["loc"]:
        is_there = (
            part in data
            if isinstance(data, dict)
            else isinstance(data, list) and isinstance(part, int) and part < len(data)
        )
        if is_there:
            where, data = (*where, part), data[part]
    return (*where, details["loc"][-1]) if details["type"] == "missing" else where
