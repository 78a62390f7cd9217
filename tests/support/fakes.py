"""Fakes of a device, of a GPU's driver and of CUDA, whose answers a test sets."""

import math
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from srbench.library import time_anything
from srbench.measure import cuda, devices, energy, host, roofline
from srbench.measure.clocks import Task, Wall, nothing
from srbench.measure.devices import Device
from srbench.measure.energy_counter import Reading
from srbench.measure.latency import Course, Deadline, Samples, Stop, interleave
from srbench.measure.nvml import Gpu
from srbench.records.timing import Memory

GIB = 2**30


class FakeClock:
    """Returns the seconds that it is given, the same on every machine, and runs the tasks.

    ``seconds`` is called with the task and how often that task was timed before. ``launching`` is
    the share of the wall time after which a call returns.
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


def steady(task: Task, number: int) -> float:
    """One millisecond for the baseline; SE takes 10.5 % more, SR differs only by noise."""
    share = 1.105 if "+se" in task.model else 1.0
    passes = {"forward": 1, "backward": 2, "train": 3}
    jitter = 1 + random.Random(f"{task.model} {task.pass_name} {number}").uniform(-0.005, 0.005)
    return 1e-3 * passes.get(task.pass_name, 1) * share * jitter


def interleaved(
    tasks: dict[str, Task],
    clock: FakeClock,
    stop: Stop,
    budget: float = math.inf,
    seed: str = "0",
    into: Samples | None = None,
    move: Callable[[], object] = lambda: None,
) -> Samples:
    """The samples of one pass whose tasks do not depend on the place of their models in memory."""
    into = Samples() if into is None else into

    @contextmanager
    def ready() -> Iterator[dict[str, Task]]:
        yield {model: task for model, task in tasks.items() if model not in into.failures}

    course = Course(ready, clock, stop, seed, into)
    interleave([course], move, Deadline(clock, clock.now() + budget))
    return into


class FakeNvml:
    """pynvml with one card, whose answers are attributes."""

    NVML_CLOCK_SM, NVML_TEMPERATURE_GPU = 1, 0
    NVML_COMPUTEMODE_EXCLUSIVE_PROCESS = 3
    nvmlClocksEventReasonSwPowerCap = 4  # noqa: N815
    nvmlClocksThrottleReasonHwSlowdown = 8  # noqa: N815
    nvmlClocksEventReasonSwThermalSlowdown = 32  # noqa: N815
    nvmlClocksThrottleReasonHwThermalSlowdown = 64  # noqa: N815
    nvmlClocksThrottleReasonHwPowerBrakeSlowdown = 128  # noqa: N815

    class NVMLError(Exception):
        """As in pynvml."""

    def __init__(self) -> None:
        self.reasons = 0
        self.others = 0
        self.compute_mode = 0
        self.watts: Callable[[], float] = lambda: 0.0
        self.millijoules: Callable[[], int] = lambda: 0
        self.unsupported: set[str] = set()
        self.initialised = 0

    def __getattr__(self, name: str) -> Any:
        if name in self.__dict__.get("unsupported", ()):
            return self._refuse
        raise AttributeError(name)

    def _refuse(self, *arguments: Any) -> Any:
        raise self.NVMLError("not supported")

    def nvmlInit(self) -> None:  # noqa: N802
        self.initialised += 1

    def nvmlShutdown(self) -> None:  # noqa: N802
        self.initialised -= 1

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        return 1

    def nvmlDeviceGetHandleByIndex(self, index: int) -> str:  # noqa: N802
        return f"card {index}"

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> str:  # noqa: N802
        if uuid != "GPU-0000":
            raise self.NVMLError("no such card")
        return "card 0"

    def nvmlDeviceGetName(self, handle: str) -> bytes:  # noqa: N802
        return b"Fake H100"

    def nvmlSystemGetDriverVersion(self) -> str:  # noqa: N802
        return "999.1"

    def nvmlDeviceGetEnforcedPowerLimit(self, handle: str) -> int:  # noqa: N802
        return 700_000

    def nvmlDeviceGetMemoryInfo(self, handle: str) -> Any:  # noqa: N802
        return SimpleNamespace(total=80 * GIB)

    def nvmlDeviceGetMaxClockInfo(self, handle: str, kind: int) -> int:  # noqa: N802
        return 1980

    def nvmlDeviceGetClockInfo(self, handle: str, kind: int) -> int:  # noqa: N802
        return 1755

    def nvmlDeviceGetPersistenceMode(self, handle: str) -> int:  # noqa: N802
        return 1

    def nvmlDeviceGetPowerUsage(self, handle: str) -> int:  # noqa: N802
        return 350_000

    def nvmlDeviceGetTemperature(self, handle: str, sensor: int) -> int:  # noqa: N802
        return 55

    def nvmlDeviceGetUtilizationRates(self, handle: str) -> Any:  # noqa: N802
        return SimpleNamespace(gpu=97)

    def nvmlDeviceGetTotalEnergyConsumption(self, handle: str) -> int:  # noqa: N802
        return self.millijoules()

    def nvmlDeviceGetCurrentClocksEventReasons(self, handle: str) -> int:  # noqa: N802
        return self.reasons

    def nvmlDeviceGetComputeMode(self, handle: str) -> int:  # noqa: N802
        return self.compute_mode

    def nvmlDeviceGetComputeRunningProcesses(self, handle: str) -> list[Any]:  # noqa: N802
        return [SimpleNamespace(pid=pid) for pid in range(1 + self.others)]


def fake_gpu(nvml: FakeNvml | None = None) -> Gpu:
    return Gpu(nvml or FakeNvml(), "card 0")


class Card:
    """A card that draws ``watts(task, time)`` in a task, and counts it in steps, as real cards do.

    ``seconds`` is for a `FakeClock`, and advances the card's time. ``drew`` and ``ran`` are the
    true joules and runs of each model, which the counter shows later. A step shows the energy drawn
    until ``late`` seconds before it; there are no steps if ``step`` is None.
    """

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        watts: Callable[[Task, float], float],
        seconds: Callable[[Task, int], float],
        step: float | None = 0.1,
        late: float = 0.0,
    ) -> None:
        self.drew: dict[str, float] = {}
        self.ran: dict[str, int] = {}
        self.driver = FakeNvml()
        self.driver.millijoules = lambda: round(1000 * self._shown)
        self._watts, self._seconds, self._step, self._late = watts, seconds, step, late
        self._chance = random.Random(0)
        self._time, self._joules, self._counted, self._shown = 0.0, 1e6, 1e6, 1e6
        self._next_step, self._next_look = self._after_step(), 0.0
        self._next_count = self._next_step - late
        self._now: Callable[[], float] | None = None
        self._readings: list[Reading] = []
        monkeypatch.setattr(energy, "readings", self._read)

    def seconds(self, task: Task, number: int) -> float:
        passed = self._seconds(task, number)
        begin, before = self._time, self._joules
        while (moment := self._next_moment()) < begin + passed:
            self._work_until(moment, task)
            if moment == self._next_count:
                self._counted, self._next_count = self._joules, float("inf")
            if moment == self._next_step:
                self._shown, self._next_step = self._counted, self._after_step()
                self._next_count = self._next_step - self._late
            if moment == self._next_look:
                self._look(moment - begin)
        self._work_until(begin + passed, task)
        self.drew[task.model] = self.drew.get(task.model, 0.0) + self._joules - before
        self.ran[task.model] = self.ran.get(task.model, 0) + 1
        return passed

    def _next_moment(self) -> float:
        return min(self._next_count, self._next_step, self._next_look)

    def _work_until(self, moment: float, task: Task) -> None:
        self._joules += self._watts(task, self._time) * (moment - self._time)
        self._time = moment

    def _after_step(self) -> float:
        if self._step is None:
            return float("inf")
        return self._time + self._step * self._chance.uniform(0.97, 1.03)

    def _look(self, into_run: float) -> None:
        if self._now:
            at = self._now() + into_run
            self._readings.append(Reading(at, self.driver.millijoules() / 1000))
        # The thread sleeps for 2 ms, and then waits for its turn.
        self._next_look = self._time + self._chance.uniform(0.002, 0.004)

    @contextmanager
    def _read(self, gpu: Gpu, now: Callable[[], float]) -> Iterator[list[Reading]]:
        """Read as the thread does, but in the card's time."""
        self._now, self._readings = now, []
        yield self._readings
        self._now = None


