"""Overheads in words, in a file of their own."""

from collections.abc import Callable, Sequence
from pathlib import Path

from srbench.errors import SrbenchError, alternatives
from srbench.files import write_whole
from srbench.records.results import Results
from srbench.report.formats import latex, markdown
from srbench.report.in_words import in_words
from srbench.report.look import PLAIN, Look
from srbench.report.names import Names

WRITERS: dict[str, Callable[[Sequence[str]], list[str]]] = {
    ".txt": list,
    ".md": markdown.prose,
    ".tex": latex.prose,
}


def require_prose(path: Path) -> None:
    """Raises SrbenchError for a file name of another kind."""
    if path.suffix.lower() not in WRITERS:
        raise SrbenchError(
            f"{path} is not the name of a text", f"end it in {alternatives(WRITERS)}"
        )


def write_words(results: Results, path: Path, look: Look = PLAIN) -> Path:
    """Write the overheads in words; an empty file if there are none. Returns the path.

    Raises SrbenchError where the file cannot be written.
    """
    words = in_words(list(results), Names(results, look.names), look.names)
    lines = WRITERS[path.suffix.lower()](words)
    write_whole(path, "\n".join(lines).strip() + "\n")
    return path
