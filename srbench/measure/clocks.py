"""Clocks that time one call: by wall time, or by CUDA events."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import torch

FLUSH = 4  # size of the buffer that is read before a timed call, in L2 caches


def nothing() -> None:
    """Do nothing."""


@dataclass(frozen=True)
class Task:
    """A call to be timed: ``run``, directly after ``prepare``, which is not timed.

    ``model`` and ``pass_name`` name the model and the pass.
    """

    model: str
    pass_name: str
    run: Callable[[], object]
    prepare: Callable[[], object] = nothing


class Wall(NamedTuple):
    """Seconds from the start of a call until the device is idle, and until the call returns."""

    seconds: float
    launching: float


class Clock(Protocol):
    """Times tasks one by one. Results may come late: `read` waits for them."""

    measures_wall: bool  # whether `wall` differs from `measure`, which then does not wait

    def now(self) -> float:
        """Seconds since an arbitrary moment, for budgets."""

    def measure(self, task: Task) -> Any:
        """Run the task; `read` turns the result into seconds. Raises what the task raises."""

    def read(self, measured: Sequence[Any]) -> list[float]:
        """Seconds of each result of `measure`; waits once for all of them."""

    def wall(self, task: Task) -> Wall:
        """Time the call from an idle device until it is idle again."""

    def mark(self) -> Any:
        """Mark a moment in the middle of a call."""

    def between(self, marks: Sequence[tuple[Any, Any]]) -> list[float]:
        """Seconds from the first to the second mark of each pair; waits once for all of them."""


class WallClock:
    """Wall time in seconds, from the call until the ``synchronize`` after it returns."""

    measures_wall = False

    def __init__(self, synchronize: Callable[[], object] = nothing) -> None:
        self._synchronize = synchronize

    def now(self) -> float:
        return time.perf_counter()

    def wall(self, task: Task) -> Wall:
        run, synchronize, counter = task.run, self._synchronize, time.perf_counter
        task.prepare()
        synchronize()
        start = counter()
        run()
        launched = counter()
        synchronize()
        return Wall(counter() - start, launched - start)

    def measure(self, task: Task) -> float:
        return self.wall(task).seconds

    def read(self, measured: Sequence[float]) -> list[float]:
        return list(measured)

    def mark(self) -> float:
        self._synchronize()
        return time.perf_counter()

    def between(self, marks: Sequence[tuple[float, float]]) -> list[float]:
        return [end - start for start, end in marks]


class CudaClock:
    """Time on the device between two events on the current stream; wall time separately.

    Before the first event the L2 cache is filled with other data, so that a small model does not
    find its weights there. The data are read, not written, since written data would have to be
    written back during the timed call. This also gives the host a head start: launching the first
    kernels is not timed. `wall` includes the launches and everything else that a user waits for.
    """

    measures_wall = True

    def __init__(self, device: torch.device) -> None:
        self._device = device
        cache = torch.cuda.get_device_properties(device).L2_cache_size
        self._other = torch.zeros(FLUSH * cache // 4, dtype=torch.float32, device=device)
        self._wall = WallClock(lambda: torch.cuda.synchronize(device))

    def now(self) -> float:
        return time.perf_counter()

    def measure(self, task: Task) -> tuple[torch.cuda.Event, torch.cuda.Event]:
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        task.prepare()
        self._other.sum()
        start.record()
        task.run()
        end.record()
        return start, end

    def wall(self, task: Task) -> Wall:
        return self._wall.wall(task)

    def mark(self) -> torch.cuda.Event:
        event = torch.cuda.Event(enable_timing=True)
        event.record()
        return event

    def between(self, marks: Sequence[tuple[torch.cuda.Event, torch.cuda.Event]]) -> list[float]:
        torch.cuda.synchronize(self._device)
        return [start.elapsed_time(end) / 1000 for start, end in marks]

    read = between
