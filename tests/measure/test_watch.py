"""What disturbed a measurement is told in words."""

import pytest
from fakes import FakeNvml, fake_gpu

from srbench.measure import watch
from srbench.measure.watch import CpuWatch, GpuWatch


@pytest.mark.parametrize(
    ("busy", "warnings"),
    [
        (10.5, []),
        (16.0, ["other programs took 30% of the processors"]),
        (9.0, []),  # clocks that tick differently
    ],
)
def test_the_processors_of_others(
    busy: float, warnings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # 10 s of wall time on two processors, all of one was this process's
    usage = iter([(0.0, 1.0, 5.0), (10.0, 11.0, 5.0 + busy)])
    monkeypatch.setattr(watch, "_usage", lambda: next(usage))
    monkeypatch.setattr(watch.os, "cpu_count", lambda: 2)
    seen = CpuWatch()
    seen.look()
    assert seen.warnings() == warnings


def test_real_usage_moves() -> None:
    seen = CpuWatch()
    sum(range(10**6))
    seen.look()
    wall, own, everyone = (end - begin for begin, end in zip(seen._begin, seen._end, strict=True))
    assert wall > 0
    assert own >= 0
    assert everyone >= 0


def test_nothing_is_wrong_with_a_quiet_gpu() -> None:
    seen = GpuWatch(fake_gpu())
    seen.look()
    assert seen.warnings() == []


def test_a_throttled_and_busy_gpu_is_told_and_how_often() -> None:
    driver = FakeNvml()
    seen = GpuWatch(fake_gpu(driver))
    seen.look()
    driver.reasons, driver.others = 32, 2
    seen.look()
    driver.reasons, driver.others = 0, 0
    seen.look()
    assert seen.warnings() == [
        "the GPU's clocks were lowered (thermal slowdown) at 1 of 3 looks",
        "the GPU was busy: 2 other process(es) used it",
    ]
