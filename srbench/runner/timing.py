"""Times specs against their baselines: from samples to estimates and records."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from statistics import median

from srbench import environment, fresh, stats
from srbench.comparison import Case, Size, cases, usual
from srbench.conditions import PASSES, Conditions, Plan, Setup
from srbench.failures import require_failure, told
from srbench.measure.devices import Device, opened, require_dtype, require_processes, resolve
from srbench.measure.pinning import BUILDING
from srbench.measure.settings import kept
from srbench.models.build import require_buildable
from srbench.records import Energy, Estimate, Memory, PassTiming, Record, Timing
from srbench.results import Results
from srbench.runner.beside import measure_energies, measure_peaks
from srbench.runner.sampling import Job, Row, Sampled, Say, sample, sample_in_fresh_process
from srbench.spec import Spec, settings

LOG = logging.getLogger(__name__)
AGAIN = " (again)"
# Of the wall time, spent in launching kernels, from which on the device waits for the host in
# parts. On an H200, a training step of ResNet-50 took 9 % more than its CUDA graph at 0.70.
LAUNCH_BOUND = 0.75


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
    compile: bool = False,  # noqa: A002 - what torch calls it
    cuda_graph: bool = False,
    threads: int | None = None,
    seed: int = 0,
    aa: bool = False,
    plan: Plan | None = None,
) -> Results:
    """What the specs take, forward, backward and in a training step, each beside its baseline.

    Args:
        spec, specs: such as ``"resnet50+sr"``; the baselines are added where they are missing.
        variants: blocks that make one more row per backbone, such as ``"se+sr:memories=4"``.
        input_size: one side, ``(height, width)`` or ``"192x256"``, in pixels; by default
            what each network is made for, 224 mostly.
        num_classes: the logits of the last layer; likewise, 1000 mostly.
        device: ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"mps"`` or ``"all"``, or several of these
            separated by commas; by default every GPU present, else the CPU.
        batch: images a batch; by default 1 on a CPU and 32 elsewhere.
        dtype: ``"float32"``, ``"float16"`` or ``"bfloat16"``; with ``amp`` that of autocast.
        amp, channels_last, compile, cuda_graph, threads, seed: see `srbench.conditions.Setup`.
        aa: time the baseline a second time, to see the noise.
        plan: passes, rounds, processes and budget; see `srbench.conditions.Plan`.

    Raises:
        SrbenchError: for bad input, with the remedy.
    """
    wanted = cases([spec, *specs], variants, (), size=input_size, num_classes=num_classes)
    flags = {"channels_last": channels_last, "compile": compile, "cuda_graph": cuda_graph}
    found: list[Record] = []
    for name in resolve(device):
        with opened(name) as opened_device:
            setup = setup_for(opened_device, batch, dtype, amp, threads=threads, seed=seed, **flags)
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

    A row that cannot be built or run has a status that says why; the others stand. Interrupted, it
    yields what was measured, and then raises KeyboardInterrupt.
    Raises SrbenchError for a dtype that the device cannot do, and for several processes on one that
    admits one.
    """
    require_processes(device, plan.processes)
    require_dtype(device, setup, plan.passes)
    for (baseline, under), group in groupby(wanted, key=lambda c: (c.spec.baseline, c.under)):
        report = partial(say, str(baseline))
        failures: dict[str, str] = {}
        rows = [
            _checked(row, under, failures, report)
            for row in _rows([case.spec for case in group], aa)
        ]
        ready = tuple(row for row in rows if row.name not in failures)
        job = Job(str(baseline), ready, under, setup, plan)
        found = [Sampled(failures=failures)]
        peaks: dict[Spec, dict[str, Memory | None]] = {}
        joules: dict[str, dict[str, Energy]] = {}
        interrupted = None
        try:
            _sample(job, device, found, report)
            good = [row for row in job.rows if not _failure(found, row)]
            if with_memory:
                measure_peaks(job, device, good, peaks, report)
            if good and with_energy and device.gpu:
                measure_energies(job, device, good, joules, report)
        except KeyboardInterrupt as error:
            interrupted = error
        flags = found[1].flags if len(found) > 1 else {}
        facts = {**environment.facts(), **device.facts, **flags}
        for row in rows:
            passes = _passes(job, found, row, peaks.get(row.spec, {}), joules)
            if passes or not interrupted:
                yield _record(job, row, found, passes, facts)
        if interrupted:
            raise interrupted


