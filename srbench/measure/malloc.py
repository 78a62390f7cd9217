"""Whether the process keeps the memory that it frees, which the C library's malloc decides.

By default glibc may return large blocks to the system; whether it does depends on what else lies
where. The next call that allocates them pays for a page fault every 4 KiB, which makes a backward
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
KEEPING = {M_TRIM_THRESHOLD: -1, M_MMAP_MAX: 0}  # never return memory, never map a block separately
# The values that glibc adapts to once large blocks were freed; it stops adapting if one is set.
ADAPTED = {
    M_TRIM_THRESHOLD: ("MALLOC_TRIM_THRESHOLD_", 64 * 2**20),
    M_MMAP_THRESHOLD: ("MALLOC_MMAP_THRESHOLD_", 32 * 2**20),
    M_MMAP_MAX: ("MALLOC_MMAP_MAX_", 65_536),
}


@contextmanager
def freed_memory_kept() -> Iterator[str]:
    """Let the process keep the memory that it frees, if its malloc supports that. At the end the
    memory is returned, and malloc behaves as in a process that has freed large blocks, or as the
    environment sets it. Yields the value for the record: ``"kept"`` or ``"up to malloc"``."""
    if not _set(KEEPING):
        yield "up to malloc"
        return
    try:
        yield "kept"
    finally:
        _set({one: _from_environment(name, usual) for one, (name, usual) in ADAPTED.items()})
        return_freed_memory()


def return_freed_memory() -> None:
    """Return the memory that this process has freed to the system."""
    trim = getattr(_library(), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _set(parameters: dict[int, int]) -> bool:
    """Set malloc's parameters. Returns whether all were accepted."""
    mallopt = getattr(_library(), "mallopt", None)
    return mallopt is not None and all(mallopt(*one) for one in parameters.items())


def _from_environment(name: str, usual: int) -> int:
    value = os.environ.get(name, "")
    return int(value) if value.isdecimal() else usual


@cache
def _library() -> Any:
    """The C library of this process, on Linux; others have no such functions. None if another
    malloc, such as jemalloc, was preloaded: glibc's functions would answer but have no effect."""
    is_asked = sys.platform == "linux" and "malloc" not in os.environ.get("LD_PRELOAD", "")
    return ctypes.CDLL(None) if is_asked else None
