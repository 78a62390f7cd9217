"""GitHub's workflow commands: an annotation at the file and line of each finding."""

from collections.abc import Sequence

from srbench.check.outcomes import Level, Result
from srbench.records.printable import printable

LEVELS: dict[Level, str] = {"failure": "error", "error": "error", "warning": "warning"}


def annotations(results: Sequence[Result]) -> str:
    """A line for everything that did not pass."""
    return "".join(f"{_annotation(one)}\n" for one in results if one.level in LEVELS)


def _annotation(result: Result) -> str:
    places = {"file": result.file, "line": result.line, "title": result.title}
    told = ",".join(f"{k}={_property(str(v))}" for k, v in places.items() if v is not None)
    return f"::{LEVELS[result.level]} {told}::{_message(*result.lines)}"


def _message(*lines: str) -> str:
    return "%0A".join(printable(line).replace("%", "%25") for line in lines)


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
