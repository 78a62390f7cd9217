"""Whether freed memory stays with the process, by the system's own count."""

import sys
from pathlib import Path
from statistics import median

import pytest
import torch

from srbench.conditions import Setup
from srbench.measure import fresh_process, malloc
from srbench.measure.malloc import freed_memory_kept
from srbench.measure.pinning import pinned

LARGE = 64 * 2**20  # bytes: malloc by default maps a block of this size separately
linux = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")


def faults() -> int:
    """Page faults of this process so far, by the kernel's own count."""
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    return int(fields[7])


def faults_of_using(size: int) -> float:
    """Page faults when a large block is used just after one of the same size was freed. The median
    of the last ten: in the first calls small blocks may take a part of a free one, which is then
    too small."""
    found = []
    for _ in range(20):
        before = faults()
        torch.ones(size // 4).sum()
        found.append(faults() - before)
    return median(found[10:])


def in_turn() -> list[float]:
    """Page faults before, while memory is kept, and after. To be called in a process that has freed
    nothing yet: a free piece between others is used again in any case."""
    found = [faults_of_using(LARGE)]
    with freed_memory_kept() as freed:
        assert freed == "kept"
        found.append(faults_of_using(LARGE))
    return [*found, faults_of_using(LARGE)]


def while_measuring(keeps: bool) -> tuple[str, float]:
    """Page faults while times are taken, or peaks of memory; likewise."""
    with pinned(Setup(), keeps_memory=keeps) as held:
        return held.flags["freed_memory"], faults_of_using(LARGE)


FEW, MANY = 5, LARGE // 4096 // 600  # of its pages, some of which may be huge


@linux
def test_freed_memory_is_kept_and_given_back_afterwards() -> None:
    before, kept, after = fresh_process.call(in_turn)
    assert kept <= FEW < MANY < min(before, after)


@linux
def test_memory_is_kept_where_times_are_taken_and_not_for_peaks() -> None:
    said, kept = fresh_process.call(while_measuring, True)
    assert said == "kept"
    assert kept <= FEW
    said, given_back = fresh_process.call(while_measuring, False)
    assert said == "up to malloc"
    assert given_back > MANY


@pytest.mark.parametrize("library", [None, object()])
def test_another_malloc_is_left_alone(library: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(malloc, "_library", lambda: library)
    with freed_memory_kept() as freed:
        assert freed == "up to malloc"
    malloc.return_freed_memory()
