"""Timing models against each other: every round times each of them once, in random order.

What disturbs a machine disturbs all models of a round alike, so that their ratio is stable even if
the times are not; `srbench.stats.paired_ratio` explains why the random order makes its interval
valid. Rounds cannot average away the effect of where the models lie in memory. The models are
therefore moved every few rounds, and the rounds of one *placement* count as one number
(`srbench.stats.ratio_over_placements`). The caller has to keep garbage collection off.
"""

import random
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from math import inf
from typing import Any

from srbench import stats
from srbench.conditions import MOST_ROUNDS
from srbench.errors import one_line, require_failure
from srbench.measure.clocks import Clock, Task, Wall
from srbench.measure.free_memory import release
from srbench.records.overhead import is_precise

WARM_UP_SHARE = 0.15  # of the time left, for all tasks together
WARM_UP_SECONDS = 3.0  # at most for one task; its first call, which may compile, is not counted
FIRST_LOOK = 10  # placements before the intervals are first looked at
LOOK_EVERY = 1.15  # factor from one look to the next, in placements
PLACEMENTS = 12  # a budget or a number of rounds is divided into at least so many
RECENT = 5  # rounds from which the time of a round is estimated
WORTH_MOVING = 6  # the rounds of a placement take so many times as long as moving


@dataclass
class Samples:
    """Seconds of one pass by model, placement and round. Element i of every model's list is from
    the same placement, and the elements in it are from the same rounds.

    A model that failed has a reason in ``failures`` and no samples.
    """

    seconds: dict[str, list[list[float]]] = field(default_factory=dict)
    wall: dict[str, list[list[Wall]]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    unsettled: set[str] = field(default_factory=set)

    @property
    def placements(self) -> int:
        return max((len(taken) for taken in self.seconds.values()), default=0)

    @property
    def rounds(self) -> int:
        return max((sum(map(len, taken)) for taken in self.seconds.values()), default=0)

    def add(self, model: str, placement: int, seconds: float, wall: Wall | None) -> None:
        """Add a model's samples of a round."""
        _put(self.seconds.setdefault(model, []), placement, seconds)
        if wall:
            _put(self.wall.setdefault(model, []), placement, wall)

    def fail(self, model: str, reason: str) -> None:
        """Drop a model's samples, and keep the reason."""
        self.failures[model] = reason
        self.seconds.pop(model, None)
        self.wall.pop(model, None)


def _put(taken: list[list[Any]], placement: int, value: object) -> None:
    if len(taken) == placement:
        taken.append([])
    taken[placement].append(value)


@dataclass
class Deadline:
    """When time is up, by a clock; infinitely late if there is no limit. ``uncounted`` is the
    number of seconds by which it was put off."""

    clock: Clock
    at: float = inf
    uncounted: float = 0.0

    @classmethod
    def after(cls, clock: Clock, seconds: float) -> "Deadline":
        """A deadline that many seconds from now."""
        return cls(clock, clock.now() + seconds)

    @property
    def left(self) -> float:
        """Seconds left; below zero once the deadline has passed."""
        return self.at + self.uncounted - self.clock.now()

    def extend(self, seconds: float) -> None:
        """Put the deadline off by that many seconds."""
        self.uncounted += seconds


@dataclass(frozen=True)
class Stop:
    """When a pass has enough rounds; see `srbench.conditions.Plan`."""

    baseline: str
    rounds: int | None
    precision: float

    @property
    def most(self) -> int:
        """The largest number of rounds."""
        return MOST_ROUNDS if self.rounds is None else self.rounds

    def reached(self, samples: Samples) -> bool:
        """Asked after each placement. The intervals' width decides, never their position."""
        if samples.rounds >= self.most:
            return True
        return self.rounds is None and _is_look(samples.placements) and self._precise(samples)

    def _precise(self, samples: Samples) -> bool:
        base = samples.seconds.get(self.baseline)
        compared = [s for model, s in samples.seconds.items() if model != self.baseline]
        if base is None or not compared:
            estimates = [stats.median_over_placements(s) for s in samples.seconds.values()]
        else:
            estimates = [stats.ratio_over_placements(s, base) for s in compared]
        return all(is_precise(estimate, self.precision) for estimate in estimates)


class Course:
    """One pass of all models, from warming up to the last round.

    ``ready`` makes the tasks of the models that have not failed, for their current places in
    memory, and releases them at the end of the ``with``. ``samples`` gets whole rounds only: after
    an interruption it holds what was measured. A task that raises fails alone.
    """

    def __init__(
        self,
        ready: Callable[[], AbstractContextManager[dict[str, Task]]],
        clock: Clock,
        stop: Stop,
        seed: str,
        samples: Samples,
    ) -> None:
        self.samples = samples
        self.ready_seconds = 0.0  # to make the tasks of a placement
        self.is_done = False
        self._ready, self._clock, self._stop = ready, clock, stop
        self._chance = random.Random(seed)
        self._warm = deque([0.0], RECENT)  # seconds of rounds that followed another one

    @property
    def round_seconds(self) -> float:
        """Seconds of an undisturbed round, including what is not timed in it."""
        return min(self._warm)

    def warm_up(self, budget: float) -> float:
        """Call each task until it gets no faster, or all have taken ``budget`` seconds.

        Returns how many seconds longer the first calls took than the last, mostly for compiling.
        """
        extra = 0.0
        with self._made_ready() as tasks:
            share = min(WARM_UP_SECONDS, budget / max(1, len(tasks)))
            for model in list(tasks):
                with self._alone(model, tasks):
                    first, last, is_settled = _settle(tasks[model], self._clock, share)
                    extra += max(0.0, first - last)
                    self._warm[0] += last
                    if not is_settled:
                        self.samples.unsettled.add(model)
            self.is_done = not tasks
        return extra

    def run_placement(
        self, seconds: float, opens: bool, deadline: Deadline, after_round: Callable[[bool], object]
    ) -> None:
        """Run the rounds of a placement: as many as fit into ``seconds``, or a share of the number
        asked for, and no more than the deadline allows. If no round was run before, there is at
        least one.

        If this pass ``opens`` the placement, or if there is time for more than one round, each
        model is first called once without timing it, since caches and malloc do not know the new
        places yet. Once time is up there is no such call.
        """
        placement = self.samples.placements
        with self._made_ready() as tasks:
            wanted = self._fitting_rounds(seconds)
            if is_open := deadline.left > 0 and (opens or wanted > 1):
                self._open(tasks)
                wanted = max(1, wanted - 1)
            after_round(False)
            for _ in range(min(wanted, self._stop.most - self.samples.rounds)):
                if not tasks or (self.samples.rounds and deadline.left < max(self._warm)):
                    break
                start = self._clock.now()
                self._round(tasks, placement)
                took = self._clock.now() - start
                if is_open or took < self.round_seconds:
                    self._warm.append(took)
                after_round(True)
            self.is_done = not tasks or self._stop.reached(self.samples)

    @contextmanager
    def _made_ready(self) -> Iterator[dict[str, Task]]:
        begin = self._clock.now()
        with self._ready() as tasks:
            self.ready_seconds = self._clock.now() - begin
            yield tasks

    def _fitting_rounds(self, seconds: float) -> int:
        """Rounds of a placement, including the one that opens it."""
        if self._stop.rounds is not None:
            return 1 + max(1, self._stop.rounds // PLACEMENTS)
        return max(1, int(seconds / max(self.round_seconds, 1e-9)))

    def _open(self, tasks: dict[str, Task]) -> None:
        """Call each model once, and wait for it."""
        measured = self._each(tasks, self._shuffled(tasks), self._clock.measure)
        self._read(measured, tasks)

    def _read(self, measured: dict[str, Any], tasks: dict[str, Task]) -> dict[str, float]:
        """Seconds, read one by one: an error on the device appears only here."""
        seconds = dict[str, float]()
        for model, one in measured.items():
            with self._alone(model, tasks):
                (seconds[model],) = self._clock.read([one])
        return seconds

    def _round(self, tasks: dict[str, Task], placement: int) -> None:
        """Time each model once."""
        order, is_enqueued = self._shuffled(tasks), self._clock.measures_wall
        if is_enqueued:
            # The first call of a round waits for the host, while the others find the device at
            # work, as in a training loop: an untimed call goes first.
            self._each(tasks, order[:1], self._clock.measure)
        seconds = self._read(self._each(tasks, order, self._clock.measure), tasks)
        walls = self._each(tasks, list(seconds), self._clock.wall) if is_enqueued else {}
        for model in seconds.keys() - self.samples.failures.keys():
            self.samples.add(model, placement, seconds[model], walls.get(model))

    def _shuffled(self, tasks: dict[str, Task]) -> list[str]:
        return self._chance.sample(list(tasks), len(tasks))

    def _each(
        self, tasks: dict[str, Task], order: Sequence[str], do: Callable[[Task], Any]
    ) -> dict[str, Any]:
        """The result of ``do`` for each model that does not fail."""
        found = dict[str, Any]()
        for model in [model for model in order if model in tasks]:
            with self._alone(model, tasks):
                found[model] = do(tasks[model])
        return found

    @contextmanager
    def _alone(self, model: str, tasks: dict[str, Task]) -> Iterator[None]:
        """Any error raised in the ``with`` is this model's failure."""
        try:
            yield
        except BaseException as error:
            require_failure(error)
            self.samples.fail(model, one_line(error))
            del tasks[model]
            release(error)


def interleave(
    courses: Sequence[Course],
    move: Callable[[], object],
    deadline: Deadline,
    after_round: Callable[[bool], object] = lambda timed: None,
) -> None:
    """Warm up all passes, then run them in turn, placement by placement, until each is done or
    time is up. At least one round of each is run.

    The extra time of first calls, for compiling for example, puts the deadline off. The fastest
    pass should come first, since it opens every placement. It is warmed up last: tensors that a
    model keeps from its first call must be usable in training, and those made under inference mode
    are not. ``move`` moves the models to other places in memory. ``after_round`` is called with
    True after each round, and with False before the first round of a placement.
    """
    clock = deadline.clock
    for number, course in enumerate(reversed(courses)):
        share = WARM_UP_SHARE * max(0.0, deadline.left) / (len(courses) - number)
        deadline.extend(course.warm_up(share))
    taken = 0
    while todo := [course for course in courses if not course.is_done]:
        begin = clock.now()
        opening = todo[0].round_seconds + sum(course.ready_seconds for course in todo)
        if taken and deadline.left < opening + sum(course.round_seconds for course in todo):
            return
        move()
        moving = clock.now() - begin + opening
        fair = deadline.left / max(1, PLACEMENTS - taken)
        seconds = min(fair - moving, WORTH_MOVING * moving) / len(todo)
        for course in todo:
            if not course.samples.rounds or deadline.left >= course.round_seconds:
                opens = course is todo[0] or not taken
                course.run_placement(seconds, opens, deadline, after_round)
        taken += 1


def _settle(task: Task, clock: Clock, budget: float) -> tuple[float, float, bool]:
    """Call a task until it gets no faster, or for ``budget`` seconds after its first call.

    Returns the seconds of the first and of the last call, including what is not timed in them, and
    whether the task has settled.
    """
    start = clock.now()
    taken = clock.read([clock.measure(task)])
    begin = last = clock.now()
    first = begin - start
    while not stats.settled(taken):
        if len(taken) >= 2 and clock.now() - begin > budget:
            is_settled = stats.settled(taken, window=len(taken) // 2)
            return first, clock.now() - last, is_settled
        last = clock.now()
        taken += clock.read([clock.measure(task)])
    return first, clock.now() - last, True


def _is_look(done: int) -> bool:
    """Whether the intervals are looked at after this many placements: 10, 12, 14, 16, 19 ..."""
    look = FIRST_LOOK
    while look < done:
        look = int(look * LOOK_EVERY) + 1
    return look == done
