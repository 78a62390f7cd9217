"""Times specs against their baselines, within the time budget."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby

from srbench.conditions import Conditions, Plan, Setup, require_used
from srbench.errors import one_line, require_failure
from srbench.measure.devices import Device, opened, require_dtype, require_processes, resolve
from srbench.measure.latency import Deadline
from srbench.measure.torch_settings import kept
from srbench.models.build import require_buildable
from srbench.records import environment
from srbench.records.record import Record
from srbench.records.results import Results
from srbench.records.timing import Energy
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
from srbench.spec.cases import Case, Size, cases
from srbench.spec.parse import Spec

LOG = logging.getLogger(__name__)
AGAIN = " (again)"


def time(
    spec: str | Spec,
    *specs: str | Spec,
    variants: Sequence[str] = (),
    input_size: Size | None = None,
    num_classes: int | None = None,
    device: str | None = None,
    batch: int | None = None,
    dtype: str | None = None,
    amp: bool = False,
    channels_last: bool = False,
    compile: bool = False,  # noqa: A002 - torch's name
    cuda_graph: bool = False,
    threads: int | None = None,
    seed: int = 0,
    optimizer: str | None = None,
    aa: bool = False,
    plan: Plan | None = None,
) -> Results:
    """Time the forward pass, backward pass and training step of specs and of their baselines.

    Args:
        spec, specs: such as ``"resnet50+sr"``; missing baselines are added.
        variants: blocks that add one more row per backbone, such as ``"se+sr:memories=4"``.
        input_size: one side, ``(height, width)`` or ``"192x256"``, in pixels; by default
            each network's default input size, mostly 224.
        num_classes: the number of logits; by default each network's default, mostly 1000.
        device: ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"mps"`` or ``"all"``, or several of these
            separated by commas; by default every GPU present, else the CPU.
        batch: images per batch; by default 1 on a CPU and 32 elsewhere.
        dtype: ``"float32"``, ``"float16"`` or ``"bfloat16"``; with ``amp``, autocast's dtype.
        amp, channels_last, compile, cuda_graph, threads, seed, optimizer: see
            `srbench.conditions.Setup`.
        aa: time the baseline twice, to show the noise.
        plan: passes, rounds, processes and budget; see `srbench.conditions.Plan`.

    Raises:
        SrbenchError: for bad input, with the remedy.
    """
    wanted = cases([spec, *specs], variants, (), size=input_size, num_classes=num_classes)
    others = {
        "channels_last": channels_last,
        "compile": compile,
        "cuda_graph": cuda_graph,
        "threads": threads,
        "seed": seed,
        "optimizer": optimizer,
    }
    found: list[Record] = []
    for name in resolve(device):
        with opened(name) as opened_device:
            setup = setup_for(opened_device, batch, dtype, amp, **others)
            found += run(wanted, setup, plan or Plan(), opened_device, aa=aa)
    return Results(found)


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
    wanted: Sequence[Case],
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
    for (baseline, conditions), group in groupby(
        wanted, key=lambda c: (c.spec.baseline, c.conditions)
    ):
        report = partial(say, str(baseline))
        deadline = _deadline(device, plan)
        failures: dict[str, str] = {}
        rows = [
            _checked(row, conditions, failures, report)
            for row in _rows([case.spec for case in group], aa)
        ]
        ready = tuple(row for row in rows if row.name not in failures)
        line_up = LineUp(str(baseline), ready, conditions, setup, plan)
        found = [Sampled(failures=failures)]
        peaks: dict[Spec, Peaks] = {}
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
            passes = estimates(line_up, found, row, peaks.get(row.spec, {}), joules)
            if passes or not interrupted:
                yield record_of(line_up, row, found, passes, facts)
        if interrupted:
            raise interrupted


def _deadline(device: Device, plan: Plan) -> Deadline:
    """The end of the budget, counted from now."""
    return Deadline.after(device.clock, plan.budget)


@kept()
def _checked(
    row: Candidate, conditions: Conditions, failures: dict[str, str], say: Say
) -> Candidate:
    """The row with its code's fingerprint; if it cannot be built or run, ``failures`` says why."""
    say(f"building {row.name}")
    try:
        assembly = require_buildable(row.spec, conditions)
        return replace(row, fingerprint=assembly.fingerprint, parts=assembly.parts)
    except BaseException as error:
        require_failure(error)
        LOG.debug("%s failed", row.name, exc_info=True)
        failures[row.name] = one_line(error).removeprefix(f"{row.spec}: ")
        return row


def _rows(specs: Sequence[Spec], aa: bool) -> Iterator[Candidate]:
    baseline, *variants = specs
    yield Candidate(str(baseline), baseline, "baseline")
    if aa:
        yield Candidate(str(baseline) + AGAIN, baseline, "aa")
    for spec in variants:
        yield Candidate(str(spec), spec, "variant")


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
