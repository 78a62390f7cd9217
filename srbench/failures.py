"""What is said of an error on the row that it failed: one line, with the size asked for."""

import re

from srbench.errors import SrbenchError

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
