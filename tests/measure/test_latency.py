"""Interleaving: order, stopping, warming up, failing, with a fake clock."""

import math
import random
import weakref
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from statistics import median

import pytest
from support.fakes import FakeClock, interleaved

from srbench.measure.clocks import Task
from srbench.measure.latency import PLACEMENTS, Course, Deadline, Samples, Stop, interleave

NO_LIMIT = math.inf


def loud(task: Task, number: int) -> float:
    """A random factor between 1/2 and 2."""
    return 2 ** random.Random(f"{task.model}{task.pass_name}{number}").uniform(-1, 1)


class Log:
    """Tasks that record when they run."""

    def __init__(self, *models: str) -> None:
        self.calls: list[str] = []
        self.tasks = {m: Task(m, "forward", lambda m=m: self.calls.append(m)) for m in models}


def breaking(after: int, error: BaseException) -> Task:
    """The task of b, which raises after that many calls."""
    calls = Counter()

    def run() -> None:
        calls["b"] += 1
        if calls["b"] > after:
            raise error

    return Task("b", "forward", run)


def run(
    log: Log,
    stop: Stop,
    seconds: object = lambda task, number: 1.0,
    budget: float = NO_LIMIT,
    seed: str = "0",
) -> Samples:
    return interleaved(log.tasks, FakeClock(seconds), stop, budget, seed)


def flat(samples: Samples, model: str) -> list[float]:
    return [seconds for placement in samples.seconds[model] for seconds in placement]


def lengths(samples: Samples) -> dict[str, int]:
    return {model: len(flat(samples, model)) for model in samples.seconds}


def timed_rounds(log: Log, samples: Samples) -> list[list[str]]:
    """The calls of each timed round; every placement opens with a round that is not timed."""
    models = len(log.tasks)
    lengths = [len(placement) for placement in samples.seconds["a"]]
    calls = log.calls[-models * (sum(lengths) + len(lengths)) :]
    rounds = [calls[i : i + models] for i in range(0, len(calls), models)]
    for length in lengths:
        opening, *timed = rounds[: length + 1]
        assert sorted(opening) == sorted(log.tasks)
        rounds = [*rounds[length + 1 :], *timed]
    return rounds


def test_every_round_times_every_model_once_in_random_order() -> None:
    log = Log("a", "b", "c")
    samples = run(log, Stop("a", 200, 0.01))
    rounds = timed_rounds(log, samples)
    assert all(sorted(order) == ["a", "b", "c"] for order in rounds)
    orders = Counter(map(tuple, rounds))
    assert len(orders) == 6
    assert max(orders.values()) < 60  # 33 on average
    first = sum(order.index("a") < order.index("b") for order in rounds)
    assert 70 <= first <= 130
    assert lengths(samples) == dict.fromkeys("abc", 200)


def test_the_seed_decides_the_order() -> None:
    logs = [Log("a", "b", "c") for _ in range(3)]
    for log, seed in zip(logs, ("0", "0", "1"), strict=True):
        run(log, Stop("a", 20, 0.01), seed=seed)
    assert logs[0].calls == logs[1].calls != logs[2].calls


def test_samples_of_a_round_have_the_same_index() -> None:
    samples = run(Log("a", "b"), Stop("a", 10, 0.01), lambda task, number: 1.0 + number)
    assert samples.seconds["a"] == samples.seconds["b"]


def test_it_stops_if_the_interval_is_narrow_not_if_it_is_far_from_one() -> None:
    def noisy(spread: float, ratio: float) -> object:
        def seconds(task: Task, number: int) -> float:
            noise = random.Random(f"{task.model}{number}").gauss(0, spread)
            return 1e-3 * (ratio if task.model == "b" else 1) * math.exp(noise)

        return seconds

    precise = Stop("a", None, 0.01)
    alike, apart = (run(Log("a", "b"), precise, noisy(0.1, ratio)) for ratio in (1.0, 1.5))
    assert alike.placements > 20
    assert alike.placements == pytest.approx(apart.placements, rel=0.3)
    assert run(Log("a", "b"), precise, noisy(0.001, 1.0)).placements == 10


@pytest.mark.parametrize("rounds", [None, 4000])
@pytest.mark.parametrize("budget", [10.0, 33.3, 100.0, 1000.0])
def test_the_budget_includes_warming_up_and_rounds(budget: float, rounds: int | None) -> None:
    clock = FakeClock(lambda task, n: 0.3 * loud(task, n))
    samples = interleaved(Log("a", "b").tasks, clock, Stop("a", rounds, 1e-9), budget)
    assert samples.rounds > 1
    assert clock.now() <= budget
    assert budget - clock.now() < 5  # a round and its opening take 2.4 s at most


