"""Makes estimates and records from samples."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import median

from srbench import stats
from srbench.conditions import PASSES
from srbench.measure.clocks import Wall
from srbench.measure.pinning import BUILDING
from srbench.records import environment
from srbench.records.record import Record
from srbench.records.timing import Energy, Estimate, Memory, PassTiming, Timing
from srbench.runner.sampling import Candidate, LineUp, Sampled

# Share of the wall time spent launching kernels, above which the device partly waits for the host.
# On an H200, a training step of ResNet-50 took 9 % more than its CUDA graph at 0.70.
LAUNCH_BOUND = 0.75

Placements = Sequence[Sequence[float]]  # seconds by placement and round


def failure_of(found: Sequence[Sampled], row: Candidate) -> str | None:
    """Why a row failed, in the first process in which it failed; None if it did not."""
    return next((one.failures[row.name] for one in found if row.name in one.failures), None)


def estimates(
    line_up: LineUp,
    found: Sequence[Sampled],
    row: Candidate,
    peaks: dict[str, Memory | None],
    joules: dict[str, dict[str, Energy]],
) -> dict[str, PassTiming]:
    """The times of each pass of a row, with the peak memory and energy measured for it."""
    passes = {}
    processes = _finished(line_up, found)
    for pass_name in PASSES:
        taken = [one.samples[pass_name] for one in found if pass_name in one.samples]
        own = [samples.seconds.get(row.name, []) for samples in taken]
        wall = [_seconds(samples.wall.get(row.name, [])) for samples in taken]
        base = [samples.seconds.get(line_up.baseline, []) for samples in taken]
        if not any(own):
            continue
        passes[pass_name] = PassTiming(
            _median(own, processes),
            None if row.role == "baseline" else _ratio(own, base, processes),
            tuple(tuple(s for placement in one for s in placement) for one in own),
            _median(wall, processes) if any(wall) else None,
            peaks.get(pass_name),
            joules.get(pass_name, {}).get(row.name),
            tuple(tuple(map(len, one)) for one in own),
        )
    return passes


def _seconds(walls: Sequence[Sequence[Wall]]) -> Placements:
    return [[one.seconds for one in placement] for placement in walls]


def _median(samples: Sequence[Placements], processes: int) -> Estimate:
    """Of one process over its placements; of several over the median of each."""
    found = [stats.median_over_placements(one) for one in samples if one]
    return found[0] if processes == 1 else stats.median([one.value for one in found])


def _ratio(
    own: Sequence[Placements], base: Sequence[Placements], processes: int
) -> Estimate | None:
    """Of one process over its placements; of several over the ratio of each."""
    found = [
        stats.ratio_over_placements(*whole)
        for variant, baseline in zip(own, base, strict=True)
        if (whole := _whole_rounds(variant, baseline))
    ]
    if not found:
        return None
    return found[0] if processes == 1 else stats.over_units([one.value for one in found])


def _whole_rounds(
    variant: Placements, baseline: Placements
) -> tuple[Placements, Placements] | None:
    """The rounds that both have, as an interruption may come between; None if there are none."""
    pairs = [(v[: len(b)], b[: len(v)]) for v, b in zip(variant, baseline, strict=False)]
    pairs = [pair for pair in pairs if pair[0]]
    return ([v for v, _ in pairs], [b for _, b in pairs]) if pairs else None


def record_of(
    line_up: LineUp,
    row: Candidate,
    found: Sequence[Sampled],
    passes: dict[str, PassTiming],
    facts: dict[str, object],
) -> Record:
    """A row's record, with notes on disturbances; ``facts`` are of the machine and the settings."""
    failure = failure_of(found, row)
    return Record(
        **row.subject.row(),
        counts=None,
        environment=facts,
        status=f"failed: {failure}" if failure else "ok",
        timing=Timing(
            row.subject.setup(line_up.setup),
            row.role,
            _finished(line_up, found),
            passes,
            tuple(_notes(line_up, row, found, passes)),
            line_up.plan.precision,
            _changes(found, row, PASSES),
        ),
        fingerprint=row.fingerprint,
        made=environment.now(),
        parts=row.parts,
    )


def _changes(found: Sequence[Sampled], row: Candidate, doing: Sequence[str]) -> dict[str, object]:
    """The settings of torch that a row's code changed during one of these activities."""
    return {
        setting: value
        for one in found
        for (name, pass_name), changes in one.changes.items()
        if name == row.name and pass_name in doing
        for setting, value in changes.items()
    }


def _launching(found: Sequence[Sampled], row: Candidate, pass_name: str) -> float:
    """The share of the wall time after which the calls returned; 0 if it was not measured."""
    taken = [one.samples[pass_name] for one in found if pass_name in one.samples]
    placements = [one for samples in taken for one in samples.wall.get(row.name, ())]
    walls = [wall for placement in placements for wall in placement]
    if not walls:
        return 0.0
    return median(wall.launching for wall in walls) / median(wall.seconds for wall in walls)


def _in_words(changes: Mapping[str, object]) -> str:
    return ", ".join(f"{setting} to {value}" for setting, value in changes.items())


def _finished(line_up: LineUp, found: Sequence[Sampled]) -> int:
    """How many processes have samples; an interruption may have come before the last."""
    return 1 if line_up.plan.processes == 1 else sum(bool(one.samples) for one in found)


def _notes(
    line_up: LineUp, row: Candidate, found: Sequence[Sampled], passes: dict[str, PassTiming]
) -> Iterator[str]:
    """What disturbed the row, or limits what it shows."""
    yield from dict.fromkeys(note for one in found for note in one.notes)
    built, ran = _changes(found, row, [BUILDING]), _changes(found, row, PASSES)
    if ran:
        yield f"its forward sets torch's {_in_words(ran)}: it is timed with that"
    if only := {name: value for name, value in built.items() if name not in ran}:
        yield f"building it sets torch's {_in_words(only)}: it is timed without that"
    if 0 < (finished := _finished(line_up, found)) < line_up.plan.processes:
        yield f"stopped after {finished} of {line_up.plan.processes} processes"
    for pass_name, timed in passes.items():
        if (share := _launching(found, row, pass_name)) > LAUNCH_BOUND:
            yield (
                f"{pass_name}: launch-bound, the host takes {share:.0%} of the wall time to launch "
                "the kernels: give --cuda-graph to measure the GPU's time rather than the host's"
            )
        if any(
            pass_name in one.samples and row.name in one.samples[pass_name].unsettled
            for one in found
        ):
            yield f"{pass_name}: the warm-up was cut short by the time budget"
        estimate = timed.ratio or timed.seconds
        if estimate.low is None:
            unit = "placements" if finished == 1 else "processes"
            yield (
                f"{pass_name}: too few {unit} for an interval, "
                f"{estimate.n} of at least {stats.FEWEST}"
            )
        rounds = max(map(len, timed.samples))
        if line_up.plan.rounds and rounds < line_up.plan.rounds:
            yield f"{pass_name}: stopped after {rounds} of {line_up.plan.rounds} rounds"
        if timed.ratio is None and row.role != "baseline":
            yield f"{pass_name}: nothing to compare with, the baseline failed"
