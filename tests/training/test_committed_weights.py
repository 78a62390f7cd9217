"""The committed weights are those of the committed table."""

from pathlib import Path

import pytest

from srbench.records import jsonl
from srbench.runner.evaluation import evaluations
from srbench.runner.tested_weights import EvaluationPlan
from srbench.training.checkpoints import read_weights

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "weights").glob("*.safetensors"))
LARGEST = 2_000_000  # bytes


def test_one_of_each_is_there() -> None:
    assert [file.stem for file in FILES] == ["cifar_resnet20+se+sr", "cifar_resnet20+sr"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_they_are_small_and_do_what_the_record_says(file: Path) -> None:
    assert file.stat().st_size <= LARGEST
    about = read_weights(file).about
    assert about is not None
    (training,) = [
        record.training
        for record in jsonl.read(ROOT / "tables" / "digits.jsonl").records
        if record.training
        and record.spec == about["spec"] == file.stem
        and record.training.key.seed == about["seed"]
        and record.training.key.regime.share == about["share"]
    ]
    assert about["recipe"] == dict(training.recipe)
    (found,) = evaluations([str(file)], EvaluationPlan())
    assert found.status == "ok"
    assert found.counted is not None
    recorded = training.epochs[-1].counted
    assert found.counted["images"] == recorded["images"]
    # another processor rounds otherwise, which may turn an image
    assert abs(found.counted["top1"] - recorded["top1"]) <= 1  # type: ignore[operator]
