"""The columns that a table may have, by the names that layouts and CSV headers use."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from srbench.conditions import LARGEST_BATCH
from srbench.errors import SrbenchError, did_you_mean
from srbench.records.counts import COMPARED, IN_BYTES, METRICS, OPTIONAL, TITLES
from srbench.records.gain import Gain, Score
from srbench.records.join import Row
from srbench.records.memory_use import PeakBytes, size_of, size_text
from srbench.records.overhead import Overhead, overhead
from srbench.records.published import Figure
from srbench.records.record import Record
from srbench.records.runs import Runs
from srbench.records.timing import Estimate
from srbench.records.training import SCORES
from srbench.report.gains import gain_of, score_of
from srbench.report.table import Column, Hint

ASKED, COUNTED, PRINTED, TIMED, TRAINED = "asked", "counted", "printed", "timed", "trained"
EXACT = (ASKED, COUNTED, PRINTED, TRAINED)  # what does not depend on the machine
AT = "@"  # before the share of the training images that a column is about, or a card's memory
DEVICE_COLUMNS = ("forward", "forward_overhead", "train", "train_overhead")  # if none are given
MAX_BATCH = {"max_batch": "inference", "max_training_batch": "training"}  # the peak that limits it
PEAKS = {"peak_inference_bytes": "inference", "training_bytes": "training"}
OF_BATCH = {  # columns that may be of a batch, the metric of each, and how its name ends
    f"{metric}{suffix}": (metric, suffix)
    for metric in PEAKS
    for suffix in ("", "_delta", "_percent")
}
# Fields of `Counts` that not every record has, by how the names of columns that show them begin.
NEEDS = {
    **{metric.name: metric.name for metric in METRICS if metric.name in OPTIONAL},
    "param_bytes": "param_dtypes",
    **dict.fromkeys((*PEAKS, *MAX_BATCH), "memory"),
}
ERRORS = {"top1_error": "Top-1 error", "top5_error": "Top-5 error"}


@dataclass(frozen=True)
class Field:
    """A column, and how to read its value from a row. ``of`` is how its values were obtained."""

    column: Column
    read: Callable[[Row], Any]
    of: str = COUNTED


def fields(names: Iterable[str], kinds: Collection[str]) -> dict[str, Field]:
    """The columns with these names. Raises SrbenchError for an unknown one or another kind."""
    return {name: field(name, kinds) for name in names}


def field(name: str, kinds: Collection[str]) -> Field:
    """The column with this name. Raises SrbenchError if it is unknown or of another kind.

    A score may be that of the runs with a share of the training images, ``top1@0.1``, and a batch
    the largest that a card holds, ``max_batch@80GiB``.
    """
    found = known(name)
    if found is None:
        raise SrbenchError(
            f"unknown column {name!r}",
            f"{did_you_mean(name, FIELDS)}`srbench table --columns help` lists the columns",
        )
    if found.of not in kinds:
        raise SrbenchError(
            f"{name} is a column for times, and an exact table has none",
            "move it to device_columns",
        )
    return found


def known(name: str) -> Field | None:
    """The column with this name; None if it is unknown. Raises SrbenchError for a card's memory
    that is no size."""
    base, at, text = name.partition(AT)
    if base in MAX_BATCH:
        return _max_batch(base, text)
    if at and base in OF_BATCH:
        return _of_batch(base, text)
    return FIELDS.get(name) or _at_share(base, text, name)


def with_sized(
    columns: Iterable[str], asked: Iterable[str], kinds: Collection[str]
) -> tuple[str, ...]:
    """These columns, and those asked for that have a share or a size: ``max_batch@80GiB``. What
    any size may stand in is in words, for an error that lists what is known."""
    sized = (name for name in asked if AT in name)
    found = (name for name in sized if (one := known(name)) and one.of in kinds)
    of_sizes = (f"{name}{AT}SIZE" for name in MAX_BATCH)
    return (*columns, *found, *of_sizes, *(f"{name}{AT}BATCH" for name in OF_BATCH))


def needs(names: Iterable[str]) -> set[str]:
    """The fields of `Counts` that these columns show, and that not every record has."""
    return {field for name in names for start, field in NEEDS.items() if name.startswith(start)}


def max_batch_columns(sizes: Iterable[str]) -> tuple[str, ...]:
    """The columns of the largest batches that cards of these sizes hold. Raises SrbenchError for a
    size that is none."""
    names = tuple(f"{name}{AT}{size}" for size in sizes for name in MAX_BATCH)
    fields(names, [COUNTED])
    return names


def _max_batch(name: str, text: str) -> Field:
    if not text:
        raise SrbenchError(f"{name} is of a card's memory", f"write {name}{AT}80GiB")
    limit = size_of(text)
    what = MAX_BATCH[name]

    def read(row: Row) -> int | None:
        peak = _peak(row.counts, what)
        return peak.largest_batch(limit) if peak else None

    return Field(Column(what, "integer", f"Images in {size_text(text)}"), read)


def _of_batch(name: str, text: str) -> Field:
    """A peak of a batch, or its difference from the baseline's, in full or in percent."""
    if not re.fullmatch("[1-9][0-9]{0,6}", text) or int(text) > LARGEST_BATCH:
        raise SrbenchError(f"{name}{AT}{text} is of no batch", f"write {name}{AT}32")
    batch = int(text)
    metric, suffix = OF_BATCH[name]
    what = PEAKS[metric]

    def read(row: Row) -> float | None:
        own, before = _peak(row.counts, what), _peak(row.baseline, what)
        value = own.at(batch) if own else None
        if not suffix or value is None:
            return value
        base = before.at(batch) if before and not row.is_baseline else None
        if base is None:
            return None
        return value - base if suffix == "_delta" else 100 * (value - base) / base

    plain = FIELDS[name].column
    title = f"{TITLES[metric]}, batch {batch:,}"
    return Field(replace(plain, title=plain.title if suffix else title, group=title), read)


