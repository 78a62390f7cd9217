"""Energy per image from a counter that moves in steps, against what the fake card drew."""

import math
import random
from collections.abc import Callable

import pytest
from support.fakes import Card, FakeClock, FakeNvml, fake_gpu

from srbench.measure.clocks import Task
from srbench.measure.energy import WINDOW, WINDOWS, energies
from srbench.measure.latency import Deadline
from srbench.records.timing import Energy

WATTS = {"idle": 124.0, "a": 500.0, "b": 505.0}


def constant(task: Task, time: float) -> float:
    return WATTS[task.model]


def drifting(task: Task, time: float) -> float:
    """The power rises by one percent in the 18 s that all windows of two models and idling take."""
    return WATTS[task.model] * (1 + 0.01 * time / 18)


def lasting(seconds: float) -> Callable[[Task, int], float]:
    chance = random.Random(0)

    def passed(task: Task, number: int) -> float:
        return 0.1 if task.model == "idle" else seconds * chance.uniform(0.995, 1.005)

    return passed


def found_on(
    card: Card, models: str = "ab", seed: int = 0, budget: float = math.inf
) -> dict[str, Energy]:
    tasks = [Task(name, "forward", lambda: None) for name in models]
    clock = FakeClock(card.seconds, runs=False)
    return energies(tasks, clock, fake_gpu(card.driver), 8, seed, Deadline(clock, budget))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("watts", [constant, drifting])
@pytest.mark.parametrize("step", [0.02, 0.1])
@pytest.mark.parametrize("seconds", [0.0005, 0.005, 0.05, 0.3])
def test_joules_per_image_are_what_the_card_drew(
    seconds: float, step: float, watts: Callable, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = Card(monkeypatch, watts, lasting(seconds), step)
    found = found_on(card, seed=seed)
    idle = card.drew["idle"] / (card.ran["idle"] * 0.1)
    gross = {name: card.drew[name] / card.ran[name] / 8 for name in "ab"}
    assert set(found) == {"a", "b"}
    for name, energy in found.items():
        assert energy.gross == pytest.approx(gross[name], rel=0.005)
        assert energy.net == pytest.approx(gross[name] - idle * seconds / 8, rel=0.01)
    # 505 W are 1 % more than 500 W, for runs that take as long
    assert found["b"].gross / found["a"].gross - 1 == pytest.approx(0.01, abs=0.005)


@pytest.mark.parametrize("late", [0.0, 0.09])
@pytest.mark.parametrize("seed", range(5))
def test_work_before_a_window_is_not_counted(
    late: float, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One model draws five times as much as the other, whose windows come right after."""
    watts = {"idle": 124.0, "a": 130.0, "b": 650.0}

    def steady(task: Task, time: float) -> float:
        return watts[task.model]

    card = Card(monkeypatch, steady, lambda task, number: 0.001, late=late)
    found = found_on(card, seed=seed)
    for name in "ab":
        assert found[name].gross == pytest.approx(watts[name] * 0.001 / 8, rel=0.002)


@pytest.mark.parametrize("seconds", [0.0005, 0.3, 5.0])
def test_a_window_is_longer_only_if_a_run_is_longer(
    seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = Card(monkeypatch, constant, lambda task, number: seconds)
    found = found_on(card, "a")
    assert found["a"].gross == pytest.approx(500 * seconds / 8, rel=0.005)
    # a run before each window, and one that is under way when its time is over
    assert card.ran["a"] * seconds <= WINDOWS * (max(WINDOW, seconds) + 2 * seconds)


def test_a_counter_that_stands_still_gives_no_energy(monkeypatch: pytest.MonkeyPatch) -> None:
    card = Card(monkeypatch, constant, lasting(0.05), step=None)
    assert found_on(card) == {}
    assert sum(card.ran.values()) < 100  # one window was enough to know


def test_a_card_without_a_counter_gives_no_energy() -> None:
    driver = FakeNvml()

    def refuse(handle: str) -> int:
        raise driver.NVMLError("not supported")

    driver.nvmlDeviceGetTotalEnergyConsumption = refuse
    clock = FakeClock(lambda *a: 1.0)
    assert energies([], clock, fake_gpu(driver), 1, 0, Deadline(clock)) == {}


@pytest.mark.parametrize(("budget", "rounds"), [(0.0, 1), (7.0, 1), (14.0, 2), (100.0, WINDOWS)])
def test_windows_end_with_the_budget(
    budget: float, rounds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two models and idling take 2 s each in a round."""
    card = Card(monkeypatch, constant, lasting(0.05))
    assert set(found_on(card, budget=budget)) == {"a", "b"}
    assert card.ran["a"] * 0.05 == pytest.approx(rounds * WINDOW, rel=0.1)
