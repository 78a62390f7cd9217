"""How much memory a network needs, and how many images fit: in sentences, or beside another's."""

import re
from collections.abc import Iterator, Sequence
from math import prod

from srbench.conditions import Input
from srbench.records.counts import Counts
from srbench.records.memory_use import OPTIMIZERS, MemoryUse, PeakBytes, size_of
from srbench.records.record import Record
from srbench.report.arranging import grouped
from srbench.report.table import Column, Table
from srbench.report.units import sized

PASSES = ("inference", "training")
PARTS = ("Weights", "Gradients", "Optimiser", "Kept for backward")
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
        fits = (f"{_in_words(_peak(counts, what), size)} in {what}" for what in PASSES)
        yield f"Images that fit into {size}: {', '.join(fits)}."


def memory_table(records: Sequence[Record], batches: Sequence[int], sizes: Sequence[str]) -> Table:
    """The same of several networks, side by side."""
    columns = (
        Column("Model", "name"),
        *(Column(what, "bytes", "Peak") for what in PASSES),
        *(Column(title, "bytes", title) for title in PARTS),
        *(Column(what, "bytes", f"Batch of {batch:,}") for batch in batches for what in PASSES),
        *(Column(what, "integer", f"Images in {size}") for size in sizes for what in PASSES),
    )
    rows = tuple(tuple(_row(one, batches, sizes)) for one in records)
    memories = (one.counted.memory for one in records)
    optimizers = dict.fromkeys(OPTIMIZERS[one.optimizer] for one in memories if one)
    notes = [ALIVE, *(f"Training with {one}." for one in optimizers)]
    caption = "How much memory each network needs."
    return Table("memory", tuple(grouped(columns)), rows, caption, tuple(notes))


def _row(record: Record, batches: Sequence[int], sizes: Sequence[str]) -> Iterator[object]:
    counts = record.counted
    memory = counts.memory or MemoryUse()
    yield record.spec
    yield from (counts.peak_inference_bytes, counts.training_bytes, counts.param_bytes)
    yield from (memory.gradients, memory.state, memory.kept)
    yield from (_bytes(counts, what, batch) for batch in batches for what in PASSES)
    for size in sizes:
        yield from (_images(_peak(counts, what), size) for what in PASSES)


def _peak(counts: Counts, what: str) -> PeakBytes | None:
    found: PeakBytes | None = getattr(counts.memory, what, None)
    return found


def _bytes(counts: Counts, what: str, batch: int) -> int | None:
    peak = _peak(counts, what)
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
