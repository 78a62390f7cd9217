"""How the C library's malloc treats memory that is freed: whether the process keeps it.

By default glibc gives large pieces back to the system, and whether it does depends on what else
lies where. The call that takes them anew pays for a page fault every 4 KiB, which makes a backward
pass of ResNet-18 half as slow again, in one call and not in the next. torch's allocator on a GPU
keeps what it has.
"""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

# glibc's parameters of mallopt, and the values that they have in a new process
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4
DEFAULTS = {M_TRIM_THRESHOLD: 128 * 1024, M_MMAP_MAX: 65_536}
KEEPING = {M_TRIM_THRESHOLD: -1, M_MMAP_MAX: 0}  # never give back, never ask for a piece by itself


@contextmanager
def freed_memory_kept() -> Iterator[str]:
    """Let the process keep what it frees, where its malloc can be told so; what was kept is given
    back at the end. Yields what a record says of it: ``"kept"``, or ``"up to malloc"``."""
    if not _set(KEEPING):
        yield "up to malloc"
        return
    try:
        yield "kept"
    finally:
        _set(DEFAULTS)
        return_freed_memory()


def return_freed_memory() -> None:
    """Give the system back what this process has freed."""
    trim = getattr(_library(), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _set(parameters: dict[int, int]) -> bool:
    """Whether all parameters were taken."""
    mallopt = getattr(_library(), "mallopt", None)
    return mallopt is not None and all(mallopt(*one) for one in parameters.items())


@cache
def _library() -> Any:
    """The C library of this process, on Linux; others have no such functions."""
    return ctypes.CDLL(None) if sys.platform == "linux" else None
