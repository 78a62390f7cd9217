"""The report of a comparison's times: each row beside its baseline, with intervals."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from srbench.conditions import PASSES
from srbench.errors import alternatives, several
from srbench.records.overhead import Overhead, overhead
from srbench.records.record import Record
from srbench.records.results import Results
from srbench.records.timing import Estimate, PassTiming, Timing
from srbench.report.arranging import Line, arranged
from srbench.report.brief import brief_problems, times_brief
from srbench.report.formats import Report
from srbench.report.in_words import in_words
from srbench.report.labels import Label
from srbench.report.look import MODEL, PLAIN, Look
from srbench.report.names import Names, named_row
from srbench.report.notes import chip, given, measured_with, modes, runs_on, settings_note
from srbench.report.problems import problems
from srbench.report.table import Column, Table
from srbench.report.undecided_note import LONGER, overheads, reaching, undecided

FORWARD = "Forward: evaluation mode, inference_mode."
CALLED = "Forward: one call, as it is, outside of inference_mode; modules in evaluation mode."
BACKWARD = (
    "Backward: the gradients of all parameters in training mode, after a forward pass that is not "
    "timed; its memory includes that pass's feature maps."
)
OPTIMIZERS = {
    None: "without an optimiser",
    "sgd": "with a step of SGD with momentum (its memory includes the optimiser's state)",
    "adamw": "with a step of AdamW (its memory includes the optimiser's state)",
}


def times_report(results: Results, with_percentiles: bool = False, look: Look = PLAIN) -> Report:
    """The table, with the 90th and 99th percentiles if asked for, the flat rows for CSV and the
    objects for JSON. Raises SrbenchError if the look names a column that is not in `COLUMNS`.
    """
    look.require_known(COLUMNS)
    rows = results.to_rows()
    table = _table(results, with_percentiles, look)
    return Report((table,), tuple(rows[0]), rows, records=tuple(results))


def _table(results: Results, with_percentiles: bool, look: Look) -> Table:
    named = Names(results, look.names)
    lines = _lines(results)
    columns = _columns(lines, with_percentiles, look)
    shown = overheads(results) if "overhead" in columns else []
    return arranged(
        "times",
        {MODEL: Column("Model", "model")} | {name: column for name, (column, _) in columns.items()},
        [
            Line(
                (named_row(line.record, named), *(read(line) for _, read in columns.values())),
                (*_comparison((line.record, line.timing)), line.pass_name),
                _group(line, named),
                line.timing.role == "baseline",
                _is_doubtful(line.record),
            )
            for line in lines
        ],
        look,
        caption=_caption(lines, [*columns]),
        notes=_notes(results, shown, any(name in columns for name in PERCENTILES)),
        brief=[*brief_problems(list(results)), *times_brief(results, shown, look.names)],
        words=in_words(list(results), named, look.names) if _has_several_batches(results) else (),
    )


def _caption(lines: "list[_Line]", columns: Sequence[str]) -> str:
    per = "batch" if any(line.record.input for line in lines) else "call"
    beside = " and its overhead over the baseline" if "overhead" in columns else ""
    has_intervals = any(line.found and line.found.seconds.low is not None for line in lines)
    intervals = ", with 95 % intervals" if has_intervals else ""
    return f"Time per {per} of each model{beside}{intervals}."


def _has_several_batches(results: Results) -> bool:
    return len({record.timing.setup.batch for record in results if record.timing}) > 1


def _columns(lines: "list[_Line]", with_percentiles: bool, look: Look) -> "dict[str, _Read]":
    """The columns that are asked for, or those that have something to say."""
    if look.columns:
        return {name: _COLUMNS[name] for name in look.columns if name != MODEL}
    wanted = [name for name in _COLUMNS if with_percentiles or name not in PERCENTILES]
    return {n: _COLUMNS[n] for n in wanted if _worth_it(n, _COLUMNS[n], lines)}


def _group(line: "_Line", named: Names) -> tuple[Label, ...]:
    """What the line has in common with those that it is compared with."""
    columns = ("device", "input", "num_classes", "batch", "precision", "threads", "pass")
    values = {name: _COLUMNS[name][1](line) for name in columns}
    said = {"batch": "batch {}", "threads": "{} threads", "num_classes": "{} classes"}
    others = (said.get(name, "{}").format(value or "") for name, value in values.items())
    return (named(line.record.baseline).title, *map(Label, others))


def _notes(results: Results, shown: Sequence[Overhead], has_percentiles: bool) -> Iterator[str]:
    yield from problems(results)
    yield from undecided(shown, "overheads", LONGER)
    yield from times_notes(results, shown)
    if has_percentiles:
        yield (
            "p90, p99: the 90th and 99th percentiles of all samples; they need at least 10 and 100 "
            "samples."
        )


@dataclass(frozen=True)
class _Line:
    """One pass of one model; if all of a comparison failed, one line without a pass."""

    record: Record
    timing: Timing
    pass_name: str
    found: PassTiming | None


def _lines(results: Results) -> list[_Line]:
    """The lines by device, batch, baseline and pass, so that what is compared is together."""
    timings = [(record, record.timing) for record in results if record.timing]
    lines = []
    for _, group in groupby(timings, key=_comparison):
        members = list(group)
        present = {pass_name for _, timing in members for pass_name in timing.passes}
        for pass_name in [name for name in PASSES if name in present] or [""]:
            lines += [
                _Line(record, timing, pass_name, timing.passes.get(pass_name))
                for record, timing in members
            ]
    return lines


def _comparison(pair: tuple[Record, Timing]) -> tuple[object, ...]:
    record, timing = pair
    return timing.setup, record.baseline, record.row[1:]


def _is_doubtful(record: Record) -> bool:
    return bool(record.warnings) or record.status != "ok"


def _precision(line: _Line) -> str | None:
    return modes(line.record) if line.found else None


def _seconds(line: _Line) -> Estimate | None:
    return line.found.seconds if line.found else None


def _overhead(line: _Line) -> Overhead | None:
    return overhead(line.timing, line.pass_name)


def _wall(line: _Line) -> Estimate | None:
    return line.found.wall if line.found else None


def _rate(line: _Line) -> float | None:
    """Images per second; None where it is not known what an image is."""
    if not line.found or not line.record.input:
        return None
    return line.timing.setup.batch / line.found.seconds.value


def _peak(line: _Line) -> int | None:
    return line.found.memory.allocated if line.found and line.found.memory else None


def _joules(of_images: bool) -> Callable[[_Line], float | None]:
    """The energy of an image, or of one call of what does not get images."""

    def read(line: _Line) -> float | None:
        is_there = line.found and bool(line.record.input) == of_images
        return line.found.energy.gross if is_there and line.found and line.found.energy else None

    return read


def _percentile(share: float) -> Callable[[_Line], float | None]:
    """The time that this share of the calls does not exceed, in seconds."""
    return lambda line: line.found.percentile(share) if line.found else None


_Read = tuple[Column, Callable[[_Line], Any]]
_ONLY_IF_SEVERAL = ("device", "input", "num_classes", "batch", "precision", "threads")
PERCENTILES = {"p90": 0.9, "p99": 0.99}
_COLUMNS: dict[str, _Read] = {
    "device": (Column("Device", "name"), lambda line: line.timing.setup.device),
    "input": (Column("Input", "name"), lambda line: line.record.row.size),
    "num_classes": (Column("Classes", "integer"), lambda line: line.record.num_classes),
    "batch": (Column("Batch", "integer"), lambda line: line.timing.setup.batch),
    "precision": (Column("Precision", "name"), lambda line: _precision(line)),
    "threads": (Column("Threads", "integer"), lambda line: line.record.environment.get("threads")),
    "pass": (Column("Pass", "name"), lambda line: line.pass_name or None),
    "time": (Column("Time", "duration"), _seconds),
    **{name: (Column(name, "seconds"), _percentile(p)) for name, p in PERCENTILES.items()},
    "overhead": (Column("Overhead %", "overhead"), _overhead),
    "images_per_s": (Column("images/s", "rate"), _rate),
    "wall": (Column("Wall", "duration"), _wall),
    "peak": (Column("Peak", "bytes"), _peak),
    "energy_per_image": (Column("per image", "energy"), _joules(of_images=True)),
    "energy_per_call": (Column("per call", "energy"), _joules(of_images=False)),
}


COLUMNS = (MODEL, *_COLUMNS)


def _worth_it(name: str, read: _Read, lines: list[_Line]) -> bool:
    """Whether a column has any value; of what is asked for, whether it has several."""
    values = {read[1](line) for line in lines}
    return len(values) > 1 if name in _ONLY_IF_SEVERAL else values != {None}


def times_notes(results: Results, shown: Sequence[Overhead]) -> Iterator[str]:
    """How and on what the rows were timed. ``shown`` are the overheads that the table has."""
    measured = [(r, r.timing) for r in results if r.timing and r.timing.passes]
    if not measured:
        return
    timings = [timing for _, timing in measured]
    setups: dict[str, list[Record]] = {}
    for record, timing in measured:
        setups.setdefault(_setup(record, timing), []).append(record)
    yield from (f"{runs_on(run, _batches(run), 'Calls')}, {how}" for how, run in setups.items())
    if objects := given(results):
        yield objects
    if settings := settings_note(results):
        yield settings
    yield _method(timings, shown)
    yield " ".join(_meanings(measured))
    yield from _memory_and_energy(measured)
    yield from dict.fromkeys(measured_with("Measured", r.environment) for r, _ in measured)


def _meanings(measured: Sequence[tuple[Record, Timing]]) -> Iterator[str]:
    """What each pass measures."""
    timings = [timing for _, timing in measured]
    called = [record.subject == "callable" for record, _ in measured]
    passes = {pass_name for timing in timings for pass_name in timing.passes}
    if any(called):
        yield CALLED
    if "forward" in passes and not all(called):
        yield FORWARD
    if "backward" in passes:
        yield BACKWARD
    if "train" in passes:
        kinds = dict.fromkeys(timing.setup.optimizer for timing in timings)
        yield f"Train: forward and backward, {', or '.join(OPTIMIZERS[kind] for kind in kinds)}."


def _batches(records: Sequence[Record]) -> str:
    """The batch sizes in words."""
    sizes = sorted({record.timing.setup.batch for record in records if record.timing})
    return (
        f"Batches of {'one image' if sizes == [1] else f'{alternatives(map(str, sizes))} images'}"
    )


def _setup(record: Record, timing: Timing) -> str:
    """How and on which device the batches ran."""
    threads: Any = record.environment.get("threads")
    return (
        f"{modes(record)}, on {timing.setup.device} ({chip(record)}), "
        f"{several({threads}, 'thread')}, seed {timing.setup.seed}."
    )


def _method(timings: list[Timing], shown: Sequence[Overhead]) -> str:
    rounds = {len(s) for t in timings for p in t.passes.values() for s in p.samples if s}
    units = dict.fromkeys(_unit(timing) for timing in timings)
    return (
        f"Medians with 95 % confidence intervals. {_judged(shown)}The 95 % applies to each "
        f"interval separately. {several(rounds, 'round')}, {'; or '.join(units)}."
    )


def _judged(shown: Sequence[Overhead]) -> str:
    if not shown:
        return ""
    reach = reaching(one.precision for one in shown)
    return (
        "Overhead: paired with the baseline of the same round; none if the interval contains 0 "
        f"and reaches at most {reach} to either side of the estimate, undecided if it reaches "
        "further. "
    )


def _unit(timing: Timing) -> str:
    """The unit of the intervals."""
    if timing.processes > 1:
        return (
            f"from {timing.processes} fresh processes: a time is the median of theirs, and they "
            "are the unit of the intervals"
        )
    placements = {len(parts) for found in timing.passes.values() for parts in found.placements}
    if not placements:
        return (
            "from one process, which never moved the models: the intervals do not include what it "
            "got by chance, such as where its memory lies"
        )
    if placements == {1}:
        return "in 1 placement in memory, which is too few for an interval"
    return (
        f"in {several(placements, 'placement')}, between which all models were moved to other "
        "places in memory: a time is the median of the placements' medians, and the placements are "
        "the unit of the intervals"
    )


def _memory_and_energy(measured: list[tuple[Record, Timing]]) -> Iterator[str]:
    """What memory and energy mean, or that they are not known."""
    found = [(timing.setup.device, p) for _, timing in measured for p in timing.passes.values()]
    if any(p.wall for _, p in found):
        yield (
            "Times are the device's own, with nothing of the model in its L2 cache; Wall is the "
            "time from the call until the device is idle again."
        )
    peaks = {device for device, p in found if p.memory and p.memory.allocated is not None}
    if "cpu" in peaks:
        yield (
            "Peak on the CPU: the resident memory of a fresh process minus that before the pass, "
            "which already holds weights and batch; accurate to about a megabyte."
        )
    if peaks - {"cpu"}:
        yield "Peak on the GPU: memory that torch allocated beyond weights and batch."
    without = [
        record.spec for record, t in measured if not any(p.memory for p in t.passes.values())
    ]
    if peaks and without:
        which = alternatives(without)
        yield f"No peak for {which}: measuring it failed, or no time was left for it."
    if any(record.subject != "spec" and t.setup.device == "cpu" for record, t in measured):
        yield (
            "No peak memory of what was given as an object: on the CPU it is measured in a fresh "
            "process, which cannot build it."
        )
    if any(p.energy for _, p in found):
        yield (
            "Energy: all that the GPU drew, by its own counter. Two measurements of one model "
            "differ by up to 6 %. CSV and JSON also have it net of idling."
        )
    elif {device for device, _ in found} <= {"cpu", "mps"}:
        yield "Energy: unavailable, no GPU here measures it."
    else:
        yield "Energy: not measured."
