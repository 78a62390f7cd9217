"""The report of weights that were tested: scores, and whole images."""

from collections.abc import Iterator, Sequence
from typing import Any

from srbench.records.evaluated import Evaluated
from srbench.records.gain import Score
from srbench.records.training import SCORES
from srbench.report.formats import Report
from srbench.report.table import Column, Table


def evaluation_report(rows: Sequence[Evaluated]) -> Report:
    """One row for each file: its scores, and for top-k the images that are right."""
    names = [name for name in SCORES if any(name in row.scores for row in rows)]
    table = Table(
        "evaluation",
        (
            Column("Weights", "name"),
            Column("Model", "name"),
            Column("Images", "name"),
            *(column for name in names for column in _columns(name)),
        ),
        tuple((row.source, row.spec, row.images, *_cells(row, names)) for row in rows),
        "Scores on the test images.",
        tuple(_notes(rows, names)),
    )
    flat = [_flat(row) for row in rows]
    return Report((table,), tuple(flat[0]), flat, objects=[_object(row) for row in rows])


def _columns(name: str) -> Iterator[Column]:
    yield Column(SCORES[name], "score", SCORES[name])
    if name != "miou":
        yield Column(f"{SCORES[name]} right", "integer", SCORES[name])


def _cells(row: Evaluated, names: Sequence[str]) -> Iterator[Any]:
    for name in names:
        share = row.scores.get(name)
        yield None if share is None else Score(share, None, 1)
        if name != "miou":
            yield None if row.counted is None else row.counted.get(name)


def _notes(rows: Sequence[Evaluated], names: Sequence[str]) -> Iterator[str]:
    yield from (f"* {row.source}: {row.status}." for row in rows if row.status != "ok")
    yield from (f"* {row.source}: {note}." for row in rows for note in row.notes)
    if "top1" in names:
        yield (
            "Top-k: images whose class is among the k highest logits; of equal logits that of the "
            "lower class is the higher."
        )
    if "miou" in names:
        yield (
            "mIoU: intersection over union of all pixels, from one confusion matrix, averaged over "
            "the classes that occur as truth or as prediction."
        )


def _flat(row: Evaluated) -> dict[str, Any]:
    """In base units: scores as shares."""
    found: dict[str, Any] = {name: row.scores.get(name) for name in SCORES}
    right = row.counted or {}
    found |= {f"{name}_right": right.get(name) for name in SCORES if name != "miou"}
    return {
        "spec": row.spec,
        "weights": row.source,
        **found,
        "images": right.get("images"),
        "tested": row.images,
        "status": row.status,
    }


def _object(row: Evaluated) -> dict[str, Any]:
    counted = None if row.counted is None else dict(row.counted)
    return _flat(row) | {"counted": counted, "notes": list(row.notes)}
