"""How the C library's malloc treats memory that is freed: whether the process keeps it.

By default glibc gives large pieces back to the system, and whether it does depends on what else
lies where. The call that takes them anew pays for a page fault every 4 KiB, which makes a backward
pass of ResNet-18 half as slow again, in one call and not in the next. torch's allocator on a GPU
keeps what it has.
"""

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

# glibc's parameters of mallopt
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_MMAP_MAX = -1, -3, -4
KEEPING = {M_TRIM_THRESHOLD: -1, M_MMAP_MAX: 0}  # never give back, never ask for a piece by itself
# Where glibc gets to by itself once large pieces were freed; it stops adapting when it is told any.
ADAPTED = {
    M_TRIM_THRESHOLD: ("MALLOC_TRIM_THRESHOLD_", 64 * 2**20),
    M_MMAP_THRESHOLD: ("MALLOC_MMAP_THRESHOLD_", 32 * 2**20),
    M_MMAP_MAX: ("MALLOC_MMAP_MAX_", 65_536),
}


@contextmanager
def freed_memory_kept() -> Iterator[str]:
    """Let the process keep what it frees, where its malloc can be told so; what was kept is given
    back at the end, and malloc goes on as it does in a process that has freed large pieces, or as
    the environment has it. Yields what a record says of it: ``"kept"``, or ``"up to malloc"``."""
    if not _set(KEEPING):
        yield "up to malloc"
        return
    try:
        yield "kept"
    finally:
        _set({one: _from_environment(name, usual) for one, (name, usual) in ADAPTED.items()})
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


def _from_environment(name: str, usual: int) -> int:
    value = os.environ.get(name, "")
    return int(value) if value.isdecimal() else usual


@cache
def _library() -> Any:
    """The C library of this process, on Linux; others have no such functions. None where another
    malloc was loaded before it, such as jemalloc: glibc's would answer, and decide nothing."""
    is_asked = sys.platform == "linux" and "malloc" not in os.environ.get("LD_PRELOAD", "")
    return ctypes.CDLL(None) if is_asked else None
