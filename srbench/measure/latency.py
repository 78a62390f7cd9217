"""Timing models against each other: every round times each of them once, in random order.

What disturbs a machine disturbs neighbours in a round alike, so that their ratio keeps still where
the times do not; `srbench.stats.paired_ratio` says why the random order is what makes its interval
valid. Garbage collection is the caller's to keep off.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from srbench import stats
from srbench.conditions import MOST_ROUNDS
from srbench.failures import require_failure, told
from srbench.measure.clocks import Clock, Task, Wall
from srbench.measure.release import release
from srbench.overheads import is_precise

WARM_UP_SHARE = 0.1  # of the time budget for one task, but from half a second to three;
WARM_UP_SECONDS = (0.5, 3.0)  # the first call, which may compile, is not counted
FIRST_LOOK = 10  # rounds before the intervals are looked at
LOOK_EVERY = 1.15  # times as many rounds


@dataclass
class Samples:
    """Seconds by model and round; element i of every list is from round i.

    A model that failed has the reason instead, and no samples.
    """

    seconds: dict[str, list[float]] = field(default_factory=dict)
    wall: dict[str, list[Wall]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    unsettled: set[str] = field(default_factory=set)
    elapsed: float = 0.0  # seconds that the rounds took, without warming up

    @property
    def rounds(self) -> int:
        return max((len(samples) for samples in self.seconds.values()), default=0)

    def add(self, model: str, seconds: float, wall: Wall | None) -> None:
        """Add a model's samples of a round."""
        self.seconds.setdefault(model, []).append(seconds)
        if wall:
            self.wall.setdefault(model, []).append(wall)

    def fail(self, model: str, reason: str) -> None:
        """Take a model out."""
        self.failures[model] = reason
        self.seconds.pop(model, None)
        self.wall.pop(model, None)


@dataclass(frozen=True)
class Stop:
    """When there are enough rounds; see `srbench.conditions.Plan`. ``budget`` is in seconds."""

    baseline: str
    rounds: int | None
    budget: float
    precision: float

    def reached(self, samples: Samples, elapsed: float) -> bool:
        """After each round. The intervals' width decides, never where they are."""
        done = samples.rounds
        if done >= MOST_ROUNDS:
            return True
        if elapsed * (done + 1) / done > self.budget:  # the next round would not fit
            return True
        if self.rounds is not None:
            return done >= self.rounds
        return _is_look(done) and self._precise(samples)

    def _precise(self, samples: Samples) -> bool:
        base = samples.seconds.get(self.baseline)
        compared = [s for model, s in samples.seconds.items() if model != self.baseline]
        if base is None or not compared:
            estimates = [stats.median(s) for s in samples.seconds.values()]
        else:
            estimates = [stats.paired_ratio(s, base) for s in compared]
        return all(is_precise(estimate, self.precision) for estimate in estimates)


def interleave(
    tasks: dict[str, Task],
    clock: Clock,
    stop: Stop,
    seed: str,
    into: Samples,
    after_round: Callable[[int], object] = lambda done: None,
    drop: Callable[[str], object] = lambda model: None,
) -> None:
    """Warm each model's task up, then time them all in rounds until ``stop`` says so.

    The samples go ``into`` what is given, whole rounds only: an interruption leaves there what was
    measured. ``after_round`` is told how many there are, and of 0 when all are warm. A task that
    raises fails alone: it is taken out of ``tasks``, and ``drop`` is to let go of its model.
    ``seed`` decides the order inside the rounds.
    """
    generator = random.Random(seed)
    least, most = WARM_UP_SECONDS
    lineup = _Lineup(tasks, clock, into, drop)
    for model in list(tasks):
        lineup.warm_up(model, min(max(least, WARM_UP_SHARE * stop.budget), most))
    after_round(0)
    begin = clock.now()
    while order := list(tasks):
        generator.shuffle(order)
        lineup.round(order)
        if into.rounds == 0:
            continue  # all have failed
        after_round(into.rounds)
        into.elapsed = clock.now() - begin
        if stop.reached(into, into.elapsed):
            return


@dataclass(frozen=True)
class _Lineup:
    """The models that are still in, and what becomes of one that fails."""

    tasks: dict[str, Task]
    clock: Clock
    into: Samples
    drop: Callable[[str], object]

    @contextmanager
    def _alone(self, model: str) -> Iterator[None]:
        """What is raised in it is this model's failure, whatever it is."""
        try:
            yield
        except BaseException as error:
            require_failure(error)
            self.into.fail(model, told(error))
            del self.tasks[model]
            self.drop(model)
            release(error)

    def warm_up(self, model: str, budget: float) -> None:
        with self._alone(model):
            if not _settles(self.tasks[model], self.clock, budget):
                self.into.unsettled.add(model)

    def round(self, order: Sequence[str]) -> None:
        """Time each model once."""
        self._open(order[0])
        measured, seconds, wall = dict[str, Any](), dict[str, float](), dict[str, Wall]()
        for model in [model for model in order if model in self.tasks]:
            with self._alone(model):
                measured[model] = self.clock.measure(self.tasks[model])
        for model, one in measured.items():  # one by one: an error on the device comes only here
            with self._alone(model):
                (seconds[model],) = self.clock.read([one])
        for model in seconds if self.clock.measures_wall else ():
            with self._alone(model):
                wall[model] = self.clock.wall(self.tasks[model])
        for model in seconds.keys() - self.into.failures.keys():
            self.into.add(model, seconds[model], wall.get(model))

    def _open(self, first: str) -> None:
        """Where calls are enqueued, let one go before that is not timed: the first of a round waits
        for the host, while the others find the device at work, as in a training loop."""
        if self.clock.measures_wall:
            with self._alone(first):
                self.clock.measure(self.tasks[first])


def _settles(task: Task, clock: Clock, budget: float) -> bool:
    """Whether the task gets no faster any more within so many seconds."""
    taken = clock.read([clock.measure(task)])
    begin = clock.now()
    while not stats.settled(taken):
        if len(taken) >= 2 and clock.now() - begin > budget:
            return stats.settled(taken, window=len(taken) // 2)
        taken += clock.read([clock.measure(task)])
    return True


def _is_look(done: int) -> bool:
    """Whether the intervals are looked at after that many rounds: 10, 12, 14, 16, 19 ..."""
    look = FIRST_LOOK
    while look < done:
        look = int(look * LOOK_EVERY) + 1
    return look == done
