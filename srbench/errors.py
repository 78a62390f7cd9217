"""Errors that a user can cause: one line that says what, one that says what to do. And what is said
of any other error on the row that it failed."""

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

In = TypeVar("In")
Out = TypeVar("Out")

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

    @property
    def errors(self) -> "tuple[SrbenchError, ...]":
        """What is wrong, one by one."""
        return (self,)


class CollectedError(SrbenchError):
    """Several things that are wrong, each an error of its own in ``errors``."""

    def __init__(self, errors: Sequence[SrbenchError]) -> None:
        super().__init__("; ".join(map(str, errors)))
        self._errors = tuple(one for error in errors for one in error.errors)
        self.exit_code = errors[0].exit_code

    @property
    def errors(self) -> tuple[SrbenchError, ...]:
        return self._errors


class FileError(SrbenchError):
    """What is wrong in a file, and on which line, from 1, where that is known."""

    def __init__(self, path: Path, what: str, hint: str = "", line: int | None = None) -> None:
        super().__init__(f"{path}{f' line {line}' if line else ''}: {what}", hint)
        self.path, self.what, self.line = path, what, line


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The beginning of a hint: the nearest of the names that there are, if one is near.

    >>> did_you_mean("resnet5", ["resnet50", "vgg16"])
    'did you mean resnet50? '
    """
    near = nearest(name, known)
    return f"did you mean {near}? " if near else ""


def nearest(name: str, known: Iterable[str]) -> str:
    """The one of the names that is most like a name; empty where none is."""
    import difflib  # slow to import, and rarely needed

    return next(iter(difflib.get_close_matches(name, list(known), n=1)), "")


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


def raise_all(errors: Sequence[SrbenchError]) -> None:
    """Raises what is wrong: nothing, one error, or several as one."""
    if errors:
        raise errors[0] if len(errors) == 1 else CollectedError(errors)


def for_all(make: Callable[[In], Out], items: Iterable[In]) -> list[Out]:
    """What is made of each. Raises all their errors at once, after every one was tried."""
    made, errors = [], []
    for item in items:
        try:
            made.append(make(item))
        except SrbenchError as error:
            errors.append(error)
    raise_all(errors)
    return made


def some(texts: Sequence[str], most: int = 8) -> str:
    """The first of the texts, and how many more there are.

    >>> some(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    more = f" and {len(texts) - most} more" if len(texts) > most else ""
    return ", ".join(texts[:most]) + more


_SIZE = re.compile(r"tried to allocate (\d+ bytes|[\d.]+ ?[KMGT]?i?B)", re.IGNORECASE)

# What a network or a block of someone else's may end with, and with what is no class of these see
# `require_failure`.
FAILURES = (Exception, SystemExit)


REMEDIES = {  # the first that fits is told
    "more than 1 value per channel": "use --batch-size 2 or more",
    "busy or unavailable": "another process has the GPU, see nvidia-smi",
    "CUDA error": "it may be another model's, after which all fail: time each by itself",
    "before Module.__init__() call": "call super().__init__() first",
    "has no attribute '_modules'": "call super().__init__() first",
    "has no attribute '_parameters'": "call super().__init__() first",
}


def require_failure(error: BaseException) -> None:
    """Raises the error again if it is nobody's failure: Ctrl-C, or a signal."""
    if isinstance(error, KeyboardInterrupt):
        raise error


def lacks_memory(error: BaseException) -> bool:
    """Whether memory ran out: torch has a class for that on GPUs, and none on the CPU."""
    names = {cls.__name__ for cls in type(error).__mro__}
    return bool(names & {"MemoryError", "OutOfMemoryError"}) or "allocate memory" in _text(error)


def told(error: BaseException) -> str:
    """The error's first line; of lack of memory, how much was asked for.

    >>> told(MemoryError("can't allocate memory: you tried to allocate 9000000000 bytes."))
    'out of memory: 9.00 GB were asked for at once'
    >>> told(RuntimeError("CUDA error: all devices are busy or unavailable")).partition("; ")[2]
    'another process has the GPU, see nvidia-smi'
    """
    if isinstance(error, SrbenchError):
        return str(error)
    text = _text(error)
    if isinstance(error, SystemExit):
        return f"it called sys.exit({error.code!r}); raise an exception instead"
    if lacks_memory(error) and (size := _SIZE.search(text)):
        return f"out of memory: {_written(size[1])} were asked for at once"
    line = (text.strip() or "no message").splitlines()[0]
    remedy = next((f"; {do}" for said, do in REMEDIES.items() if said in line), "")
    return f"{type(error).__name__}: {line}{remedy}"


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except FAILURES:  # an exception's own method may raise another
        return ""


def _written(size: str) -> str:
    number, _, unit = size.partition(" ")
    return f"{int(number) / 1e9:.2f} GB" if unit == "bytes" else size