@kept()
def _checked(row: Row, under: Conditions, failures: dict[str, str], say: Say) -> Row:
    """The row with the fingerprint of its code; why it cannot be built or run is a failure."""
    say(f"building {row.name}")
    try:
        assembly = require_buildable(row.spec, under)
        return replace(row, fingerprint=assembly.fingerprint, parts=assembly.parts)
    except BaseException as error:
        require_failure(error)
        LOG.debug("%s failed", row.name, exc_info=True)
        failures[row.name] = told(error).removeprefix(f"{row.spec}: ")
        return row


def _rows(specs: Sequence[Spec], aa: bool) -> Iterator[Row]:
    baseline, *variants = specs
    yield Row(str(baseline), baseline, "baseline")
    if aa:
        yield Row(str(baseline) + AGAIN, baseline, "aa")
    for spec in variants:
        yield Row(str(spec), spec, "variant")


def _sample(job: Job, device: Device, found: list[Sampled], say: Say) -> None:
    """The samples of one process, this one, or of as many fresh ones as were asked for."""
    if not job.rows:
        return
    if job.plan.processes == 1:
        found.append(Sampled())
        try:
            sample(job, device, found[-1], say)
        except RuntimeError as error:  # of a device on which every call fails after an error
            found[-1].failures = _all_failed(job, error) | found[-1].failures
        return
    for process in range(job.plan.processes):
        say(f"process {process + 1} of {job.plan.processes}")
        try:
            found.append(fresh.call(sample_in_fresh_process, replace(job, process=process)))
        except BaseException as error:
            require_failure(error)
            found.append(Sampled(failures=_all_failed(job, error)))
            return


def _all_failed(job: Job, error: BaseException) -> dict[str, str]:
    return {row.name: told(error) for row in job.rows}


def _failure(found: Sequence[Sampled], row: Row) -> str | None:
    return next((one.failures[row.name] for one in found if row.name in one.failures), None)


def _passes(
    job: Job,
    found: Sequence[Sampled],
    row: Row,
    peaks: dict[str, Memory | None],
    joules: dict[str, dict[str, Energy]],
) -> dict[str, PassTiming]:
    passes = {}
    for what in PASSES:
        taken = [one.samples[what] for one in found if what in one.samples]
        own = [samples.seconds.get(row.name, []) for samples in taken]
        wall = [[one.seconds for one in samples.wall.get(row.name, [])] for samples in taken]
        base = [samples.seconds.get(job.baseline, []) for samples in taken]
        if not any(own):
            continue
        passes[what] = PassTiming(
            _median(own, job.plan.processes),
            None if row.role == "baseline" else _ratio(own, base, job.plan.processes),
            tuple(tuple(samples) for samples in own),
            _median(wall, job.plan.processes) if any(wall) else None,
            peaks.get(what),
            joules.get(what, {}).get(row.name),
        )
    return passes


def _median(samples: Sequence[Sequence[float]], processes: int) -> Estimate:
    """Of one process the samples', of several that of their own medians."""
    if processes == 1:
        return stats.median(samples[0])
    return stats.median([stats.median(one).value for one in samples if one])


