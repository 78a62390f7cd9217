"""Errors that a user can cause: one line that says what, one that says what to do."""

from collections.abc import Iterable

# The command line's exit codes, beside 0; a signal's is 128 and its number.
GATE_FAILED, BAD_INPUT, INCONCLUSIVE, ROWS_FAILED, OUR_FAULT, INTERRUPTED = 1, 2, 3, 4, 70, 130


class SrbenchError(Exception):
    """What went wrong (``message``), what to do about it (``hint``), and the exit code."""

    exit_code = BAD_INPUT

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The beginning of a hint: the nearest of the names that there are, if one is near.

    >>> did_you_mean("resnet5", ["resnet50", "vgg16"])
    'did you mean resnet50? '
    """
    import difflib  # slow to import, and rarely needed

    near = difflib.get_close_matches(name, list(known), n=1)
    return f"did you mean {near[0]}? " if near else ""


class SpecError(SrbenchError, ValueError):
    """A spec, an option or a size that does not say what it should: known before any building."""


class BuildError(SrbenchError):
    """A model that cannot be built, or cannot run on the input size asked for: a row that fails."""

    exit_code = ROWS_FAILED


class Terminated(KeyboardInterrupt):
    """A signal that asks the process to end, such as SIGTERM: it is treated as Ctrl-C is."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = 128 + number


def ended_by(error: KeyboardInterrupt) -> int:
    """The exit code of a command that was interrupted."""
    return error.exit_code if isinstance(error, Terminated) else INTERRUPTED
