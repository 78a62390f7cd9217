"""Clocks: what a time includes, and what it does not."""

import time
from types import SimpleNamespace

import pytest
import torch
from support.fakes import FakeClock

from srbench.measure.clocks import CudaClock, Task, WallClock


def test_wall_time_includes_the_call_but_not_its_preparation() -> None:
    log: list[str] = []
    clock = WallClock(lambda: log.append("synchronise"))
    task = Task(
        "m", "p", lambda: time.sleep(0.02), lambda: log.append("prepare") or time.sleep(0.2)
    )
    (seconds,) = clock.read([clock.measure(task)])
    assert 0.02 <= seconds < 0.15
    assert log == ["prepare", "synchronise", "synchronise"]


def test_launching_ends_when_the_call_returns() -> None:
    """The host takes 10 ms to launch, the device 20 ms more."""
    clock = WallClock(lambda: time.sleep(0.02))
    wall = clock.wall(Task("a", "forward", lambda: time.sleep(0.01)))
    assert 0.01 <= wall.launching <= wall.seconds - 0.02


def test_two_marks_give_the_time_between_them() -> None:
    clock = WallClock()
    begin = clock.mark()
    time.sleep(0.02)
    (seconds,) = clock.between([(begin, clock.mark())])
    assert 0.02 <= seconds < 0.2


class FakeCuda:
    """A fake GPU that runs its stream when it is synchronised, one millisecond per entry."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.log: list[str] = []
        cuda = self

        class Event:
            def __init__(self, enable_timing: bool) -> None:
                assert enable_timing

            def record(self) -> None:
                self.at = len(cuda.log)
                cuda.log.append("event")

            def elapsed_time(self, end: "Event") -> float:
                assert "synchronise" in cuda.log[end.at :]
                return float(end.at - self.at - 1)  # milliseconds

        monkeypatch.setattr(torch.cuda, "Event", Event)
        monkeypatch.setattr(
            torch.cuda, "synchronize", lambda device=None: self.log.append("synchronise")
        )
        monkeypatch.setattr(
            torch.cuda,
            "get_device_properties",
            lambda device: SimpleNamespace(L2_cache_size=50 * 2**20),
        )
        other = SimpleNamespace(sum=lambda: self.log.append("read"))
        self.read: list[int] = []
        monkeypatch.setattr(
            torch, "zeros", lambda size, dtype, device: self.read.append(size) or other
        )

    def work(self, name: str, kernels: int) -> Task:
        return Task(
            name,
            "forward",
            lambda: self.log.extend([name] * kernels),
            lambda: self.log.append("prepare"),
        )


def test_cuda_events_enclose_only_the_work_and_are_read_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cuda = FakeCuda(monkeypatch)
    clock = CudaClock(torch.device("cuda:0"))
    assert cuda.read == [50 * 2**20]  # floats of four bytes: four times the cache
    measured = [clock.measure(cuda.work("a", 3)), clock.measure(cuda.work("b", 5))]
    assert "synchronise" not in cuda.log
    assert clock.read(measured) == [0.003, 0.005]
    assert cuda.log == [
        *("prepare", "read", "event", "a", "a", "a", "event"),
        *("prepare", "read", "event", "b", "b", "b", "b", "b", "event"),
        "synchronise",
    ]


def test_cuda_wall_time_waits_for_an_idle_device_before_and_after(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cuda = FakeCuda(monkeypatch)
    wall = CudaClock(torch.device("cuda:0")).wall(cuda.work("a", 1))
    assert 0 < wall.launching <= wall.seconds
    assert cuda.log == ["prepare", "synchronise", "a", "synchronise"]


def test_the_fake_clock_runs_the_tasks_and_returns_the_given_seconds() -> None:
    clock = FakeClock(lambda task, number: 2.0 + number)
    ran: list[str] = []
    task = Task("m", "p", lambda: ran.append("run"), lambda: ran.append("prepare"))
    assert clock.read([clock.measure(task), clock.measure(task)]) == [2.0, 3.0]
    assert clock.now() == 5.0
    assert ran == ["prepare", "run"] * 2
