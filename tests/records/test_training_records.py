"""Records of trainings: written and read again, and what is impossible in them is refused."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.records import trained

from srbench.records import jsonl
from srbench.records.training import scores


def edited(where: list[Any], value: Any) -> bytes:
    record = json.loads(jsonl.line(trained("resnet18", 0, 50)))
    place = record
    for key in where[:-1]:
        place = place[key]
    place[where[-1]] = value
    return json.dumps(record, separators=(",", ":")).encode()


def test_a_training_is_written_and_read_again(tmp_path: Path) -> None:
    records = [
        trained("resnet18", seed, 50 + seed, share=share) for seed in (0, 1) for share in (1, 0.1)
    ]
    jsonl.write(tmp_path / "r.jsonl", records)
    assert jsonl.read(tmp_path / "r.jsonl").records == tuple(records)
    assert len({record.key for record in records}) == 4
    assert records[0].kind == "trained"


FIRST = ["training", "epochs", 0]


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ([*FIRST, "counted"], {"top1": 101, "images": 100}),
        ([*FIRST, "counted"], {"top1": 1, "images": 0}),
        ([*FIRST, "counted"], {"top1": -1, "images": 10}),
        ([*FIRST, "counted"], {"top1": 1}),
        ([*FIRST, "counted"], {}),
        ([*FIRST, "counted"], {"intersection": [1], "union": [1, 2]}),
        ([*FIRST, "counted"], {"intersection": [2], "union": [1]}),
        ([*FIRST, "counted"], {"intersection": [1], "union": [1], "images": 3}),
        ([*FIRST, "counted"], {"union": [1]}),
        ([*FIRST, "counted"], {"top1": 1, "images": 10}),  # the other epoch has top5, too
        ([*FIRST, "loss"], None),
        ([*FIRST, "loss"], 1e300),
        (["training", "held_out"], 1.0),
        (["training", "held_out"], 0.0),
        (["training", "train_images"], -1),
        (["training", "key", "seed"], -1),
        (["training", "key", "regime", "share"], 0.0),
        (["training", "key", "regime", "share"], 1.5),
        (["training", "more"], 1),
        (["training", "recipe"], {"lr": 1e300}),
    ],
)
def test_what_is_impossible_is_refused_in_words(where: list[Any], value: Any) -> None:
    with pytest.raises(ValueError, match="not a record"):
        jsonl.parse(edited(where, value))


def test_scores() -> None:
    assert scores({"top1": 3, "top5": 4, "images": 4}) == {"top1": 0.75, "top5": 1.0}
    assert scores({"intersection": (1, 0, 2), "union": (2, 0, 2)}) == {"miou": 0.75}
    assert scores({"intersection": (0,), "union": (0,)}) == {"miou": 0.0}
