"""One process's samples of one comparison: builds the models, then times pass after pass."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from srbench.conditions import Conditions, Plan, Setup
from srbench.errors import BuildError
from srbench.failures import require_failure, told
from srbench.measure.devices import Device, opened
from srbench.measure.latency import Samples, Stop, interleave
from srbench.measure.passes import Subject, around, place, tasks
from srbench.measure.pinning import BUILDING, Pinned, pinned
from srbench.measure.release import release
from srbench.measure.settings import current, put_back
from srbench.measure.watch import Watch
from srbench.models.build import assemble
from srbench.records import UNKNOWN, MadeOf, Role
from srbench.spec import Spec

TIME_BUDGET = 20.0  # seconds for one comparison, where neither budget nor rounds are given


@dataclass(frozen=True)
class Row:
    """A model of the comparison; ``name`` tells it from the others. ``fingerprint`` is that of the
    code that is to be measured, ``parts`` what that is made of."""

    name: str
    spec: Spec
    role: Role
    fingerprint: str = UNKNOWN
    parts: tuple[MadeOf, ...] = ()


@dataclass(frozen=True)
class Job:
    """Models that are compared, and how. ``baseline`` is the name of the one that they are compared
    with, which is not among them where it cannot be built. ``process`` counts the fresh ones, which
    take over torch's ``settings``."""

    baseline: str
    rows: tuple[Row, ...]
    under: Conditions
    setup: Setup
    plan: Plan
    process: int = 0
    settings: Mapping[str, Any] = field(default_factory=current)

    @property
    def budget(self) -> float:
        """Seconds of measuring that one process has; infinite where the rounds are given."""
        whole = self.plan.time_budget
        if whole is None:
            whole = TIME_BUDGET if self.plan.rounds is None else float("inf")
        return whole / self.plan.processes


@dataclass
class Sampled:
    """What one process found: samples by pass, what failed and why, by row, and what disturbed.

    ``changes`` are the settings of torch that a row's code changed, by what it was doing.
    """

    samples: dict[str, Samples] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    flags: Mapping[str, Any] = field(default_factory=dict)
    changes: Mapping[tuple[str, str], dict[str, Any]] = field(default_factory=dict)


Say = Callable[[str], object]


def sample(job: Job, device: Device, into: Sampled, say: Say = lambda text: None) -> None:
    """Time all models of a job on a device; an interruption leaves what was measured.

    A model that cannot be built, or that fails, fails alone.
    """
    with pinned(job.setup) as held:
        into.flags, into.changes = held.flags, held.changes
        say("building")
        subjects = _built(job, device, into, held)
        watch = device.watch()
        remaining = job.budget
        try:
            for number, what in enumerate(job.plan.passes):
                budget = remaining / (len(job.plan.passes) - number)
                _sample_pass(job, device, subjects, what, budget, into, held, say, watch)
                remaining -= into.samples[what].elapsed
        finally:
            held.end()
            into.notes += watch.warnings()


def sample_in_fresh_process(job: Job) -> Sampled:
    """The same, to be called in a process of its own."""
    put_back(job.settings)
    sampled = Sampled()
    with opened(job.setup.device) as device:
        sample(job, device, sampled)
    return sampled


def subject(job: Job, row: Row, device: torch.device, held: Pinned) -> Subject:
    """A model of the job on a device, built with the settings that are held.

    Raises BuildError where it is not the code any more that was asked for: a fresh process reads
    it anew, and it may have been edited meanwhile. Raises what building raises.
    """
    held.begin(row.name, BUILDING)
    torch.manual_seed(job.setup.seed)
    assembly = assemble(row.spec, job.under)
    held.end()
    if assembly.fingerprint != row.fingerprint:
        raise BuildError("its code was changed while it was measured", "measure it again")
    return place(row.name, assembly.model, job.under, job.setup, device)


def _built(job: Job, device: Device, into: Sampled, held: Pinned) -> dict[str, Subject]:
    """The models on their device by name, made in random order: none always has the first place
    there."""
    order = list(job.rows)
    random.Random(f"{job.setup.seed}/{job.process}").shuffle(order)
    built = {}
    for row in order:
        try:
            built[row.name] = subject(job, row, device.torch_device, held)
        except BaseException as error:  # lack of memory, above all: it is this row's failure
            require_failure(error)
            into.failures[row.name] = told(error)
            release(error)
    return built


def _sample_pass(
    job: Job,
    device: Device,
    subjects: dict[str, Subject],
    what: str,
    budget: float,
    into: Sampled,
    held: Pinned,
    say: Say,
    watch: Watch,
) -> None:
    say(f"{what}: warming up")
    ready, failures = tasks(subjects, what, held)
    samples = into.samples[what] = Samples()
    for name, reason in failures.items():
        samples.fail(name, reason)
    stop = Stop(job.baseline, job.plan.rounds, budget, job.plan.precision)

    def after_round(done: int) -> None:
        watch.look(timed=done > 0)
        say(f"{what}: {done} rounds")

    try:
        with around(what):
            seed = f"{job.setup.seed}/{job.process}/{what}"
            interleave(ready, device.clock, stop, seed, samples, after_round, subjects.pop)
    finally:
        for name, reason in samples.failures.items():
            into.failures.setdefault(name, f"{what}: {reason}")
