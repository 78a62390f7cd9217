"""Errors that a user can cause: one line that says what, one that says what to do."""


class SrbenchError(Exception):
    """What went wrong (``message``), what to do about it (``hint``), and the exit code.

    Exit codes are those of the command line: 1 a gate failed, 2 wrong usage or bad input,
    3 inconclusive, 4 some rows failed.
    """

    exit_code = 2

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class SpecError(SrbenchError, ValueError):
    """A spec, an option or a size that does not say what it should."""


class BuildError(SrbenchError):
    """A model that cannot be built, or cannot run on the input size asked for."""