def _peak(record: Record | None, what: str) -> PeakBytes | None:
    return record.counts.peak(what) if record and record.counts else None


def _at_share(base: str, text: str, name: str) -> Field | None:
    """The column of a score at a share of the training images; None for anything else."""
    score = base.removesuffix("_delta")
    if score not in SCORES or not re.fullmatch(r"0?\.[0-9]{1,6}|1", text):
        return None
    return dict(_trained(score, float(text)))[name]


def raw(name: str, hint: Hint, value: Any) -> dict[str, Any]:
    """A value in base units, for CSV: an estimate with its interval, a figure with its unit."""
    if hint == "overhead" and value:
        value = value.ratio
    if hint in ("duration", "overhead"):
        ends = (name, f"{name}_low", f"{name}_high")
        found = (value.value, value.low, value.high) if value else (None, None, None)
        return dict(zip(ends, found, strict=True))
    if hint == "score":
        return {
            name: value.mean if value else None,
            f"{name}_deviation": value.deviation if value else None,
            f"{name}_seeds": value.n if value else None,
        }
    if hint == "gain":
        return raw(name, "duration", value.difference if value else None)
    if hint == "figure":
        return {name: value and value.printed, f"{name}_unit": value and value.unit}
    return {name: value}


def _count(metric: str) -> Callable[[Row], int | None]:
    def read(row: Row) -> int | None:
        return getattr(row.counts.counts, metric) if row.counts and row.counts.counts else None

    return read


def _figure(name: str) -> Callable[[Row], Figure | None]:
    def read(row: Row) -> Figure | None:
        published = row.published.published if row.published else None
        return published.figures.get(name) if published else None

    return read


def _with_published(
    metric: str, how: Callable[[Figure, int], Figure]
) -> Callable[[Row], Figure | None]:
    """Our count with the publication's digits, or the difference between the two."""

    def read(row: Row) -> Figure | None:
        figure, value = _figure(metric)(row), _count(metric)(row)
        return how(figure, value) if figure and value is not None else None

    return read


def _seconds(pass_name: str) -> Callable[[Row], Estimate | None]:
    def read(row: Row) -> Estimate | None:
        timing = row.timing.timing if row.timing else None
        found = timing.passes.get(pass_name) if timing else None
        return found.seconds if found else None

    return read


def _overhead(pass_name: str) -> Callable[[Row], Overhead | None]:
    def read(row: Row) -> Overhead | None:
        timing = row.timing.timing if row.timing else None
        return overhead(timing, pass_name) if timing else None

    return read


def _setup(attribute: str) -> Callable[[Row], Any]:
    def read(row: Row) -> Any:
        timing = row.timing.timing if row.timing else None
        return getattr(timing.setup, attribute) if timing else None

    return read


