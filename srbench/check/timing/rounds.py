"""Times this version of the code against another one, in alternating fresh processes.

A *series* is three fresh processes: one of this version and two of the other, which are each
other's control. They take turns call by call, so that a machine's drift affects all alike. A series
gives one ratio per model. Chance differences between processes are then part of the ratios' spread,
and the interval over series shows how certain the result is.
"""

import random
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from srbench import stats
from srbench.check.timing.judge import is_above, is_decided, is_quiet, judge
from srbench.check.timing.processes import TimingJob, TurnError, Worker
from srbench.check.timing.versions import Code, this_code
from srbench.check.verdicts import Verdict
from srbench.stats import FEWEST

MOST_SERIES = 2 * FEWEST
ROUNDS = 24  # per series; in every round each process has a turn with each model

Say = Callable[[str], object]


@dataclass
class Ratios:
    """Ratios by model, one number per series; why a version could not build or run a model, and
    which models the other version does not know."""

    ratios: dict[str, list[float]] = field(default_factory=dict)
    control: dict[str, list[float]] = field(default_factory=dict)
    failed_here: dict[str, str] = field(default_factory=dict)
    failed_there: dict[str, str] = field(default_factory=dict)
    unknown_there: dict[str, str] = field(default_factory=dict)


def compare(
    table: str,
    job: TimingJob,
    other: Code,
    tolerances: dict[str, float],
    say: Say = lambda text: None,
) -> list[Verdict]:
    """Judge every model of a job.

    Series are added until every model's interval is on one side of its tolerance, or there are
    ``MOST_SERIES``. Models that seem slower are then measured again in reversed order, until they
    are decided and the other version agrees with itself, or there are ``MOST_SERIES`` again.

    Raises SrbenchError if a version does not run at all, or is not the code that it should be.
    """
    codes = (this_code(other), other)
    first, again = Ratios(), Ratios()
    for number in range(MOST_SERIES):
        say(f"{table}: series {number + 1}, at most {MOST_SERIES}")
        _time_series(job, codes, number, first)
        if _is_enough(first, tolerances):
            break
    slower = tuple(
        spec
        for spec, ratios in first.ratios.items()
        if is_above(stats.over_units(ratios), tolerances[spec])
    )
    for number in range(MOST_SERIES if slower else 0):
        say(f"{table}: confirmation, series {number + 1}, at most {MOST_SERIES}")
        _time_series(job.only(slower), codes, number, again, reverse=True)
        if _is_enough(again, tolerances) and all(
            is_quiet(stats.over_units(_control(spec, first, again)), tolerances[spec])
            for spec in slower
        ):
            break
    return [_verdict(table, name, tolerances[name], first, again) for name in job.names]


def _is_enough(found: Ratios, tolerances: dict[str, float]) -> bool:
    """Whether every model is decided, so that no more series are needed."""
    return all(
        len(ratios) >= FEWEST and is_decided(ratios, tolerances[spec])
        for spec, ratios in found.ratios.items()
    )


def _control(spec: str, first: Ratios, again: Ratios) -> list[float]:
    return [*first.control[spec], *again.control.get(spec, [])]


def _verdict(table: str, spec: str, tolerance: float, first: Ratios, again: Ratios) -> Verdict:
    for failures in (first.failed_here, again.failed_here, first.failed_there, again.failed_there):
        if spec in failures:
            is_new = spec in first.unknown_there and spec not in first.failed_here
            return Verdict(table, spec, "new" if is_new else "failed", tolerance, failures[spec])
    second = again.ratios.get(spec, [])
    control = _control(spec, first, again)
    return judge(table, spec, tolerance, first.ratios[spec], second, control)


def _time_series(
    job: TimingJob, codes: tuple[Code, Code], number: int, comparison: Ratios, reverse: bool = False
) -> None:
    """Run three fresh processes, and add one ratio per model from their turns."""
    here, there = codes
    order = [("here", here), ("there", there), ("control", there)]
    with ExitStack() as stack:
        workers = {
            name: stack.enter_context(Worker(code, job))
            for name, code in (reversed(order) if reverse else order)
        }
        hellos = {name: worker.hello() for name, worker in workers.items()}
        comparison.failed_here |= hellos["here"]["failures"]
        comparison.failed_there |= hellos["there"]["failures"] | hellos["control"]["failures"]
        comparison.unknown_there |= hellos["there"]["unknown"]
        specs = [s for s in job.names if s not in comparison.failed_here | comparison.failed_there]
        samples = _rounds(workers, specs, random.Random(f"{number}/{reverse}"), comparison)
        for worker in workers.values():
            worker.require_right()
    for spec in specs:
        if spec in comparison.failed_here | comparison.failed_there:
            continue
        own = samples["here", spec], samples["there", spec], samples["control", spec]
        here_, there_, control = own
        comparison.ratios.setdefault(spec, []).append(stats.paired_ratio(here_, there_).value)
        comparison.control.setdefault(spec, []).append(stats.paired_ratio(control, there_).value)


def _rounds(
    workers: dict[str, Worker],
    specs: Sequence[str],
    generator: random.Random,
    comparison: Ratios,
) -> dict[tuple[str, str], list[float]]:
    """Seconds by process and model; in every round each process has a turn with each model. One
    that fails has no more turns."""
    samples: dict[tuple[str, str], list[float]] = {}
    failures = {"here": comparison.failed_here}
    for _ in range(ROUNDS):
        for spec in generator.sample(specs, len(specs)):
            for name in generator.sample(list(workers), len(workers)):
                if spec in comparison.failed_here | comparison.failed_there:
                    continue
                try:
                    samples.setdefault((name, spec), []).append(workers[name].turn(spec))
                except TurnError as error:
                    failures.get(name, comparison.failed_there)[spec] = str(error)
    return samples