def test_a_budget_is_divided_among_placements_even_if_rounds_are_slow() -> None:
    clock = FakeClock(lambda task, n: 0.1 + n / 1e4)
    samples = interleaved(Log("a", "b").tasks, clock, Stop("a", None, 1e-9), 6.0)
    assert {len(placement) for placement in samples.seconds["a"]} == {1}
    assert samples.placements >= PLACEMENTS - 2


@pytest.mark.parametrize("budget", [0.1, 0.0, -5.0])
def test_a_budget_for_less_than_one_round_gives_one(budget: float) -> None:
    assert run(Log("a", "b"), Stop("a", None, 0.01), budget=budget).rounds == 1


@pytest.mark.parametrize("rounds", [1, 2, 6, 11, 12, 13, 23, 24, 30, 100, 1000])
def test_a_fixed_number_of_rounds_is_divided_among_placements(rounds: int) -> None:
    samples = run(Log("a", "b"), Stop("a", rounds, 0.01))
    assert lengths(samples) == {"a": rounds, "b": rounds}
    assert min(rounds, PLACEMENTS) <= samples.placements < 2 * PLACEMENTS


@pytest.mark.parametrize("budget", [0.0, 20.0])
def test_compiling_in_first_calls_is_not_part_of_the_budget(budget: float) -> None:
    log = Log("a", "b")
    clock = FakeClock(lambda task, n: 60.0 if n == 0 else 0.1 * loud(task, n))
    samples = interleaved(log.tasks, clock, Stop("a", None, 1e-9), budget)
    assert samples.placements >= (PLACEMENTS if budget else 1)
    assert clock.now() <= 2 * 60 + max(budget, 2)


def test_once_time_is_up_there_is_one_round_without_an_opening_one() -> None:
    log = Log("a", "b")
    samples = run(log, Stop("a", None, 0.01), lambda task, n: 30.0, budget=20.0)
    assert samples.rounds == 1
    assert Counter(log.calls) == {"a": 3, "b": 3}  # two of them to warm up


def test_a_single_model_stops_on_the_interval_of_its_median() -> None:
    assert run(Log("a"), Stop("a", None, 0.01)).placements == 10


def test_the_models_are_moved_before_every_placement() -> None:
    moved: list[int] = []
    log = Log("a", "b")
    samples = interleaved(
        log.tasks,
        FakeClock(lambda *a: 1.0),
        Stop("a", 60, 0.01),
        move=lambda: moved.append(len(log.calls)),
    )
    begin = moved[0]  # nothing is moved while warming up
    per = [2 * (1 + len(placement)) for placement in samples.seconds["a"]]
    assert moved == [begin + sum(per[:number]) for number in range(len(per))]


def test_rounds_take_longer_than_moving() -> None:
    clock = FakeClock(lambda *a: 0.01)

    def move() -> None:
        clock.measure(Task("", "moving", lambda: None))
        clock._now += 0.99

    samples = interleaved(Log("a", "b").tasks, clock, Stop("a", None, 1e-9), 300.0, move=move)
    rounds = 0.02 * median(len(placement) for placement in samples.seconds["a"])
    assert 5 < rounds < 7.5  # seconds: six times the second of moving, if the budget allows


@pytest.mark.parametrize("budget", [40.0, 118.0, 119.0, 120.0, 121.0, 122.0, 125.0])
def test_passes_take_turns_and_each_gets_its_share(budget: float) -> None:
    """Three passes of a network, which take one, two and three times as long."""
    takes = {"forward": 0.1, "backward": 0.2, "train": 0.3}
    clock = FakeClock(lambda task, n: takes[task.pass_name] * loud(task, n))
    calls: list[str] = []
    samples, courses = {}, []
    for pass_name in takes:

        @contextmanager
        def ready(pass_name: str = pass_name) -> Iterator[dict[str, Task]]:
            yield {
                m: Task(m, pass_name, lambda pass_name=pass_name: calls.append(pass_name))
                for m in "ab"
            }

        samples[pass_name] = Samples()
        courses.append(Course(ready, clock, Stop("a", None, 1e-9), pass_name, samples[pass_name]))
    interleave(courses, lambda: None, Deadline(clock, budget))
    surprise = 2 * 0.3 * (2 - 0.5)  # of a round: its noise cannot be foreseen
    assert clock.now() <= budget + surprise
    spent = {pass_name: 2 * takes[pass_name] * one.rounds for pass_name, one in samples.items()}
    assert min(spent.values()) > 0.3 * max(spent.values())
    placements = {one.placements for one in samples.values()}
    assert max(placements) - min(placements) <= 1
    assert min(placements) >= PLACEMENTS - 1