def _counted(metric: str) -> Iterator[tuple[str, Field]]:
    """A count, and its difference from the baseline's, in full and in percent."""
    title, is_bytes = TITLES[metric], metric in IN_BYTES
    yield metric, Field(Column(title, "bytes" if is_bytes else "count", title), _count(metric))
    delta = Column("Δ", "bytes_delta" if is_bytes else "delta", title, lower_is_better=True)
    yield f"{metric}_delta", Field(delta, lambda row: row.delta(metric))
    percent = Column("Δ %", "percent", title, lower_is_better=True)
    yield f"{metric}_percent", Field(percent, lambda row: row.percent(metric))


def _compared(metric: str) -> Iterator[tuple[str, Field]]:
    """The published figure, our count with as many digits, and the difference."""
    title = TITLES[metric]
    yield (
        f"published_{metric}",
        Field(Column(f"{title} printed", "figure", title), _figure(metric), PRINTED),
    )
    here = _with_published(metric, Figure.same_digits)
    yield f"here_{metric}", Field(Column("here", "figure", title), here)
    apart = _with_published(metric, Figure.deviation)
    yield f"deviation_{metric}", Field(Column("deviation", "figure", title), apart)


def _pass(pass_name: str) -> Iterator[tuple[str, Field]]:
    group = pass_name.capitalize()
    seconds = Column(group, "duration", group)
    yield pass_name, Field(seconds, _seconds(pass_name), TIMED)
    beside = Column("Overhead %", "overhead", group)
    yield f"{pass_name}_overhead", Field(beside, _overhead(pass_name), TIMED)


def _trained(score: str, share: float | None = None) -> Iterator[tuple[str, Field]]:
    """A score over seeds, and its difference from the baseline's with the same seeds."""
    suffix = "" if share is None else f"{AT}{share:g}"
    title = SCORES[score] if share in (None, 1) else f"{SCORES[score]}, {100 * share:g} %"

    def read(row: Row) -> Score | None:
        runs = row.runs(share)
        return score_of(runs, score) if runs else None

    def read_gain(row: Row) -> Gain | None:
        runs = row.runs(share)
        return gain_of(runs, score) if runs else None

    yield f"{score}{suffix}", Field(Column(title, "score", title), read, TRAINED)
    yield f"{score}_delta{suffix}", Field(Column("Δ", "gain", title), read_gain, TRAINED)


def _run(read: Callable[[Runs], Any]) -> Callable[[Row], Any]:
    def read_row(row: Row) -> Any:
        runs = row.runs()
        return read(runs) if runs else None

    return read_row


def _printed_name(row: Row) -> str | None:
    return row.published.published.row if row.published and row.published.published else None


FIELDS: dict[str, Field] = {
    "input": Field(Column("Input", "name"), lambda row: row.row.size, ASKED),
    "num_classes": Field(Column("Classes", "integer"), lambda row: row.row.num_classes, ASKED),
    **{name: field for metric in COMPARED for name, field in _counted(metric)},
    **{
        m.name: Field(Column(m.title, "count"), _count(m.name))
        for m in METRICS
        if m.title and not m.is_compared and not m.is_newer
    },
    **{name: field for m in METRICS if m.is_newer for name, field in _counted(m.name)},
    "published_name": Field(Column("There called", "name"), _printed_name, PRINTED),
    **{name: field for metric in ("params", "macs") for name, field in _compared(metric)},
    **{
        name: Field(Column(title, "figure", lower_is_better=True), _figure(name), PRINTED)
        for name, title in ERRORS.items()
    },
    "data": Field(Column("Data", "name"), _run(lambda runs: runs.regime.data), TRAINED),
    "recipe": Field(Column("Recipe", "name"), _run(lambda runs: runs.regime.recipe), TRAINED),
    "changes": Field(
        Column("Changes", "name"), _run(lambda runs: ", ".join(runs.regime.changes)), TRAINED
    ),
    "train_images": Field(
        Column("Images", "integer"), _run(lambda runs: runs.trainings[0].train_images), TRAINED
    ),
    "seeds": Field(Column("Seeds", "integer"), _run(lambda runs: len(runs.records)), TRAINED),
    **{name: field for score in SCORES for name, field in _trained(score)},
    "device": Field(Column("Device", "name"), _setup("device"), TIMED),
    "batch": Field(Column("Batch", "integer"), _setup("batch"), TIMED),
    **{name: f for pass_name in ("forward", "backward", "train") for name, f in _pass(pass_name)},
}
