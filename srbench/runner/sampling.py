"""One process's samples of one comparison: builds the models, then times all passes in turn."""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from math import isfinite
from typing import Any

import torch

from srbench.conditions import Plan, Setup
from srbench.errors import BuildError, one_line, require_failure
from srbench.measure import fresh_process
from srbench.measure.clocks import Task
from srbench.measure.devices import Device, opened
from srbench.measure.free_memory import release
from srbench.measure.latency import Course, Deadline, Samples, Stop, interleave
from srbench.measure.passes import Loaded, inference_context, tasks, to_device
from srbench.measure.pinning import BUILDING, Pinned, pinned
from srbench.measure.placement import Places
from srbench.measure.torch_settings import current, reset
from srbench.models.subject import Subject
from srbench.records.record import UNKNOWN, MadeOf
from srbench.records.timing import Role


@dataclass(frozen=True)
class Candidate:
    """A model of the comparison, with a unique ``name``. ``fingerprint`` is that of the code to be
    measured, ``parts`` what it is made of."""

    name: str
    subject: Subject
    role: Role
    fingerprint: str = UNKNOWN
    parts: tuple[MadeOf, ...] = ()


@dataclass(frozen=True)
class LineUp:
    """Models that are compared, and how. ``baseline`` is the name of the one they are compared
    with; it is not among the ``rows`` if it cannot be built. ``process`` is the number of the fresh
    process, which takes over torch's ``settings``."""

    baseline: str
    rows: tuple[Candidate, ...]
    setup: Setup
    plan: Plan
    process: int = 0
    settings: Mapping[str, Any] = field(default_factory=current)

    @property
    def is_called_as_it_is(self) -> bool:
        """Whether no mode of torch is set around the calls, of all rows alike."""
        return any(row.subject.is_called_as_it_is for row in self.rows)


@dataclass
class Sampled:
    """What one process found: samples by pass, why rows failed, and notes on disturbances.

    ``changes`` are the settings of torch that a row's code changed, by row and activity, and
    ``compiling`` the seconds that do not count towards the time budget.
    """

    samples: dict[str, Samples] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    flags: Mapping[str, Any] = field(default_factory=dict)
    changes: Mapping[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    compiling: float = 0.0


Say = Callable[[str], object]

STAYED = (
    "there was too little memory to move {} to other places: the effect of its placement is in its "
    "times, but not in their intervals"
)


def sample(
    line_up: LineUp,
    device: Device,
    deadline: Deadline,
    sampled: Sampled,
    say: Say = lambda text: None,
) -> None:
    """Time all models of a comparison on a device; an interruption leaves what was measured.

    A model that cannot be built, or that fails, does not affect the others. One that fails in one
    pass may still run in another.
    """
    with pinned(line_up.setup) as held:
        sampled.flags, sampled.changes = held.flags, held.changes
        say(f"building{time_left(deadline)}")
        models = _built(line_up, device, sampled, held)
        watch = device.watch()
        seed = f"{line_up.setup.seed}/{line_up.process}"
        trains = any(pass_name != "forward" for pass_name in line_up.plan.passes)
        begin = partial(held.begin, pass_name="moving")
        places = Places(device.torch_device, f"{seed}/places", trains, begin)
        stop = Stop(line_up.baseline, line_up.plan.rounds, line_up.plan.precision)
        sampled.samples.update({pass_name: Samples() for pass_name in line_up.plan.passes})
        courses = [
            Course(
                partial(_ready, models, pass_name, held, samples, line_up.is_called_as_it_is),
                device.clock,
                stop,
                f"{seed}/{pass_name}",
                samples,
            )
            for pass_name, samples in sampled.samples.items()
        ]

        def move() -> None:
            for name in [*models]:  # what failed in all passes must not take up memory
                if all(name in samples.failures for samples in sampled.samples.values()):
                    del models[name]
            places.move([*models.values()])

        def after_round(timed: bool) -> None:
            watch.observe(timed)
            rounds = ", ".join(
                f"{pass_name} {one.rounds}" for pass_name, one in sampled.samples.items()
            )
            say(f"rounds: {rounds}{time_left(deadline)}")

        say(f"warming up{time_left(deadline)}")
        try:
            interleave(courses, move, deadline, after_round)
        finally:
            held.end()
            sampled.compiling = deadline.uncounted
            sampled.notes += watch.warnings()
            sampled.notes += [STAYED.format(name) for name in sorted(places.stayed)]
            for pass_name, samples in sampled.samples.items():
                for name, reason in samples.failures.items():
                    sampled.failures.setdefault(name, f"{pass_name}: {reason}")


def time_left(deadline: Deadline) -> str:
    """The time that is left, in words; empty if there is no limit."""
    return f", at most {max(0.0, deadline.left):.0f} s left" if isfinite(deadline.at) else ""


@contextmanager
def _ready(
    models: dict[str, Loaded],
    pass_name: str,
    held: Pinned,
    samples: Samples,
    as_it_is: bool,
) -> Iterator[dict[str, Task]]:
    """The tasks of a pass, at the current placement, of the models that have not failed in it."""
    going = {name: one for name, one in models.items() if name not in samples.failures}
    ready, failures = tasks(going, pass_name, held)
    for name, reason in failures.items():
        samples.fail(name, reason)
    with inference_context(pass_name, as_it_is):
        yield ready


def sample_afresh(line_up: LineUp, budget: float) -> Sampled:
    """As `sample`, in a fresh process, whose start counts towards the ``budget`` in seconds.

    Raises what `srbench.measure.fresh_process.call` does.
    """
    return fresh_process.call(_sample_here, line_up, budget, time.time())


def _sample_here(line_up: LineUp, budget: float, began: float) -> Sampled:
    reset(line_up.settings)
    sampled = Sampled()
    with opened(line_up.setup.device) as device:
        left = budget - (time.time() - began)
        sample(line_up, device, Deadline.after(device.clock, left), sampled)
    return sampled


def loaded(line_up: LineUp, row: Candidate, device: torch.device, held: Pinned) -> Loaded:
    """A model of the comparison on a device, built with the settings that are held.

    Raises BuildError if its code has changed: a fresh process reads the code again, and it may have
    been edited meanwhile. Raises what building raises.
    """
    held.begin(row.name, BUILDING)
    torch.manual_seed(line_up.setup.seed)
    assembly = row.subject.assemble()
    held.end()
    if assembly.fingerprint != row.fingerprint:
        raise BuildError("its code was changed while it was measured", "measure it again")
    setup = line_up.setup
    return to_device(
        row.name, assembly.model, row.subject.batch(setup), setup, device, row.subject.dtype(setup)
    )


def _built(line_up: LineUp, device: Device, sampled: Sampled, held: Pinned) -> dict[str, Loaded]:
    """The models on their device by name, built in random order, so that none always has the first
    place there."""
    order = list(line_up.rows)
    random.Random(f"{line_up.setup.seed}/{line_up.process}").shuffle(order)
    built = {}
    for row in order:
        try:
            built[row.name] = loaded(line_up, row, device.torch_device, held)
        except BaseException as error:  # mostly lack of memory: only this row fails
            require_failure(error)
            sampled.failures[row.name] = one_line(error)
            release(error)
    return built