def _ratio(
    own: Sequence[Sequence[float]], base: Sequence[Sequence[float]], processes: int
) -> Estimate | None:
    """Of one process the paired samples', of several that of their own ratios."""
    ratios = []
    for variant, baseline in zip(own, base, strict=True):
        rounds = min(len(variant), len(baseline))  # an interruption may have come between two
        if rounds:
            ratios.append(stats.paired_ratio(variant[:rounds], baseline[:rounds]))
    if not ratios:
        return None
    return ratios[0] if processes == 1 else stats.over_processes([r.value for r in ratios])


def _record(
    job: Job,
    row: Row,
    found: Sequence[Sampled],
    passes: dict[str, PassTiming],
    facts: dict[str, object],
) -> Record:
    failure = _failure(found, row)
    return Record(
        spec=str(row.spec),
        baseline=str(row.spec.baseline),
        input=job.under.input_shape[1:],
        num_classes=job.under.num_classes,
        counts=None,
        environment={**facts, **_changes(found, row, PASSES)},
        status=f"failed: {failure}" if failure else "ok",
        settings=settings(row.spec),
        timing=Timing(
            job.setup,
            row.role,
            _finished(job, found),
            passes,
            tuple(_notes(job, row, found, passes)),
            job.plan.precision,
        ),
        fingerprint=row.fingerprint,
        made=environment.now(),
        parts=row.parts,
        usual=usual(row.spec),
    )


def _changes(found: Sequence[Sampled], row: Row, doing: Sequence[str]) -> dict[str, object]:
    """The settings of torch that a row's code changed while it did one of these."""
    return {
        setting: value
        for one in found
        for (name, what), changes in one.changes.items()
        if name == row.name and what in doing
        for setting, value in changes.items()
    }


def _launching(found: Sequence[Sampled], row: Row, what: str) -> float:
    """The share of the wall time after which the calls came back; 0 where that was not measured."""
    taken = [one.samples[what] for one in found if what in one.samples]
    walls = [wall for samples in taken for wall in samples.wall.get(row.name, ())]
    if not walls:
        return 0.0
    return median(wall.launching for wall in walls) / median(wall.seconds for wall in walls)


def _told(changes: Mapping[str, object]) -> str:
    return ", ".join(f"{setting} to {value}" for setting, value in changes.items())


def _finished(job: Job, found: Sequence[Sampled]) -> int:
    """How many processes have samples; an interruption may have come before the last."""
    return 1 if job.plan.processes == 1 else sum(bool(one.samples) for one in found)


def _notes(
    job: Job, row: Row, found: Sequence[Sampled], passes: dict[str, PassTiming]
) -> Iterator[str]:
    """What disturbed the row, or keeps it from saying more."""
    yield from dict.fromkeys(note for one in found for note in one.notes)
    built, ran = _changes(found, row, [BUILDING]), _changes(found, row, PASSES)
    if ran:
        yield f"its forward sets torch's {_told(ran)}: it is timed with that"
    if only := {name: value for name, value in built.items() if name not in ran}:
        yield f"building it sets torch's {_told(only)}: it is timed without that"
    for what, timed in passes.items():
        if (share := _launching(found, row, what)) > LAUNCH_BOUND:
            yield (
                f"{what}: launch-bound, the host takes {share:.0%} of the wall time to launch the "
                "kernels: this is its time more than the GPU's, and --cuda-graph takes it out"
            )
        if any(what in one.samples and row.name in one.samples[what].unsettled for one in found):
            yield f"{what}: the warm-up was cut short by the time budget"
        estimate = timed.ratio or timed.seconds
        if estimate.low is None:
            unit = "rounds" if job.plan.processes == 1 else "processes"
            yield (
                f"{what}: too few {unit} for an interval, {estimate.n} where {stats.FEWEST} are "
                "needed"
            )
        rounds = max(map(len, timed.samples))
        if job.plan.rounds and rounds < job.plan.rounds:
            yield f"{what}: stopped after {rounds} of {job.plan.rounds} rounds"
        if timed.ratio is None and row.role != "baseline":
            yield f"{what}: nothing to compare with, the baseline failed"
