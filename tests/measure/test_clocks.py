"""Clocks: what is inside the time, and what is not."""

import time
from types import SimpleNamespace

import pytest
import torch

from srbench.measure.clocks import CudaClock, FakeClock, Task, WallClock


def test_wall_time_has_the_call_in_it_and_not_what_comes_before() -> None:
    log: list[str] = []
    clock = WallClock(lambda: log.append("synchronise"))
    task = Task(
        "m", "p", lambda: time.sleep(0.02), lambda: log.append("prepare") or time.sleep(0.2)
    )
    (seconds,) = clock.read([clock.measure(task)])
    assert 0.02 <= seconds < 0.15
    assert log == ["prepare", "synchronise", "synchronise"]


def test_a_call_that_comes_back_early_was_launched_early() -> None:
    """The host takes 10 ms to launch, the device 20 ms more."""
    clock = WallClock(lambda: time.sleep(0.02))
    wall = clock.wall(Task("a", "forward", lambda: time.sleep(0.01)))
    assert 0.01 <= wall.launching <= wall.seconds - 0.02


def test_marks_tell_the_time_between() -> None:
    clock = WallClock()
    begin = clock.mark()
    time.sleep(0.02)
    (seconds,) = clock.between([(begin, clock.mark())])
    assert 0.02 <= seconds < 0.2


class FakeCuda:
    """A GPU that works off its stream when it is asked to, a millisecond an entry."""

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


def test_cuda_events_stand_around_the_work_alone_and_are_read_at_once(
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


def test_the_fake_clock_says_what_it_is_told() -> None:
    clock = FakeClock(lambda task, number: 2.0 + number)
    ran: list[str] = []
    task = Task("m", "p", lambda: ran.append("run"), lambda: ran.append("prepare"))
    assert clock.read([clock.measure(task), clock.measure(task)]) == [2.0, 3.0]
    assert clock.now() == 5.0
    assert ran == ["prepare", "run"] * 2