def test_slow_rounds_do_not_shorten_later_placements() -> None:
    """The first call in a new place takes five times as long; for a while every call does."""
    cold = dict.fromkeys(("forward", "train"), True)

    def takes(task: Task, n: int) -> float:
        was_cold, cold[task.pass_name] = cold[task.pass_name], False
        return 0.05 if was_cold or 40 < n < 50 else 0.01

    def move() -> None:
        cold.update(dict.fromkeys(cold, True))
        clock._now += 0.05

    samples, courses = {}, []
    clock = FakeClock(takes)
    for pass_name in cold:
        samples[pass_name] = Samples()
        ready = partial(nullcontext, {m: Task(m, pass_name, lambda: None) for m in "ab"})
        courses.append(Course(ready, clock, Stop("a", None, 1e-9), pass_name, samples[pass_name]))
    interleave(courses, move, Deadline(clock, 6.0))
    for one in samples.values():
        lengths = [len(placement) for placement in one.seconds["a"]]
        assert min(lengths[:4]) >= 4
        assert max(lengths[-3:]) > 1


def test_a_pass_that_is_done_leaves_its_time_to_the_others() -> None:
    noise = random.Random(0)
    clock = FakeClock(
        lambda task, n: 0.01 * (1 if task.pass_name == "still" else math.exp(noise.gauss(0, 0.5)))
    )
    samples, courses = {}, []
    for pass_name in ("still", "loud"):

        @contextmanager
        def ready(pass_name: str = pass_name) -> Iterator[dict[str, Task]]:
            yield {m: Task(m, pass_name, lambda: None) for m in "ab"}

        samples[pass_name] = Samples()
        courses.append(Course(ready, clock, Stop("a", None, 0.01), pass_name, samples[pass_name]))
    interleave(courses, lambda: None, Deadline(clock, 30.0))
    assert samples["still"].placements == 10
    assert 0.02 * samples["loud"].rounds > 20
    assert 29 < clock.now() <= 30


def test_a_model_that_fails_in_one_pass_is_timed_in_the_others() -> None:
    clock, broken = FakeClock(lambda *a: 1.0), breaking(9, MemoryError())
    samples, courses = {}, []
    for pass_name in ("forward", "train"):
        samples[pass_name] = Samples()

        @contextmanager
        def ready(pass_name: str = pass_name) -> Iterator[dict[str, Task]]:
            models = [m for m in "ab" if m not in samples[pass_name].failures]
            yield {
                m: broken if (m, pass_name) == ("b", "train") else Task(m, pass_name, lambda: None)
                for m in models
            }

        courses.append(Course(ready, clock, Stop("a", 30, 0.01), pass_name, samples[pass_name]))
    interleave(courses, lambda: None, Deadline(clock))
    assert lengths(samples["forward"]) == {"a": 30, "b": 30}
    assert lengths(samples["train"]) == {"a": 30}


