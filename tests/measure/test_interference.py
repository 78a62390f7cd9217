"""Warnings about what disturbed a measurement."""

import pytest
from support.fakes import FakeNvml, fake_gpu

from srbench.measure import interference
from srbench.measure.interference import CpuWatch, GpuWatch, MemoryWatch, Watches


@pytest.mark.parametrize(
    ("busy", "warnings"),
    [
        (10.5, []),
        (16.0, ["other programs used 30% of the processors: fewer --threads may help"]),
        (9.0, []),  # clocks that tick differently
    ],
)
def test_processor_time_of_other_programs_gives_a_warning(
    busy: float, warnings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # 10 s of wall time on two processors, one of which this process used fully
    usage = iter([(0.0, 1.0, 5.0), (10.0, 11.0, 5.0 + busy)])
    monkeypatch.setattr(interference, "_usage", lambda: next(usage))
    monkeypatch.setattr(interference.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(interference.torch, "get_num_threads", lambda: 2)
    seen = CpuWatch()
    seen.observe(timed=True)
    assert seen.warnings() == warnings


@pytest.mark.parametrize(("runs_models", "threads"), [(False, 2), (True, 1)])
def test_fewer_threads_are_not_suggested_for_a_gpu_or_for_one(
    runs_models: bool, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = iter([(0.0, 1.0, 5.0), (10.0, 11.0, 21.0)])
    monkeypatch.setattr(interference, "_usage", lambda: next(usage))
    monkeypatch.setattr(interference.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(interference.torch, "get_num_threads", lambda: threads)
    seen = CpuWatch(runs_models=runs_models)
    seen.observe(timed=True)
    assert seen.warnings() == ["other programs used 30% of the processors"]


def test_real_usage_never_decreases() -> None:
    seen = CpuWatch()
    sum(range(10**6))
    seen.observe(timed=True)
    wall, own, everyone = (end - begin for begin, end in zip(seen._begin, seen._end, strict=True))
    assert wall > 0
    assert own >= 0
    assert everyone >= 0


def test_a_quiet_gpu_gives_no_warning() -> None:
    seen = GpuWatch(fake_gpu())
    seen.observe(timed=True)
    assert seen.warnings() == []


def test_warnings_say_how_often_a_gpu_was_throttled_and_whether_it_was_busy() -> None:
    driver = FakeNvml()
    seen = GpuWatch(fake_gpu(driver))
    seen.observe(timed=True)
    driver.reasons, driver.others = 32, 2
    seen.observe(timed=True)
    driver.reasons, driver.others = 0, 0
    seen.observe(timed=True)
    assert seen.warnings() == [
        "the GPU's clocks were lowered (thermal slowdown) in 1 of 3 checks",
        "the GPU was busy: other processes used it (2)",
    ]


def test_memory_shortage_while_samples_are_taken_gives_a_warning() -> None:
    retries = iter([5, 7, 8, 8, 20, 21])  # at first, then at each check
    seen = Watches([MemoryWatch(lambda: next(retries))])
    for timed in (False, True, True, False, True):  # the 2 and the 12 came while nothing was timed
        seen.observe(timed)
    assert seen.warnings() == [
        "the GPU's memory was short: while samples were taken, torch had to free its cache "
        "and allocate again, which takes time (2×)"
    ]


def test_memory_shortage_while_warming_up_gives_no_warning() -> None:
    retries = iter([0, 3, 3])
    seen = MemoryWatch(lambda: next(retries))
    seen.observe(timed=False)
    seen.observe(timed=True)
    assert seen.warnings() == []
