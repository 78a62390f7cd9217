"""How much memory a network needs, and how many images fit: in sentences, or beside another's."""

import re
from collections.abc import Iterator, Sequence
from math import prod
from typing import Any

from srbench.conditions import Input
from srbench.records.counts import Counts
from srbench.records.memory_use import OPTIMIZERS, MemoryUse, PeakBytes, size_of, size_text
from srbench.records.record import Record
from srbench.report.columns import AT, MAX_BATCH, PEAKS
from srbench.report.table import Column, Table
from srbench.report.units import sized

ROOM = (
    "Images that fit: a card also holds its driver, workspaces of libraries and the allocator's "
    "gaps. Leave some 10 % free."
)
PASSES = ("inference", "training")
ALIVE = (
    "Peak: the most bytes of tensors that are alive at once, worked out from shapes, with "
    "parameters, buffers and the batch. Workspaces of libraries come on top."
)


def memory_lines(counts: Counts, batches: Sequence[int], sizes: Sequence[str]) -> Iterator[str]:
    """What the whole network has and needs, also for these batches, and how many images fit into
    these sizes of memory."""
    frozen = counts.params - counts.trainable
    by_dtype = ", ".join(f"{sized(n)} in {name}" for name, n in (counts.param_dtypes or {}).items())
    yield (
        f"{counts.params:,} parameters{f', {frozen:,} of them not trained' if frozen else ''}"
        f"{f' ({by_dtype})' if by_dtype else ''}, {counts.buffers:,} values in buffers, "
        f"{counts.macs:,} MACs, {counts.activations or 0:,} activations."
    )
    memory = counts.memory
    if not memory:
        return
    if counts.peak_inference_bytes is not None:
        at = f", in {memory.at}" if memory.at else ""
        yield (
            f"Inference: at most {sized(counts.peak_inference_bytes)} alive at once{at}; the input "
            f"takes {sized(_input(counts))}."
        )
    if counts.training_bytes is not None:
        parts = {
            "gradients": memory.gradients,
            "the optimiser's state": memory.state,
            "kept for the backward pass": memory.kept,
        }
        listed = ", ".join(f"{what} {sized(n)}" for what, n in parts.items() if n is not None)
        optimizer = OPTIMIZERS[memory.optimizer]
        yield f"Training with {optimizer}: at most {sized(counts.training_bytes)}; {listed}."
    for batch in batches:
        found = ((what, _bytes(counts, what, batch)) for what in PASSES)
        said = (f"{what} {'unknown' if n is None else sized(n)}" for what, n in found)
        yield f"A batch of {batch:,}: {', '.join(said)}."
    for size in sizes:
        fits = (f"{_in_words(counts.peak(what), size)} in {what}" for what in PASSES)
        yield f"Images that fit into {size_text(size)}: {', '.join(fits)}."


def memory_flat(
    counts: Counts, batches: Sequence[int], sizes: Sequence[str]
) -> dict[str, int | None]:
    """The same for CSV, by the names of columns."""
    found = {name: getattr(counts, name) for name in ("param_bytes", *PEAKS)}
    found |= {
        f"{name}{AT}{batch}": _bytes(counts, what, batch)
        for batch in batches
        for name, what in PEAKS.items()
    }
    return found | {
        f"{name}{AT}{size}": _images(counts.peak(what), size)
        for size in sizes
        for name, what in MAX_BATCH.items()
    }


def memory_table(
    record: Record, before: Record, batches: Sequence[int], sizes: Sequence[str]
) -> Table:
    """The same of two networks, side by side, with the difference of each quantity."""
    own, others = (_quantities(one.counted, batches, sizes) for one in (record, before))
    rows = tuple(_row(what, own[what], others[what]) for what in own)
    columns = (
        Column("Memory", "name"),
        *(Column(one.spec, "quantity") for one in (record, before)),
        Column("Δ", "quantity"),
        Column("Δ %", "percent", decimals=2),
    )
    memories = (one.counted.memory for one in (record, before))
    optimizers = dict.fromkeys(OPTIMIZERS[one.optimizer] for one in memories if one)
    notes = [ALIVE, *(f"Training with {one}." for one in optimizers), *([ROOM] if sizes else [])]
    return Table("memory", columns, rows, "How much memory both networks need.", tuple(notes))


def _quantities(
    counts: Counts, batches: Sequence[int], sizes: Sequence[str]
) -> dict[str, tuple[int | None, str]]:
    """Each quantity by its name, with its unit."""
    memory = counts.memory or MemoryUse()
    found = {
        "parameters": counts.param_bytes,
        "gradients": memory.gradients,
        "the optimiser's state": memory.state,
        "kept for the backward pass": memory.kept,
        "peak, inference": counts.peak_inference_bytes,
        "peak, training": counts.training_bytes,
        **{
            f"batch of {batch:,}, {what}": _bytes(counts, what, batch)
            for batch in batches
            for what in PASSES
        },
    }
    images = {
        f"images in {size_text(size)}, {what}": _images(counts.peak(what), size)
        for size in sizes
        for what in PASSES
    }
    return {what: (n, "B") for what, n in found.items()} | {
        what: (n, "") for what, n in images.items()
    }


def _row(what: str, own: tuple[int | None, str], before: tuple[int | None, str]) -> tuple[Any, ...]:
    (value, unit), (base, _) = own, before
    write = sized if unit else "{:,}".format
    texts = [None if one is None else write(one) for one in (value, base)]
    if value is None or base is None:
        return (what, *texts, None, None)
    sign = "+" if value > base else "−" if value < base else ""
    delta = f"{sign}{write(abs(value - base))}" if sign else "0"
    return (what, *texts, delta, 100 * (value - base) / base if base else None)


def _bytes(counts: Counts, what: str, batch: int) -> int | None:
    peak = counts.peak(what)
    return peak.at(batch) if peak else None


def _images(peak: PeakBytes | None, size: str) -> int | None:
    return peak.largest_batch(size_of(size)) if peak else None


def _in_words(peak: PeakBytes | None, size: str) -> str:
    if not peak or not peak.lines:
        return "unknown"
    found = _images(peak, size)
    return "any number" if found is None else f"{found:,}"


def _input(counts: Counts) -> int:
    """The bytes of the inputs that were counted."""
    inputs = (Input.parse(text) for text in counts.layers[0].inputs)
    return sum(prod(one.shape) * _itemsize(one.dtype) for one in inputs)


def _itemsize(dtype: str) -> int:
    bits = re.search("[0-9]+", dtype)
    return max(1, int(bits[0]) // 8) if bits else 1
