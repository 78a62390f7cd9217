"""Errors that a user can cause: one line for the problem, and one for what to do.

Also the message for a row that any other error made fail.
"""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

In = TypeVar("In")
Out = TypeVar("Out")

# The command line's exit codes other than 0. After a signal it is 128 plus the signal's number.
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
        """The separate errors: several in a `CollectedError`, otherwise this one alone."""
        return (self,)


class CollectedError(SrbenchError):
    """Several errors at once; ``errors`` holds each of them."""

    def __init__(self, errors: Sequence[SrbenchError]) -> None:
        super().__init__("; ".join(map(str, errors)))
        self._errors = tuple(one for error in errors for one in error.errors)
        self.exit_code = errors[0].exit_code

    @property
    def errors(self) -> tuple[SrbenchError, ...]:
        return self._errors


class FileError(SrbenchError):
    """An error in a file, with the number of the line, from 1, if it is known."""

    def __init__(self, path: Path, what: str, hint: str = "", line: int | None = None) -> None:
        super().__init__(f"{path}{f' line {line}' if line else ''}: {what}", hint)
        self.path, self.what, self.line = path, what, line


def alternatives(values: Iterable[str]) -> str:
    """The values as ``a``, or as ``a, b or c``."""
    *others, last = values
    return f"{', '.join(others)} or {last}" if others else last


def together(values: Iterable[str]) -> str:
    """The values as ``a``, or as ``a, b and c``."""
    *others, last = values
    return f"{', '.join(others)} and {last}" if others else last


def several(numbers: int | Collection[int], noun: str) -> str:
    """A number, or the range of several, with its noun.

    >>> several(1, "row"), several({28, 124}, "round"), several(2, "process")
    ('1 row', '28 to 124 rounds', '2 processes')
    """
    known = {numbers} if isinstance(numbers, int) else numbers
    least, most = min(known), max(known)
    plural = "" if most == 1 else "es" if noun.endswith("s") else "s"
    return f"{least if least == most else f'{least} to {most}'} {noun}{plural}"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The beginning of a hint: the known name most similar to ``name``, if there is a similar one.

    >>> did_you_mean("resnet5", ["resnet50", "vgg16"])
    'did you mean resnet50? '
    """
    near = nearest(name, known)
    return f"did you mean {near}? " if near else ""


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name most similar to ``name``; empty if none is similar."""
    import difflib  # slow to import, and rarely needed

    return next(iter(difflib.get_close_matches(name, list(known), n=1)), "")


class SpecError(SrbenchError, ValueError):
    """An invalid spec, option or size, found before any model is built."""


class UnknownNameError(SpecError):
    """A model, a block or an option that does not exist."""


class BuildError(SrbenchError):
    """A model that cannot be built or cannot run on the given input size; only its row fails."""

    exit_code = ROWS_FAILED


class Terminated(KeyboardInterrupt):
    """A signal that asks the process to end, such as SIGTERM; it is treated like Ctrl-C."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = 128 + number


def ended_by(error: KeyboardInterrupt) -> int:
    """The exit code of a command that was interrupted."""
    return error.exit_code if isinstance(error, Terminated) else INTERRUPTED


def raise_all(errors: Sequence[SrbenchError]) -> None:
    """Raises the error if there is one, and a `CollectedError` if there are several."""
    if errors:
        raise errors[0] if len(errors) == 1 else CollectedError(errors)


def for_all(make: Callable[[In], Out], items: Iterable[In]) -> list[Out]:
    """The result of ``make`` for each item. Raises all errors at once, after trying every item."""
    made, errors = [], []
    for item in items:
        try:
            made.append(make(item))
        except SrbenchError as error:
            errors.append(error)
    raise_all(errors)
    return made


def some(texts: Sequence[str], most: int = 8) -> str:
    """The first ``most`` texts, and how many more there are.

    >>> some(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    more = f" and {len(texts) - most} more" if len(texts) > most else ""
    return ", ".join(texts[:most]) + more


def to_install(*packages: str) -> str:
    """The hint for missing packages, those of an extra. It names them and not the extra, so that
    it is right wherever srbench itself is from.

    >>> to_install("lightning-fabric", "scikit-learn")
    'install them: pip install lightning-fabric scikit-learn'
    """
    return f"install {'it' if len(packages) == 1 else 'them'}: pip install {' '.join(packages)}"


_SIZE = re.compile(r"tried to allocate (\d+ bytes|[\d.]+ ?[KMGT]?i?B)", re.IGNORECASE)

# What a third-party network or block may raise. For an interruption, which is not one of these, see
# `require_failure`.
FAILURES = (Exception, SystemExit)


REMEDIES = {  # by a part of the message; the first that matches is used
    "more than 1 value per channel": "a batch of 2 or more is needed",
    "busy or unavailable": "another process has the GPU, see nvidia-smi",
    "CUDA error": "another model may have caused it, and all later ones fail: time each alone",
    "before Module.__init__() call": "call super().__init__() first",
    "has no attribute '_modules'": "call super().__init__() first",
    "has no attribute '_parameters'": "call super().__init__() first",
    "does not require grad": "it runs without gradients, but under torch.enable_grad()",
    **dict.fromkeys(
        ("should be the same", "have the same dtype", "same datatype", "expected scalar type"),
        "give inputs in the dtype of the weights, or convert the model",
    ),
}


def require_failure(error: BaseException) -> None:
    """Raises the error again if it is an interruption, not a failure: Ctrl-C or a signal."""
    if isinstance(error, KeyboardInterrupt):
        raise error


def lacks_memory(error: BaseException) -> bool:
    """Whether memory ran out. torch has an error class for that on GPUs, but not on the CPU."""
    names = {cls.__name__ for cls in type(error).__mro__}
    return bool(names & {"MemoryError", "OutOfMemoryError"}) or "allocate memory" in _text(error)


def one_line(error: BaseException) -> str:
    """The error's first line; if memory ran out, how much was requested.

    >>> one_line(MemoryError("can't allocate memory: you tried to allocate 9000000000 bytes."))
    'out of memory: 9.00 GB were requested at once'
    >>> one_line(RuntimeError("CUDA error: all devices are busy or unavailable")).partition("; ")[2]
    'another process has the GPU, see nvidia-smi'
    """
    if isinstance(error, SrbenchError):
        return str(error)
    text = _text(error)
    if isinstance(error, SystemExit):
        return f"it called sys.exit({error.code!r}); raise an exception instead"
    if lacks_memory(error) and (size := _SIZE.search(text)):
        return f"out of memory: {_written(size[1])} were requested at once"
    line = (text.strip() or "no message").splitlines()[0]
    remedy = next((f"; {do}" for said, do in REMEDIES.items() if said in line), "")
    return f"{type(error).__name__}: {line}{remedy}"


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except FAILURES:  # an exception's __str__ may raise another
        return ""


def _written(size: str) -> str:
    number, _, unit = size.partition(" ")
    return f"{int(number) / 1e9:.2f} GB" if unit == "bytes" else size
