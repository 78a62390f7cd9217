"""Clocks that time one call: wall time, CUDA events, and a fake one for deterministic tests."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import torch

FLUSH = 4  # times the L2 cache is read before a call is timed


def nothing() -> None:
    """Do nothing."""


@dataclass(frozen=True)
class Task:
    """What is timed: ``run``, directly after ``prepare``, which is not.

    ``model`` and ``pass_name`` say whose and which pass it is.
    """

    model: str
    pass_name: str
    run: Callable[[], object]
    prepare: Callable[[], object] = nothing


class Wall(NamedTuple):
    """Seconds from a call until the device is idle again, and until the call came back."""

    seconds: float
    launching: float


class Clock(Protocol):
    """Times tasks one by one. Results may come late: `read` waits for them."""

    measures_wall: bool  # whether `wall` tells something else than `measure`, which does not wait

    def now(self) -> float:
        """Seconds since whenever, for budgets."""

    def measure(self, task: Task) -> Any:
        """Run the task and return what `read` makes seconds of. Raises what the task raises."""

    def read(self, measured: Sequence[Any]) -> list[float]:
        """Seconds of each; waits for all of them once."""

    def wall(self, task: Task) -> Wall:
        """Time the call from an idle device to an idle device."""

    def mark(self) -> Any:
        """A moment in the middle of a call."""

    def between(self, marks: Sequence[tuple[Any, Any]]) -> list[float]:
        """Seconds from the first to the second moment of each pair; waits for all of them once."""


class WallClock:
    """Wall time from the call until it returns and ``synchronize`` does, in seconds."""

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
    """Time on the device between two events on the current stream; wall time apart.

    Before the first event the L2 cache is filled with something else, so that no model finds its
    weights there because it is small: by reading, since what was written would have to be written
    back in the time. That also gives the host a head start: launching the first kernels is not in
    the time. `wall` has the launches in, and everything else that a user waits for.
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


class FakeClock:
    """Says what it is told and runs what it is given: the same seconds on every machine.

    ``seconds`` is called with the task and how often that task was timed before. ``launching`` is
    the share of the wall time after which a call comes back.
    """

    def __init__(
        self,
        seconds: Callable[[Task, int], float],
        measures_wall: bool = False,
        runs: bool = True,
        launching: float = 0.0,
    ) -> None:
        self.measures_wall = measures_wall
        self._launching = launching
        self._seconds = seconds
        self._runs = runs
        self._calls: dict[tuple[str, str], int] = {}
        self._now = 0.0

    def now(self) -> float:
        return self._now

    def measure(self, task: Task) -> float:
        if self._runs:
            task.prepare()
            task.run()
        number = self._calls.get((task.model, task.pass_name), 0)
        self._calls[task.model, task.pass_name] = number + 1
        seconds = self._seconds(task, number)
        self._now += seconds
        return seconds

    def read(self, measured: Sequence[float]) -> list[float]:
        return list(measured)

    def wall(self, task: Task) -> Wall:
        seconds = self.measure(task)
        return Wall(seconds, self._launching * seconds)

    def mark(self) -> float:
        return self.measure(Task("", "mark", nothing))

    def between(self, marks: Sequence[tuple[float, float]]) -> list[float]:
        return [end for _, end in marks]
