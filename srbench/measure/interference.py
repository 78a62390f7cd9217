"""What disturbed a device while it was measured: other programs, lowered clocks."""

import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol

import psutil
import torch

from srbench.measure.nvml import Gpu

BUSY = 0.1  # share of the processors that other programs may use without a warning


class Watch(Protocol):
    """Checks a device from time to time and reports what was wrong."""

    def observe(self, timed: bool) -> None:
        """Called before the first round of every placement, when all models are ready, and after
        every round. ``timed`` is whether a round was timed since the last call."""

    def warnings(self) -> list[str]:
        """What disturbed the samples, in words; empty if nothing did."""


class Watches:
    """Several watches that check together."""

    def __init__(self, watches: Sequence[Watch]) -> None:
        self._watches = watches

    def observe(self, timed: bool) -> None:
        for one in self._watches:
            one.observe(timed)

    def warnings(self) -> list[str]:
        return [warning for one in self._watches for warning in one.warnings()]


class CpuWatch:
    """Reports the share of the processors that others used between the first and last check.

    If the models run on these processors, the warning says what helps: threads that wait for one
    without a processor make a call many times slower.
    """

    def __init__(self, runs_models: bool = True) -> None:
        self._runs_models = runs_models
        self._begin = self._end = _usage()

    def observe(self, timed: bool) -> None:
        self._end = _usage()

    def warnings(self) -> list[str]:
        wall, own, busy = (end - begin for begin, end in zip(self._begin, self._end, strict=True))
        processors = os.cpu_count() or 1
        others = (busy - own) / (wall * processors) if wall > 0 else 0.0
        if others <= BUSY:
            return []
        fewer = self._runs_models and torch.get_num_threads() > 1
        remedy = ": fewer --threads may help" if fewer else ""
        return [f"other programs used {others:.0%} of the processors{remedy}"]


class GpuWatch:
    """Reports how often the clocks were lowered, and whether other processes used the card."""

    def __init__(self, gpu: Gpu, own: int = 1) -> None:
        """``own`` is the number of srbench's own processes that use the card."""
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
            f"the GPU's clocks were lowered ({reason}) in {times} of {self._looks} checks"
            for reason, times in self._lowered.items()
        ]
        others = self._most_processes - self._own
        if others > 0:
            found.append(f"the GPU was busy: other processes used it ({others})")
        return found


class MemoryWatch:
    """Reports how often memory was short while samples were taken. ``retries`` counts how often
    torch had to return its whole cache to the driver before it could allocate."""

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
            "the GPU's memory was short: while samples were taken, torch had to free its cache "
            f"and allocate again, which takes time ({self._timed}×)"
        ]


def _usage() -> tuple[float, float, float]:
    """Seconds: wall time, processor time of this process, processor time of all processes."""
    own, total = psutil.Process().cpu_times(), psutil.cpu_times()
    idle = total.idle + getattr(total, "iowait", 0.0)
    # Linux counts a guest's time for its host process too; steal time is another machine's.
    doubled = getattr(total, "guest", 0.0) + getattr(total, "guest_nice", 0.0)
    # Child processes, compilers above all, count as part of this one.
    ours = own.user + own.system + own.children_user + own.children_system
    return time.monotonic(), ours, sum(total) - idle - doubled
