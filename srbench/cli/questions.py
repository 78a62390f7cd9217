"""Questions on a terminal. They go to stderr, since stdout is for data."""

import sys
from collections.abc import Callable
from typing import TypeVar

from srbench.cli.messages import complain_about, is_seen
from srbench.errors import SrbenchError
from srbench.records.printable import printable

T = TypeVar("T")

YES, NO = ("y", "yes"), ("n", "no")


def can_ask() -> bool:
    """Whether somebody sees the questions and can answer."""
    return is_seen() and sys.stdin is not None and not sys.stdin.closed and sys.stdin.isatty()


def ask(question: str, usual: str, understand: Callable[[str], T]) -> T:
    """What ``understand`` makes of the answer; Enter alone is an empty answer, for what is usual.

    If it raises SrbenchError, the error is shown and the question is asked again.
    Raises SrbenchError if there are no more answers.
    """
    while True:
        try:
            return understand(_answer(f"{question} [{usual}]: "))
        except EOFError as end:
            raise SrbenchError(
                "the questions were not answered, and nothing was written",
                "answer them, or give options: see `srbench init --help`",
            ) from end
        except SrbenchError as error:
            complain_about(error)


def ask_yes(question: str) -> bool:
    """Whether the answer is yes, which it is for Enter alone. Raises SrbenchError as `ask` does."""
    return ask(question, "Y/n", _is_yes)


def _is_yes(answer: str) -> bool:
    if (word := answer.lower()) in (*YES, ""):
        return True
    if word in NO:
        return False
    raise SrbenchError(f"{answer!r} is neither yes nor no", "answer y or n")


def _answer(prompt: str) -> str:
    """A line from the terminal, without the spaces around it. Raises EOFError at the end."""
    sys.stderr.write(printable(prompt))
    sys.stderr.flush()
    try:
        line = sys.stdin.readline()
    except UnicodeDecodeError as error:
        raise SrbenchError(f"the answer is not {error.encoding}", "type it again") from error
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        raise
    if not line:
        sys.stderr.write("\n")
        raise EOFError
    return line.strip()
