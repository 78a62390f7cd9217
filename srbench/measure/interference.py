"""What else went on while a device was measured: other programs, lowered clocks."""

import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol

import psutil

from srbench.measure.nvml import Gpu

BUSY = 0.1  # share of the processors that others may take before it is said


class Watch(Protocol):
    """Looks at a device from time to time, and tells what was wrong."""

    def observe(self, timed: bool) -> None:
        """Before the first round of every placement, when all models are ready, and after every
        round: ``timed`` is whether one was since the last look."""

    def warnings(self) -> list[str]:
        """What disturbed the samples, in words; empty where nothing did."""


class Watches:
    """Several that look at once."""

    def __init__(self, watches: Sequence[Watch]) -> None:
        self._watches = watches

    def observe(self, timed: bool) -> None:
        for one in self._watches:
            one.observe(timed)

    def warnings(self) -> list[str]:
        return [warning for one in self._watches for warning in one.warnings()]


class CpuWatch:
    """Tells how much of the processors other processes took between the first and the last look.

    Where the models run on these themselves it says what helps: threads that wait for one which has
    no processor make a call many times slower.
    """

    def __init__(self, runs_models: bool = True) -> None:
        self._remedy = ": fewer --threads may help" if runs_models else ""
        self._begin = self._end = _usage()

    def observe(self, timed: bool) -> None:
        self._end = _usage()

    def warnings(self) -> list[str]:
        wall, own, busy = (end - begin for begin, end in zip(self._begin, self._end, strict=True))
        processors = os.cpu_count() or 1
        others = (busy - own) / (wall * processors) if wall > 0 else 0.0
        if others <= BUSY:
            return []
        return [f"other programs took {others:.0%} of the processors{self._remedy}"]


class GpuWatch:
    """Tells which rounds ran at lowered clocks, and whether others use the card."""

    def __init__(self, gpu: Gpu, own: int = 1) -> None:
        """``own`` are the processes of srbench itself that use the card."""
        self._gpu = gpu
        self._own = own
        self._looks = 0
        self._lowered: Counter[str] = Counter()
        self._most_processes = 0

    def observe(self, timed: bool) -> None:
        if self._looks and not timed:  # between rounds the card idles
            return
        self._looks += 1
        self._lowered.update(self._gpu.lowered_by())
        self._most_processes = max(self._most_processes, self._gpu.processes() or 0)

    def warnings(self) -> list[str]:
        found = [
            f"the GPU's clocks were lowered ({reason}) at {times} of {self._looks} looks"
            for reason, times in self._lowered.items()
        ]
        others = self._most_processes - self._own
        if others > 0:
            found.append(f"the GPU was busy: {others} other process(es) used it")
        return found


class MemoryWatch:
    """Tells how often memory was short while samples were taken. ``retries`` counts the times that
    torch gave all that it had cached back to the driver, to get what it was asked for."""

    def __init__(self, retries: Callable[[], int]) -> None:
        self._retries = retries
        self._last = retries()
        self._timed = 0

    def observe(self, timed: bool) -> None:
        now = self._retries()
        self._timed += now - self._last if timed else 0
        self._last = now

    def warnings(self) -> list[str]:
        if not self._timed:
            return []
        return [
            "the GPU's memory was too full to keep anything cached: torch gave it back and took it "
            f"anew {self._timed} times while samples were taken, which takes time"
        ]


def _usage() -> tuple[float, float, float]:
    """Seconds: wall time, processor time of this process, processor time of all."""
    own, total = psutil.Process().cpu_times(), psutil.cpu_times()
    idle = total.idle + getattr(total, "iowait", 0.0)
    # Linux counts a guest's time as its host process's too; steal is another machine's.
    doubled = getattr(total, "guest", 0.0) + getattr(total, "guest_nice", 0.0)
    # What it called counts as its own: compilers, above all.
    ours = own.user + own.system + own.children_user + own.children_system
    return time.monotonic(), ours, sum(total) - idle - doubled
