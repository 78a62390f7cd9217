"""The counter's readings by the thread, and the steps in them."""

import time
from itertools import pairwise

import pytest
from support.fakes import FakeNvml, fake_gpu

from srbench.measure.energy_counter import EVERY, Reading, readings, steps


def test_a_step_is_midway_between_two_readings_that_differ() -> None:
    shown = [(0.0, 5.0), (0.2, 5.0), (0.4, 7.0), (0.5, 7.0), (0.7, 8.0)]
    assert steps([Reading(*one) for one in shown]) == [
        Reading(pytest.approx(0.3), 7.0),
        Reading(pytest.approx(0.6), 8.0),
    ]
    assert steps([]) == steps([Reading(0.0, 5.0)]) == []


def test_the_thread_reads_while_the_caller_waits() -> None:
    driver, begin = FakeNvml(), time.perf_counter()

    def shown(at: float) -> int:
        return int((at - begin) / (10 * EVERY))

    driver.millijoules = lambda: 1000 * shown(time.perf_counter())
    with readings(fake_gpu(driver), time.perf_counter) as taken:
        time.sleep(100 * EVERY)
    read = len(taken)
    time.sleep(5 * EVERY)
    assert len(taken) == read, "the thread still reads"
    assert 20 <= read <= 101  # few if a busy machine lets the thread wait
    for one, following in pairwise(taken):
        assert shown(one.at) <= one.joules <= shown(following.at)


def test_the_thread_ends_if_the_caller_raises() -> None:
    with pytest.raises(ValueError, match="planted"), readings(fake_gpu(), time.perf_counter) as got:
        raise ValueError("planted")
    read = len(got)
    time.sleep(5 * EVERY)
    assert len(got) == read


def test_a_card_without_a_counter_gives_no_readings() -> None:
    driver = FakeNvml()
    driver.nvmlDeviceGetTotalEnergyConsumption = driver._refuse
    with readings(fake_gpu(driver), time.perf_counter) as taken:
        time.sleep(10 * EVERY)
    assert taken == []
