"""Times subjects against their baselines, within the time budget."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import Any

from srbench.conditions import Plan, Setup, require_used
from srbench.errors import one_line, require_failure
from srbench.measure.devices import Device, require_dtype, require_processes
from srbench.measure.latency import Deadline
from srbench.measure.torch_settings import kept
from srbench.models.subject import FromSpec, Subject
from srbench.records import environment
from srbench.records.record import Record
from srbench.records.timing import AGAIN, Energy
from srbench.runner.estimating import estimates, failure_of, record_of
from srbench.runner.memory_and_energy import Peaks, measure_energies, measure_peaks
from srbench.runner.sampling import (
    Candidate,
    LineUp,
    Sampled,
    Say,
    sample,
    sample_afresh,
    time_left,
)
from srbench.spec.cases import Case

LOG = logging.getLogger(__name__)


def setup_for(
    device: Device, batch: int | None, dtype: str | None, amp: bool, **others: object
) -> Setup:
    """The setup on a device, with its defaults."""
    return Setup(
        device=device.name,
        batch=device.default_batch if batch is None else batch,
        dtype=dtype or (device.default_autocast if amp else "float32"),
        amp=amp,
        **others,  # type: ignore[arg-type]
    )


def require_possible(setup: Setup, plan: Plan, device: Device) -> None:
    """Raises SrbenchError for a dtype that the device cannot do, for several processes on one that
    admits one, and for an optimiser without a training step."""
    require_used(setup, plan)
    require_processes(device, plan.processes)
    require_dtype(device, setup, plan.passes)


def run(
    wanted: Iterable[Case], setup: Setup, plan: Plan, device: Device, **how: Any
) -> Iterator[Record]:
    """Time each baseline with its variants, as `time` does."""
    return time(map(FromSpec, wanted), setup, plan, device, **how)


def time(
    wanted: Iterable[Subject],
    setup: Setup,
    plan: Plan,
    device: Device,
    *,
    aa: bool = False,
    with_memory: bool = True,
    with_energy: bool = True,
    say: Callable[[str, str], object] = lambda baseline, text: None,
) -> Iterator[Record]:
    """Time each baseline with its variants, one comparison after the other.

    Building, warming up and timing a comparison end when the plan's budget is used up, but not
    before one round of each pass. Memory and energy have the same budget again, and at least one
    round of energy. Compiling does not count. A row that cannot be built or run has a status that
    says why, and does not affect the others. If interrupted, it yields what was measured, and then
    raises KeyboardInterrupt. Raises SrbenchError as `require_possible` does.
    """
    import torchvision  # noqa: F401 - takes a second, which no model's build should include

    require_possible(setup, plan, device)
    for _, group in groupby(wanted, key=lambda subject: subject.group):
        subjects = list(group)
        baseline = subjects[0].baseline
        report = partial(say, baseline)
        deadline = _deadline(device, plan)
        failures: dict[str, str] = {}
        rows = [_checked(row, failures, report) for row in _rows(subjects, aa)]
        ready = tuple(row for row in rows if row.name not in failures)
        line_up = LineUp(baseline, ready, setup, plan)
        found = [Sampled(failures=failures)]
        peaks: dict[str, Peaks] = {}
        joules: dict[str, dict[str, Energy]] = {}
        interrupted = None
        try:
            _sample(line_up, device, deadline, found, report)
            beside = _deadline(device, plan)
            good = [row for row in line_up.rows if not failure_of(found, row)]
            if with_memory:
                measure_peaks(line_up, device, good, beside, peaks, report)
            if good and with_energy and device.gpu:
                measure_energies(line_up, device, good, beside, joules, report)
        except KeyboardInterrupt as error:
            interrupted = error
        flags = found[1].flags if len(found) > 1 else {}
        facts = {**environment.facts(), **device.facts, **flags}
        for row in rows:
            passes = estimates(line_up, found, row, peaks.get(row.subject.name, {}), joules)
            if passes or not interrupted:
                yield record_of(line_up, row, found, passes, facts)
        if interrupted:
            raise interrupted


def _deadline(device: Device, plan: Plan) -> Deadline:
    """The end of the budget, counted from now."""
    return Deadline.after(device.clock, plan.budget)


@kept()
def _checked(row: Candidate, failures: dict[str, str], say: Say) -> Candidate:
    """The row with its code's fingerprint; if it cannot be built or run, ``failures`` says why."""
    say(f"building {row.name}")
    try:
        assembly = row.subject.require_runs()
        return replace(row, fingerprint=assembly.fingerprint, parts=assembly.parts)
    except BaseException as error:
        require_failure(error)
        LOG.debug("%s failed", row.name, exc_info=True)
        failures[row.name] = one_line(error).removeprefix(f"{row.subject.name}: ")
        return row


def _rows(subjects: Sequence[Subject], aa: bool) -> Iterator[Candidate]:
    baseline, *variants = subjects
    yield Candidate(baseline.name, baseline, "baseline")
    if aa:
        yield Candidate(baseline.name + AGAIN, baseline, "aa")
    for subject in variants:
        yield Candidate(subject.name, subject, "variant")


def _sample(
    line_up: LineUp, device: Device, deadline: Deadline, found: list[Sampled], say: Say
) -> None:
    """Adds the samples of this process, or of each of the plan's fresh ones."""
    if not line_up.rows:
        return
    if line_up.plan.processes == 1:
        found.append(Sampled())
        try:
            sample(line_up, device, deadline, found[-1], say)
        except RuntimeError as error:  # on a device, every call may fail after an error
            found[-1].failures = _all_failed(line_up, error) | found[-1].failures
        return
    beside = 0.0  # seconds that a process takes more than its share, to start above all
    for process in range(line_up.plan.processes):
        if process and deadline.left <= beside:
            return
        say(f"process {process + 1} of {line_up.plan.processes}{time_left(deadline)}")
        left, share = deadline.left, deadline.left / (line_up.plan.processes - process)
        try:
            found.append(sample_afresh(replace(line_up, process=process), share))
            deadline.extend(found[-1].compiling)
            beside = left - deadline.left - share
        except BaseException as error:
            require_failure(error)
            found.append(Sampled(failures=_all_failed(line_up, error)))
            return


def _all_failed(line_up: LineUp, error: BaseException) -> dict[str, str]:
    return {row.name: one_line(error) for row in line_up.rows}
