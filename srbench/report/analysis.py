"""The report of an analysis: what blocks do with images, and what can be concluded from it."""

from collections.abc import Iterator
from dataclasses import replace
from statistics import fmean
from typing import Any

from srbench.errors import several, some
from srbench.records.analysis import Analysis, GateBlock
from srbench.records.gain import Gain, Score
from srbench.records.record import Record
from srbench.report.analysis_findings import findings
from srbench.report.formats import Report
from srbench.report.notes import sections
from srbench.report.plots.analysis.ablations import difference
from srbench.report.plots.analysis.gates import variation
from srbench.report.table import Column, Table


def analysis_report(record: Record) -> Report:
    """Tables of the blocks, with findings in words, and of the ablations."""
    found = record.analysis
    assert found is not None
    tables = [
        *_memory_tables(record, found),
        *_gate_tables(record, found),
        *_ablation_tables(record, found),
    ]
    tables[0] = replace(tables[0], notes=(*_origin(record, found), *tables[0].notes))
    flat = list(_flat(record, found))
    return Report(tuple(tables), tuple(flat[0]), flat, records=[record])


def _memory_tables(record: Record, found: Analysis) -> Iterator[Table]:
    if not found.memory_blocks:
        return
    rows = []
    for block in found.memory_blocks:
        weights, held = block.weights, block.memories
        rows.append(
            (
                *(block.name, len(held.norms), weights.in_use, held.rank, held.centred_rank),
                *(weights.image_information, weights.information, weights.by_chance),
                *(weights.p_value, _in_percent(held.adaptive_share)),
                _in_percent(block.features.size),
            )
        )
    yield Table(
        "memories",
        (
            Column("Block", "name"),
            Column("Memories", "integer"),
            Column("In use", "number"),
            Column("Rank", "number"),
            Column("Centred", "number"),
            Column("Image (bit)", "number"),
            Column("Class (bit)", "number"),
            Column("By chance (bit)", "number"),
            Column("p", "number"),
            Column("Adaptive (%)", "number"),
            Column("Size (%)", "number"),
        ),
        tuple(rows),
        f"What the memories of {record.spec} do with images of {found.key.data}.",
        (
            "In use: 2 to the entropy of the mean weights. Rank: the effective rank of the "
            "memories (Roy and Vetterli, 2007); centred: of their differences from their mean.",
            "Image, class: mutual information with the memory, weights taken as "
            "p(memory | image); by chance: its mean if the classes are dealt at random, "
            f"{found.memory_blocks[0].weights.permutations} times; p: the share of deals with as "
            "much.",
            "Adaptive: of the squared size of what the block adds, what varies from image to "
            "image. Size: of what it adds, in % of its input's.",
        ),
        findings=tuple(findings(found)),
    )


def _gate_tables(record: Record, found: Analysis) -> Iterator[Table]:
    if not found.gate_blocks:
        return
    yield Table(
        "gates",
        (
            Column("Block", "name"),
            Column("Kind", "name"),
            Column("Gates", "integer"),
            Column("Mean", "number"),
            Column("Deviation over images", "number"),
            Column("Between classes (%)", "number"),
            Column("By chance (%)", "number"),
        ),
        tuple(map(_gate_row, found.gate_blocks)),
        f"What the gates of {record.spec} do with images of {found.key.data}.",
        (
            "Deviation over images: the standard deviation of a gate, as the mean over the gates. "
            f"Between classes: of the variance of the gates over the images of the "
            f"{len(found.counts)} chosen classes, and its mean if these are dealt at random.",
        ),
    )


def _gate_row(block: GateBlock) -> tuple[Any, ...]:
    gates = block.gates.mean[0]
    shares = _in_percent(block.explained), _in_percent(block.by_chance)
    return block.name, block.title, len(gates), fmean(gates), variation(block), *shares


def _ablation_tables(record: Record, found: Analysis) -> Iterator[Table]:
    if not found.ablations:
        return
    accuracy = Score(found.right / found.images, None, 1)
    rows: list[tuple[Any, ...]] = [("", "as it is", accuracy, None, None)]
    for one in found.ablations:
        score = Score(one.right / found.images, None, 1)
        gain = Gain(difference(one, found.images))
        rows.append((one.block or "all blocks", one.name, score, gain, one.changed))
    yield Table(
        "ablations",
        (
            Column("Block", "name"),
            Column("Ablation", "name"),
            Column("Top-1", "score", "Top-1"),
            Column("Δ", "gain", "Top-1"),
            Column("Changed", "integer"),
        ),
        tuple(rows),
        f"{record.spec} on images of {found.key.data} without its blocks, or parts of them.",
        (
            f"Top-1: in % of {found.images:,} images. Δ: in percentage points, with Tango's 95 % "
            "score interval of a paired difference, corrected for continuity: it holds for other "
            f"images and these weights. Of {len(found.ablations)}, up to one in twenty misses.",
            "Changed: images whose predicted class is another one.",
            "Without a memory: its part is left out, the other weights stay. Mean weights: the "
            "mean over these images for each of them. Off: the block hands on its input.",
        ),
        sections([None, *(one.block for one in found.ablations)]),
    )


def _origin(record: Record, found: Analysis) -> Iterator[str]:
    chosen = some(list(found.key.classes), 12)
    yield f"{record.spec}: {found.tested or several(found.images, 'image')}; classes {chosen}."
    yield from (f"{note}." for note in found.notes)


def _flat(record: Record, found: Analysis) -> Iterator[dict[str, Any]]:
    """One row for the network as it is, and one for each ablation, in base units."""
    common = {"spec": record.spec, "data": found.key.data, "images": found.images}
    yield common | {
        "block": None,
        "ablation": "as it is",
        "right": found.right,
        "top1": found.right / found.images,
        "top1_delta": None,
        "low": None,
        "high": None,
        "predictions_changed": 0,
    }
    for one in found.ablations:
        value = difference(one, found.images)
        yield common | {
            "block": one.block,
            "ablation": one.name,
            "right": one.right,
            "top1": one.right / found.images,
            "top1_delta": value.value,
            "low": value.low,
            "high": value.high,
            "predictions_changed": one.changed,
        }


def _in_percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def block_rows(found: Analysis) -> list[dict[str, Any]]:
    """The blocks in base units, one row each: shares, bits, and numbers of memories or gates."""
    memories = [
        {
            "block": block.name,
            "kind": "SR",
            "weights": len(block.memories.norms),
            "in_use": block.weights.in_use,
            "rank": block.memories.rank,
            "centred_rank": block.memories.centred_rank,
            "entropy": block.weights.entropy,
            "image_information": block.weights.image_information,
            "class_information": block.weights.information,
            "class_information_by_chance": block.weights.by_chance,
            "p_value": block.weights.p_value,
            "adaptive_share": block.memories.adaptive_share,
            "spatial_share": block.memories.spatial_share,
            "size": block.features.size,
        }
        for block in found.memory_blocks
    ]
    gates = [
        {
            "block": block.name,
            "kind": block.title,
            "weights": len(block.gates.mean[0]),
            "mean": fmean(block.gates.mean[0]),
            "deviation_over_images": variation(block),
            "between_chosen_classes": block.explained,
            "between_chosen_classes_by_chance": block.by_chance,
        }
        for block in found.gate_blocks
    ]
    rows: list[dict[str, Any]] = [*memories, *gates]
    columns = dict.fromkeys(name for row in rows for name in row)
    return [{name: row.get(name) for name in columns} for row in rows]
