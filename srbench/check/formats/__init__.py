"""The formats of CI services that a check can be written in. A writer is loaded when it is used."""

from collections.abc import Callable, Sequence
from pkgutil import resolve_name

from srbench.check.outcomes import Result

FORMATS = {
    "github": "github:annotations",
    "junit": "junit:to_junit",
    "gitlab": "gitlab:to_gitlab",
    "badge": "badge:to_badge",
}


def written(form: str, results: Sequence[Result]) -> str:
    """The results of a check in one of the formats."""
    write: Callable[[Sequence[Result]], str] = resolve_name(f"{__name__}.{FORMATS[form]}")
    return write(results)
