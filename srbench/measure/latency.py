"""Timing models against each other: every round times each of them once, in random order.

What disturbs a machine disturbs neighbours in a round alike, so that their ratio keeps still where
the times do not; `srbench.stats.paired_ratio` says why the random order is what makes its interval
valid. Garbage collection is the caller's to keep off.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from srbench import stats
from srbench.conditions import MOST_ROUNDS
from srbench.failures import require_failure, told
from srbench.measure.clocks import Clock, Task
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
    wall: dict[str, list[float]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    unsettled: set[str] = field(default_factory=set)
    elapsed: float = 0.0  # seconds that the rounds took, without warming up

    @property
    def rounds(self) -> int:
        return max((len(samples) for samples in self.seconds.values()), default=0)

    def fail(self, model: str, error: BaseException) -> None:
        """Take a model out."""
        self.failures[model] = told(error)
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
    tasks: Sequence[Task],
    clock: Clock,
    stop: Stop,
    seed: str,
    into: Samples,
    after_round: Callable[[int], object] = lambda done: None,
) -> None:
    """Warm each task up, then time them all in rounds until ``stop`` says so.

    The samples go ``into`` what is given, whole rounds only: an interruption leaves there what was
    measured. A task that raises fails alone. ``seed`` decides the order inside the rounds.
    """
    generator = random.Random(seed)
    least, most = WARM_UP_SECONDS
    for task in tasks:
        _warm_up(task, clock, min(max(least, WARM_UP_SHARE * stop.budget), most), into)
    begin = clock.now()
    while remaining := [task for task in tasks if task.model not in into.failures]:
        generator.shuffle(remaining)
        _round(remaining, clock, into)
        if into.rounds == 0:
            continue  # all have failed
        after_round(into.rounds)
        into.elapsed = clock.now() - begin
        if stop.reached(into, into.elapsed):
            return


def _warm_up(task: Task, clock: Clock, budget: float, into: Samples) -> None:
    try:
        taken = clock.read([clock.measure(task)])
        begin = clock.now()
        while not stats.settled(taken):
            if len(taken) >= 2 and clock.now() - begin > budget:
                if not stats.settled(taken, window=len(taken) // 2):
                    into.unsettled.add(task.model)
                return
            taken += clock.read([clock.measure(task)])
    except BaseException as error:  # whatever it is: it is this model's failure
        require_failure(error)
        into.fail(task.model, error)


def _round(tasks: Sequence[Task], clock: Clock, into: Samples) -> None:
    measured, wall = {}, {}
    for task in tasks:
        try:
            measured[task.model] = clock.measure(task)
        except BaseException as error:
            require_failure(error)
            into.fail(task.model, error)
    seconds = dict(zip(measured, clock.read(list(measured.values())), strict=True))
    for task in tasks if clock.measures_wall else ():
        if task.model in seconds:
            try:
                wall[task.model] = clock.wall(task)
            except BaseException as error:
                require_failure(error)
                into.fail(task.model, error)
    for model in seconds.keys() - into.failures.keys():
        into.seconds.setdefault(model, []).append(seconds[model])
        if model in wall:
            into.wall.setdefault(model, []).append(wall[model])


def _is_look(done: int) -> bool:
    """Whether the intervals are looked at after that many rounds: 10, 12, 14, 16, 19 ..."""
    look = FIRST_LOOK
    while look < done:
        look = int(look * LOOK_EVERY) + 1
    return look == done
