"""What is said of an error on the row that it failed: one line, with the size asked for."""

import re

_SIZE = re.compile(r"tried to allocate (\d+ bytes|[\d.]+ ?[KMGT]?i?B)", re.IGNORECASE)


def lacks_memory(error: BaseException) -> bool:
    """Whether memory ran out: torch has a class for that on GPUs, and none on the CPU."""
    names = {cls.__name__ for cls in type(error).__mro__}
    return bool(names & {"MemoryError", "OutOfMemoryError"}) or "allocate memory" in str(error)


def told(error: BaseException) -> str:
    """The error's first line; of lack of memory, how much was asked for.

    >>> told(MemoryError("can't allocate memory: you tried to allocate 9000000000 bytes."))
    'out of memory: 9.00 GB were asked for at once'
    """
    if lacks_memory(error) and (size := _SIZE.search(str(error))):
        return f"out of memory: {_written(size[1])} were asked for at once"
    line = (str(error).strip() or "no message").splitlines()[0]
    remedy = "; use --batch-size 2 or more" if "more than 1 value per channel" in line else ""
    return f"{type(error).__name__}: {line}{remedy}"


def _written(size: str) -> str:
    number, _, unit = size.partition(" ")
    return f"{int(number) / 1e9:.2f} GB" if unit == "bytes" else size
