"""Handles a stdout or stderr that is closed, full, or cannot encode a character."""

import io
import os
import signal
import sys
from typing import NoReturn

from srbench.errors import SrbenchError


class ClosedStdout(io.TextIOBase):
    """Stands for a closed stdout: what is written to it would be lost."""

    def write(self, text: str) -> int:
        raise SrbenchError("stdout is closed", "open it, or give --output FILE")


class _Forgiving(io.TextIOWrapper):
    """A stderr that may be full or closed: the result matters more than the messages."""

    def write(self, text: str) -> int:
        try:
            return super().write(text)
        except (OSError, ValueError):
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except (OSError, ValueError):
            return


def prepare() -> None:
    """Make both streams writable. The command line calls this once."""
    _fill_closed_places()
    if sys.stdout is None:
        sys.stdout = ClosedStdout()
    elif isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without Unicode still gets its table
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - never closed
    elif isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr = _Forgiving(
            sys.stderr.buffer, sys.stderr.encoding, "replace", line_buffering=True
        )


def is_stdout_open() -> bool:
    return not isinstance(sys.stdout, ClosedStdout)


def require_stdout() -> None:
    """Raises SrbenchError if stdout is closed."""
    if not is_stdout_open():
        sys.stdout.write("")


def show(text: str, is_data: bool = False) -> None:
    """Write to stdout; ``is_data`` is written as UTF-8 with ``\\n`` on any system, as in a file.

    Raises SrbenchError if it cannot be written, and BrokenPipeError if the reader has left.
    """
    if is_data and isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        _forget_stdout()
        raise SrbenchError(
            f"cannot write to stdout: {error.strerror}", "make room there, or give --output FILE"
        ) from error


def end_without_reader() -> NoReturn:
    """End quietly since the reader has left, as in `srbench models | head -1`."""
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGPIPE)
    os._exit(0)


def _fill_closed_places() -> None:
    """Occupy the numbers of closed streams, or a file opened later would receive their output."""
    number = os.open(os.devnull, os.O_RDWR)
    while number <= 2:
        number = os.open(os.devnull, os.O_RDWR)
    os.close(number)


def _forget_stdout() -> None:
    """Keep Python from writing again at its exit, which would change the exit code."""
    if sys.stdout is sys.__stdout__:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