def install_fake_cuda(
    monkeypatch: pytest.MonkeyPatch,
    seconds: Callable[[Task, int], float] = steady,
    gpus: int = 1,
    **others: Any,
) -> None:
    """Make ``--device cuda`` a device with a fake clock, whose models run on the CPU."""

    def found() -> list[str]:
        return [f"cuda:{index}" for index in range(gpus)]

    real = devices.opened

    @contextmanager
    def opened(name: str) -> Iterator[Device]:
        if name == "cpu":
            with real(name) as device:
                yield device
            return
        yield Device(
            name,
            torch.device("cpu"),
            others.get("clock")
            or FakeClock(
                seconds,
                measures_wall=True,
                runs=others.get("runs", False),
                launching=others.get("launching", 0.0),
            ),
            others.get("watch", SilentWatch),
            others.get("peak", lambda subject, pass_name: Memory(3 * GIB, 4 * GIB)),
            others.get("gpu"),
            {"gpu": "Fake H100"},
        )

    monkeypatch.setattr(devices, "_cuda_devices", found)
    monkeypatch.setattr(cuda, "is_usable", lambda: True)
    for module in (time_anything, host, devices):
        monkeypatch.setattr(module, "opened", opened)


def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small copy, product and convolution for ``srbench profile`` to take as its limits."""
    monkeypatch.setattr(roofline, "COPIED", 2**20)
    monkeypatch.setattr(roofline, "SIDES", {"cpu": 128})
    monkeypatch.setattr(roofline, "BATCHES", {"cpu": 1})


class SilentWatch:
    """A watch that sees nothing."""

    def observe(self, timed: bool) -> None:
        return

    def warnings(self) -> list[str]:
        return []
