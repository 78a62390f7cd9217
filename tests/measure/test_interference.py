"""What disturbed a measurement is told in words."""

import pytest
from support.fakes import FakeNvml, fake_gpu

from srbench.measure import interference
from srbench.measure.interference import CpuWatch, GpuWatch, MemoryWatch, Watches


@pytest.mark.parametrize(
    ("busy", "warnings"),
    [
        (10.5, []),
        (16.0, ["other programs took 30% of the processors: fewer --threads may help"]),
        (9.0, []),  # clocks that tick differently
    ],
)
def test_the_processors_of_others(
    busy: float, warnings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # 10 s of wall time on two processors, all of one was this process's
    usage = iter([(0.0, 1.0, 5.0), (10.0, 11.0, 5.0 + busy)])
    monkeypatch.setattr(interference, "_usage", lambda: next(usage))
    monkeypatch.setattr(interference.os, "cpu_count", lambda: 2)
    seen = CpuWatch()
    seen.observe(timed=True)
    assert seen.warnings() == warnings


def test_a_gpu_is_not_helped_by_fewer_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = iter([(0.0, 1.0, 5.0), (10.0, 11.0, 21.0)])
    monkeypatch.setattr(interference, "_usage", lambda: next(usage))
    monkeypatch.setattr(interference.os, "cpu_count", lambda: 2)
    seen = CpuWatch(runs_models=False)
    seen.observe(timed=True)
    assert seen.warnings() == ["other programs took 30% of the processors"]


def test_real_usage_moves() -> None:
    seen = CpuWatch()
    sum(range(10**6))
    seen.observe(timed=True)
    wall, own, everyone = (end - begin for begin, end in zip(seen._begin, seen._end, strict=True))
    assert wall > 0
    assert own >= 0
    assert everyone >= 0


def test_nothing_is_wrong_with_a_quiet_gpu() -> None:
    seen = GpuWatch(fake_gpu())
    seen.observe(timed=True)
    assert seen.warnings() == []


def test_a_throttled_and_busy_gpu_is_told_and_how_often() -> None:
    driver = FakeNvml()
    seen = GpuWatch(fake_gpu(driver))
    seen.observe(timed=True)
    driver.reasons, driver.others = 32, 2
    seen.observe(timed=True)
    driver.reasons, driver.others = 0, 0
    seen.observe(timed=True)
    assert seen.warnings() == [
        "the GPU's clocks were lowered (thermal slowdown) at 1 of 3 looks",
        "the GPU was busy: 2 other process(es) used it",
    ]


def test_memory_that_was_short_while_samples_were_taken() -> None:
    retries = iter([5, 7, 8, 8, 20, 21])  # at first, then at each look
    seen = Watches([MemoryWatch(lambda: next(retries))])
    for timed in (False, True, True, False, True):  # twice warm, so the 2 and the 12 are nobody's
        seen.observe(timed)
    assert seen.warnings() == [
        "the GPU's memory was too full to keep anything cached: torch gave it back and took it "
        "anew 2 times while samples were taken, which takes time"
    ]


def test_memory_that_was_short_while_warming_up_is_not_told() -> None:
    retries = iter([0, 3, 3])
    seen = MemoryWatch(lambda: next(retries))
    seen.observe(timed=False)
    seen.observe(timed=True)
    assert seen.warnings() == []
