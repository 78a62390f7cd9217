"""Interleaving: order, stopping, warming up, failing, with a fake clock."""

import math
import random
import weakref
from collections import Counter

import pytest

from srbench.measure.clocks import FakeClock, Task
from srbench.measure.latency import Samples, Stop, interleave

NO_LIMIT = math.inf


class Log:
    """Tasks that write down when they run."""

    def __init__(self, *models: str) -> None:
        self.calls: list[str] = []
        self.tasks = {m: Task(m, "forward", lambda m=m: self.calls.append(m)) for m in models}


def breaking(after: int, error: BaseException) -> Task:
    """The task of b, which raises after so many calls."""
    calls = Counter()

    def run() -> None:
        calls["b"] += 1
        if calls["b"] > after:
            raise error

    return Task("b", "forward", run)


def run(
    log: Log, stop: Stop, seconds: object = lambda task, number: 1.0, seed: str = "0"
) -> Samples:
    samples = Samples()
    interleave(log.tasks, FakeClock(seconds), stop, seed, samples)
    return samples


def rounds_of(log: Log, rounds: int) -> list[list[str]]:
    models = len(log.tasks)
    timed = log.calls[-rounds * models :]
    return [timed[i : i + models] for i in range(0, len(timed), models)]


def test_every_round_has_every_model_once_in_an_order_of_its_own() -> None:
    log = Log("a", "b", "c")
    samples = run(log, Stop("a", 200, NO_LIMIT, 0.01))
    rounds = rounds_of(log, 200)
    assert all(sorted(order) == ["a", "b", "c"] for order in rounds)
    orders = Counter(map(tuple, rounds))
    assert len(orders) == 6
    assert max(orders.values()) < 60  # of 33 on average
    first = sum(order.index("a") < order.index("b") for order in rounds)
    assert 70 <= first <= 130
    assert {model: len(s) for model, s in samples.seconds.items()} == dict.fromkeys("abc", 200)


def test_the_seed_decides_the_order() -> None:
    logs = [Log("a", "b", "c") for _ in range(3)]
    for log, seed in zip(logs, ("0", "0", "1"), strict=True):
        run(log, Stop("a", 20, NO_LIMIT, 0.01), seed=seed)
    assert logs[0].calls == logs[1].calls != logs[2].calls


def test_samples_of_a_round_stay_together() -> None:
    samples = run(Log("a", "b"), Stop("a", 10, NO_LIMIT, 0.01), lambda task, number: 1.0 + number)
    assert samples.seconds["a"] == samples.seconds["b"]


def test_it_stops_when_the_interval_is_narrow_not_when_it_is_far_from_one() -> None:
    def noisy(spread: float, ratio: float) -> object:
        def seconds(task: Task, number: int) -> float:
            noise = random.Random(f"{task.model}{number}").gauss(0, spread)
            return 1e-3 * (ratio if task.model == "b" else 1) * math.exp(noise)

        return seconds

    precise = Stop("a", None, NO_LIMIT, 0.01)
    alike, apart = (run(Log("a", "b"), precise, noisy(0.05, ratio)) for ratio in (1.0, 1.5))
    assert alike.rounds == apart.rounds > 10
    assert run(Log("a", "b"), precise, noisy(0.001, 1.0)).rounds == 10


def test_it_stops_before_a_round_that_the_budget_does_not_hold() -> None:
    samples = run(Log("a", "b"), Stop("a", None, 9.0, 1e-9), lambda task, n: 1.0 + (n % 2) / 100)
    assert samples.rounds == 4  # 2 s a round


def test_a_budget_for_less_than_one_round_has_one() -> None:
    assert run(Log("a", "b"), Stop("a", None, 0.1, 0.01)).rounds == 1


def test_a_budget_ends_fixed_rounds_too() -> None:
    assert run(Log("a"), Stop("a", 100, 7.5, 0.01)).rounds == 7


def test_a_model_alone_stops_on_its_medians_interval() -> None:
    assert run(Log("a"), Stop("a", None, NO_LIMIT, 0.01)).rounds == 10