def test_warming_up_lasts_until_calls_get_no_faster_and_gives_no_samples() -> None:
    log = Log("a")
    cooling = [9.0, 8.0, 7.0, 5.0, 4.0, 3.0, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    samples = run(
        log, Stop("a", 5, 0.01), lambda _, n: 1e-3 * (cooling[n] if n < len(cooling) else 1.0)
    )
    assert flat(samples, "a") == [1e-3] * 5
    assert samples.unsettled == set()


def test_a_warm_up_that_does_not_settle_is_reported() -> None:
    samples = run(Log("a"), Stop("a", 5, 0.01), lambda task, n: 5 * 0.8**n)
    assert samples.unsettled == {"a"}
    assert samples.rounds == 5


@pytest.mark.parametrize("when", [0, 3, 20])
def test_a_model_that_raises_fails_alone(when: int) -> None:
    log = Log("a", "b", "c")
    log.tasks["b"] = breaking(when, RuntimeError("no kernel for this\nat all"))
    samples = run(log, Stop("a", 30, 0.01))
    assert samples.failures == {"b": "RuntimeError: no kernel for this"}
    assert lengths(samples) == {"a": 30, "c": 30}


def test_a_slow_model_is_warm_after_two_calls() -> None:
    log = Log("a")
    samples = run(log, Stop("a", 5, 0.01), lambda task, n: 20.0)
    assert len(log.calls) == 2 + 2 * 5  # an untimed call opens every placement
    assert samples.unsettled == set()


def test_all_models_may_fail() -> None:
    def broken() -> None:
        raise MemoryError

    tasks = {name: Task(name, "forward", broken) for name in "ab"}
    samples = interleaved(tasks, FakeClock(lambda *a: 1.0), Stop("a", 5, 0.01))
    assert samples.failures == dict.fromkeys("ab", "MemoryError: no message")
    assert samples.rounds == 0


def test_after_an_interruption_there_are_only_whole_rounds() -> None:
    log = Log("a", "b")
    log.tasks["b"] = breaking(20, KeyboardInterrupt())
    samples = Samples()
    with pytest.raises(KeyboardInterrupt):
        interleaved(log.tasks, FakeClock(lambda *a: 0.01), Stop("a", 99, 0.01), into=samples)
    # four calls warm up, and one opens the first placement, of eight rounds
    assert [len(placement) for placement in samples.seconds["a"]] == [8, 6]
    assert lengths(samples) == {"a": 14, "b": 14}


def test_device_time_and_wall_time_are_both_kept() -> None:
    log = Log("a", "b")
    clock = FakeClock(lambda task, n: 1.0, measures_wall=True)
    samples = interleaved(log.tasks, clock, Stop("a", 8, 0.01))
    assert lengths(samples) == {"a": 8, "b": 8}
    assert [[len(p) for p in taken] for taken in samples.wall.values()] == [[1] * 8] * 2


def test_if_calls_are_enqueued_a_round_opens_with_an_untimed_one() -> None:
    """Otherwise only the first call of a round would wait for the host."""
    log = Log("a", "b", "c")
    clock = FakeClock(lambda task, n: 1.0, measures_wall=True)
    samples = interleaved(log.tasks, clock, Stop("a", 12, 0.01))
    timed = log.calls[-12 * 10 :]
    for start in range(0, len(timed), 10):  # a placement of one round each
        moved, opening, order, walls = (timed[start + i : start + j] for i, j in SLICES)
        assert opening == order[:1]
        assert sorted(moved) == sorted(order) == sorted(walls) == ["a", "b", "c"]
    assert lengths(samples) == dict.fromkeys("abc", 12)


SLICES = ((0, 3), (3, 4), (4, 7), (7, 10))


class Large:
    """Stands for feature maps; a weak reference shows whether they are still held."""


@pytest.mark.parametrize("when", [0, 3, 20], ids=["at once", "warming up", "in a round"])
def test_memory_of_a_failed_model_is_freed_before_the_next_one_runs(when: int) -> None:
    log = Log("a", "b")
    held: list[weakref.ref] = []
    left: list[int] = []
    calls = Counter()

    def make() -> Task:
        def run() -> None:
            maps, cycle = Large(), []
            cycle.append(cycle)  # only garbage collection frees it
            calls["b"] += 1
            if calls["b"] > when:
                held.append(weakref.ref(maps))
                try:
                    raise RuntimeError("no memory for cuDNN")
                except RuntimeError as error:
                    raise MemoryError("out of memory") from error

        return Task("b", "forward", run)

    def a() -> None:
        if held:
            left.append(sum(one() is not None for one in held))

    log.tasks = {"b": make(), "a": Task("a", "forward", a)}
    samples = interleaved(log.tasks, FakeClock(lambda *a: 1.0), Stop("a", 30, 0.01))
    assert samples.failures == {"b": "MemoryError: out of memory"}
    assert lengths(samples) == {"a": 30}
    assert left
    assert set(left) == {0}


@pytest.mark.parametrize("when", range(9, 30))  # in any call of a round: opening, timed, wall
def test_a_model_may_fail_in_any_call_of_a_round(when: int) -> None:
    log = Log("a", "b")
    log.tasks["b"] = breaking(when, RuntimeError("no more"))
    clock = FakeClock(lambda *a: 1.0, measures_wall=True)
    samples = interleaved(log.tasks, clock, Stop("a", 30, 0.01))
    assert samples.failures == {"b": "RuntimeError: no more"}
    assert lengths(samples) == {"a": 30}
    assert sum(map(len, samples.wall["a"])) == 30


def test_an_error_while_waiting_for_the_device_fails_the_model() -> None:
    """An assertion in a kernel does this: the call itself returns."""
    log = Log("a", "b")

    class Clock(FakeClock):
        def measure(self, task: Task) -> object:
            return task.model, super().measure(task)

        def read(self, measured: object) -> list[float]:
            if any(model == "b" for model, _ in measured) and len(log.calls) > 40:
                raise RuntimeError("CUDA error: device-side assert triggered")
            return [seconds for _, seconds in measured]

    samples = interleaved(log.tasks, Clock(lambda *a: 1.0), Stop("a", 30, 0.01))
    assert list(samples.failures) == ["b"]
    assert "RuntimeError: CUDA error: device-side assert triggered" in samples.failures["b"]
    assert lengths(samples) == {"a": 30}
    assert "b" not in samples.seconds
