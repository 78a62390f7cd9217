"""Errors that a user can cause: one line that says what, one that says what to do."""

# The command line's exit codes, beside 0.
GATE_FAILED, BAD_INPUT, INCONCLUSIVE, ROWS_FAILED, INTERRUPTED = 1, 2, 3, 4, 130


class SrbenchError(Exception):
    """What went wrong (``message``), what to do about it (``hint``), and the exit code."""

    exit_code = BAD_INPUT

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