def test_warming_up_goes_on_until_it_gets_no_faster_and_is_not_in_the_samples() -> None:
    log = Log("a")
    cooling = [9.0, 8.0, 7.0, 5.0, 4.0, 3.0, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    samples = Samples()
    interleave(
        log.tasks,
        FakeClock(lambda task, n: 1e-3 * (cooling[n] if n < len(cooling) else 1.0)),
        Stop("a", 5, NO_LIMIT, 0.01),
        "0",
        samples,
    )
    assert samples.seconds["a"] == [1e-3] * 5
    assert samples.unsettled == set()


def test_a_warm_up_that_does_not_end_is_told() -> None:
    samples = run(Log("a"), Stop("a", 5, NO_LIMIT, 0.01), lambda task, n: 5 * 0.8**n)
    assert samples.unsettled == {"a"}
    assert samples.rounds == 5


@pytest.mark.parametrize("when", [0, 3, 20])
def test_a_model_that_raises_fails_alone(when: int) -> None:
    log = Log("a", "b", "c")
    log.tasks["b"] = breaking(when, RuntimeError("no kernel for this\nat all"))
    samples = run(log, Stop("a", 30, NO_LIMIT, 0.01))
    assert samples.failures == {"b": "RuntimeError: no kernel for this"}
    assert {model: len(s) for model, s in samples.seconds.items()} == {"a": 30, "c": 30}


def test_a_slow_model_needs_no_six_calls_to_be_warm() -> None:
    log = Log("a")
    samples = run(log, Stop("a", 5, NO_LIMIT, 0.01), lambda task, n: 20.0)
    assert len(log.calls) == 2 + 5
    assert samples.unsettled == set()


def test_all_may_fail() -> None:
    def broken() -> None:
        raise MemoryError

    samples = Samples()
    tasks = {name: Task(name, "forward", broken) for name in "ab"}
    interleave(tasks, FakeClock(lambda *a: 1.0), Stop("a", 5, NO_LIMIT, 0.01), "0", samples)
    assert samples.failures == dict.fromkeys("ab", "MemoryError: no message")
    assert samples.rounds == 0


def test_an_interruption_leaves_whole_rounds() -> None:
    log = Log("a", "b")
    log.tasks["b"] = breaking(20, KeyboardInterrupt())
    samples = Samples()
    with pytest.raises(KeyboardInterrupt):
        interleave(
            log.tasks, FakeClock(lambda *a: 0.01), Stop("a", 99, NO_LIMIT, 0.01), "0", samples
        )
    assert len(samples.seconds["a"]) == len(samples.seconds["b"]) == 14  # six warmed up


def test_device_time_and_wall_time_are_both_kept() -> None:
    log = Log("a", "b")
    samples = Samples()
    clock = FakeClock(lambda task, n: 1.0, measures_wall=True)
    interleave(log.tasks, clock, Stop("a", 8, NO_LIMIT, 0.01), "0", samples)
    assert {m: len(s) for m, s in samples.wall.items()} == {"a": 8, "b": 8}


def test_where_calls_are_enqueued_a_round_opens_with_one_that_is_not_timed() -> None:
    """The first of a round would wait for the host, and the others not."""
    log = Log("a", "b", "c")
    clock = FakeClock(lambda task, n: 1.0, measures_wall=True)
    samples = Samples()
    interleave(log.tasks, clock, Stop("a", 40, NO_LIMIT, 0.01), "0", samples)
    timed = log.calls[-40 * 7 :]
    for start in range(0, len(timed), 7):
        opening, order, walls = timed[start], timed[start + 1 : start + 4], timed[start + 4 :][:3]
        assert opening == order[0]
        assert sorted(order) == sorted(walls) == ["a", "b", "c"]
    assert {model: len(s) for model, s in samples.seconds.items()} == dict.fromkeys("abc", 40)


class Large:
    """Stands for feature maps: one can ask whether they are still held."""


@pytest.mark.parametrize("when", [0, 3, 20], ids=["at once", "warming up", "in a round"])
def test_what_a_failed_model_held_is_free_before_the_next_one_runs(when: int) -> None:
    log = Log("a", "b")
    models = {"b": Large()}
    held: list[weakref.ref] = [weakref.ref(models["b"])]
    left: list[int] = []
    calls = Counter()

    def make(model: Large) -> Task:
        def run() -> None:
            maps, cycle = Large(), [model]
            cycle.append(cycle)  # nothing but a collection frees it
            calls["b"] += 1
            if calls["b"] > when:
                held.append(weakref.ref(maps))
                try:
                    raise RuntimeError("no memory for cuDNN")
                except RuntimeError as error:
                    raise MemoryError("out of memory") from error

        return Task("b", "forward", run)

    def a() -> None:
        if len(held) > 1:
            left.append(sum(one() is not None for one in held))

    log.tasks = {"b": make(models["b"]), "a": Task("a", "forward", a)}
    samples = Samples()
    interleave(
        *(log.tasks, FakeClock(lambda *a: 1.0), Stop("a", 30, NO_LIMIT, 0.01), "0", samples),
        drop=models.pop,
    )
    assert samples.failures == {"b": "MemoryError: out of memory"}
    assert len(samples.seconds["a"]) == 30
    assert left
    assert set(left) == {0}


@pytest.mark.parametrize("when", range(9, 30))  # in any call of a round: opening, timed, wall
def test_a_model_fails_in_any_call_of_a_round(when: int) -> None:
    log = Log("a", "b")
    log.tasks["b"] = breaking(when, RuntimeError("no more"))
    samples = Samples()
    clock = FakeClock(lambda *a: 1.0, measures_wall=True)
    interleave(log.tasks, clock, Stop("a", 30, NO_LIMIT, 0.01), "0", samples)
    assert samples.failures == {"b": "RuntimeError: no more"}
    assert len(samples.seconds["a"]) == len(samples.wall["a"]) == 30


def test_an_error_that_comes_when_the_device_is_waited_for_fails_the_model() -> None:
    """As an assertion in a kernel does: the call itself comes back."""
    log = Log("a", "b")

    class Clock(FakeClock):
        def measure(self, task: Task) -> object:
            return task.model, super().measure(task)

        def read(self, measured: object) -> list[float]:
            if any(model == "b" for model, _ in measured) and len(log.calls) > 40:
                raise RuntimeError("CUDA error: device-side assert triggered")
            return [seconds for _, seconds in measured]

    samples = Samples()
    clock = Clock(lambda *a: 1.0)
    interleave(log.tasks, clock, Stop("a", 30, NO_LIMIT, 0.01), "0", samples)
    assert list(samples.failures) == ["b"]
    assert "RuntimeError: CUDA error: device-side assert triggered" in samples.failures["b"]
    assert len(samples.seconds["a"]) == 30
    assert "b" not in samples.seconds
