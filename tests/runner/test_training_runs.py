"""Rows that are trained seed by seed: what they share, what is kept, and what fails alone."""

import json
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from filelock import FileLock
from PIL import Image

from srbench.errors import SrbenchError
from srbench.models.assembly import Assembly
from srbench.models.initial import initial
from srbench.records import jsonl
from srbench.records.record import Record
from srbench.records.record_file import RecordFile
from srbench.records.runs import runs_of
from srbench.records.training import EpochResult, RunKey
from srbench.runner import training
from srbench.runner.evaluation import evaluations
from srbench.runner.tested_weights import EvaluationPlan
from srbench.runner.training import TrainingPlan
from srbench.spec.cases import Case, case_of, rows
from srbench.spec.parse import parse
from srbench.training.checkpoints import read_weights
from srbench.training.learner import Learner
from srbench.training.watch import Moment, Watch, Watches

QUICK = {"epochs": "1", "batch_size": "250"}


def plan(folder: Path | None = None, **others: object) -> TrainingPlan:
    settings = {"data": "fake", "changes": QUICK, "seeds": (0,), "folder": folder} | others
    return TrainingPlan(**settings)  # type: ignore[arg-type]


def trained(
    specs: Sequence[str], how: TrainingPlan, file: RecordFile | None = None
) -> list[Record]:
    return list(training.run(rows(list(specs), (), ()), how, file))


@pytest.mark.parametrize("blocks", ["sr", "se", "cbam", "dropout2d", "se+sr"])
def test_a_variant_begins_with_the_weights_of_its_baseline(blocks: str) -> None:
    plain = initial(case_of(parse("cifar_resnet8"), 16, 10), 3).model
    model = initial(case_of(parse(f"cifar_resnet8+{blocks}"), 16, 10), 3).model
    own = model.state_dict()
    for key, value in plain.state_dict().items():
        found = [name for name in own if name.replace(".0.", ".") == key.replace(".0.", ".")]
        assert len(found) == 1
        assert torch.equal(own[found[0]], value)
    if blocks == "sr":  # a fresh SR block is the identity: the very same function
        images = torch.rand(4, 3, 16, 16)
        with torch.inference_mode():
            assert torch.equal(model.eval()(images), plain.eval()(images))


def test_the_weights_depend_on_the_seed_alone() -> None:
    case = case_of(parse("cifar_resnet8+cbam"), 16, 10)
    states = [initial(case, seed).model.state_dict() for seed in (1, 2, 1)]
    assert all(torch.equal(states[0][key], states[2][key]) for key in states[0])
    assert not torch.equal(states[0]["conv1.weight"], states[1]["conv1.weight"])


def test_a_run_is_recorded_and_not_trained_again(tmp_path: Path) -> None:
    file = RecordFile(tmp_path / "train.jsonl")
    first = trained(["cifar_resnet8"], plan(tmp_path / "runs"), file)
    assert [record.status for record in first] == ["ok"]
    again = trained(["cifar_resnet8"], plan(tmp_path / "runs"), RecordFile(file.path))
    assert again == first
    assert jsonl.read(file.path).records == tuple(first)
    longer = trained(
        ["cifar_resnet8"], plan(changes=QUICK | {"epochs": "2"}), RecordFile(file.path)
    )
    assert longer[0].training is not None
    assert longer[0].training.key.regime.changes == ("epochs=2", "batch_size=250")
    assert len(jsonl.read(file.path).records) == 2
    found = first[0].training
    assert found is not None
    assert (found.train_images, found.test_images) == (500, 100)
    assert found.recipe["lr"] == 0.1
    assert found.key.regime.changes == ("epochs=1", "batch_size=250")


def test_the_folder_of_a_run_holds_its_weights_and_curve(tmp_path: Path) -> None:
    how = plan(tmp_path, changes=QUICK | {"epochs": "2"})
    (record,) = trained(["cifar_resnet8+sr:memories=2"], how)[1:]
    (folder,) = tmp_path.glob("*+sr*")
    assert {path.name for path in folder.iterdir()} == {"metrics.jsonl", "model.safetensors"}
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert record.training is not None
    assert [line["epoch"] for line in lines] == [1, 2]
    assert lines[-1]["top1"] == record.training.scores["top1"]
    about = read_weights(folder / "model.safetensors").about
    assert about is not None
    assert (about["spec"], about["seed"]) == ("cifar_resnet8+sr:memories=2", 0)
    (tested,) = evaluations([str(folder / "model.safetensors")], EvaluationPlan())
    assert tested.status == "ok"
    assert tested.counted == record.training.epochs[-1].counted


def test_a_run_that_fails_is_not_kept_and_leaves_the_others_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learn = Learner.learn

    def diverges(self: Learner, *batch: Any) -> tuple[torch.Tensor, int]:
        loss, number = learn(self, *batch)
        return loss * (torch.inf if hasattr(self.model, "diverges") else 1), number

    begun: list[str] = []

    def begin(case: Case, key: RunKey) -> Watch:
        begun.append(str(case.spec))
        return Watches()

    monkeypatch.setattr(Learner, "learn", diverges)
    monkeypatch.setattr(
        training,
        "initial",
        lambda case, seed: _marked(initial(case, seed), case, "cifar_resnet8+se"),
    )
    file = RecordFile(tmp_path / "t.jsonl")
    specs = rows(["cifar_resnet8+se", "cifar_resnet8+sr"], (), ())
    found = list(training.run(specs, plan(), file, begin))
    assert begun == ["cifar_resnet8", "cifar_resnet8+se", "cifar_resnet8+sr"]
    assert [record.status == "ok" for record in found] == [True, False, True]
    assert "the loss is inf in epoch 1, batch 1" in found[1].status
    assert [record.spec for record in jsonl.read(file.path).records] == [begun[0], begun[2]]


def _marked(assembly: Assembly, case: Case, spec: str) -> Assembly:
    if str(case.spec) == spec:
        assembly.model.diverges = True  # type: ignore[assignment]
    return assembly


def test_a_spec_that_cannot_be_built_fails_alone() -> None:
    found = trained(["cifar_resnet8+se:reduction=1000", "cifar_resnet8"], plan())
    assert [record.status == "ok" for record in found] == [True, False]
    assert found[1].training is not None
    assert found[1].training.key.seed == 0
    assert [runs.row.spec for runs in runs_of(found)] == ["cifar_resnet8"]


def test_two_processes_do_not_train_one_run(tmp_path: Path) -> None:
    trained(["cifar_resnet8"], plan(tmp_path))
    (folder,) = tmp_path.iterdir()
    with FileLock(folder / ".lock"):
        (found,) = trained(["cifar_resnet8"], plan(tmp_path))
    assert "another process trains in" in found.status


def test_a_damaged_image_ends_its_run_with_the_name_of_the_file(tmp_path: Path) -> None:
    for number in range(24):
        file = tmp_path / "flowers" / "ab"[number % 2] / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (20, 24), (number * 10, 0, 0)).save(file)
    small = {"epochs": "1", "batch_size": "6", "size": "16", "resize": "16"}
    small |= {"schedule": "constant", "milestones": "[]"}
    how = plan(tmp_path / "runs", data=f"folder:{tmp_path / 'flowers'}", changes=small)
    assert [one.status for one in trained(["cifar_resnet8"], how)] == ["ok"]
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    found = trained(["cifar_resnet8+sr"], how)
    assert len(found) == 2
    assert all("23.png" in one.status and "damaged" in one.status for one in found)


def test_other_images_of_the_same_name_do_not_replace_a_run(tmp_path: Path) -> None:
    file = RecordFile(tmp_path / "t.jsonl")
    for folder, shade in (("x", 10), ("y", 200)):
        for number in range(24):
            path = tmp_path / folder / "same" / "ab"[number % 2] / f"{number}.bmp"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (20 + shade // 100, 24), (shade, number, 0)).save(path)
    small = {"epochs": "1", "batch_size": "6", "size": "16", "resize": "16"}
    small |= {"schedule": "constant", "milestones": "[]"}
    trained(["cifar_resnet8"], plan(data=f"folder:{tmp_path / 'x' / 'same'}", changes=small), file)
    with pytest.raises(SrbenchError, match="has runs on other images that are called folder:same"):
        trained(
            ["cifar_resnet8"], plan(data=f"folder:{tmp_path / 'y' / 'same'}", changes=small), file
        )
    assert len(jsonl.read(file.path).records) == 1


def test_what_a_row_sets_or_draws_does_not_reach_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "setting.py").write_text(SETTING)
    monkeypatch.syspath_prepend(str(tmp_path))
    alone = trained(["cifar_resnet8"], plan())
    beside = trained(["setting:Sets", "setting:Draws", "cifar_resnet8"], plan())
    again = trained(["setting:Draws"], plan())
    assert [record.status for record in beside] == ["ok"] * 3
    results = [record.training.epochs for record in (*alone, *beside, *again) if record.training]
    assert results[0] == results[3]
    assert results[2] == results[4]
    assert torch.is_grad_enabled()


SETTING = """
import random
import numpy as np
import torch
from torch import nn

class Sets(nn.Module):
    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.linear = nn.Linear(3 * 16 * 16, num_classes)
        torch.set_num_threads(2)
        torch.use_deterministic_algorithms(True)
        torch.set_flush_denormal(False)

    def forward(self, x):
        return self.linear(x.flatten(1))

class Draws(Sets):
    def __init__(self, num_classes: int = 10) -> None:
        super().__init__(num_classes)
        with torch.no_grad():
            self.linear.weight += float(np.random.rand()) + random.random()
"""


class Stop:
    """Interrupts the second run."""

    def __init__(self) -> None:
        self.begun: list[tuple[str, int]] = []

    def __call__(self, case: Case, key: RunKey) -> Watch:
        self.begun.append((str(case.spec), key.seed))
        return self

    def moment(self, moment: Moment) -> None:
        if len(self.begun) == 2:
            signal.raise_signal(signal.SIGINT)

    def epochs(self, epochs: Sequence[EpochResult]) -> None:
        pass


def test_ctrl_c_keeps_what_has_ended_and_goes_on_from_the_rest(tmp_path: Path) -> None:
    file, stop = RecordFile(tmp_path / "t.jsonl"), Stop()
    how = plan(tmp_path / "runs")
    specs = rows(["cifar_resnet8", "cifar_resnet8+sr"], (), ())
    with pytest.raises(KeyboardInterrupt):
        list(training.run(specs, how, file, stop))
    assert [record.spec for record in jsonl.read(file.path).records] == ["cifar_resnet8"]
    assert len([*(tmp_path / "runs").glob("*/checkpoint.pt")]) == 1
    resumed = list(training.run(specs, how, RecordFile(file.path)))
    whole = list(training.run(specs, plan()))
    for one, other in zip(resumed, whole, strict=True):
        assert one.training is not None
        assert other.training is not None
        assert one.training.epochs == other.training.epochs
    assert not [*(tmp_path / "runs").glob("*/checkpoint.pt")]


def test_pairs_are_of_the_same_seed_and_images() -> None:
    found = trained(["cifar_resnet8+sr"], plan(seeds=(0, 1)))
    baseline, variant = runs_of(found)
    assert [len(runs.records) for runs in (baseline, variant)] == [2, 2]
    values = list(zip(variant.values("top1"), baseline.values("top1"), strict=True))
    assert variant.pairs("top1") == values
    (only,) = runs_of([found[1], found[2]])[:1]
    assert only.row.spec == "cifar_resnet8+sr"
    assert only.pairs("top1") == []  # the baseline's run has another seed


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ({"data": "digit"}, "did you mean digits"),
        ({"recipe": "he"}, "unknown recipe"),
        ({"changes": {"size": "0"}}, "size must be 1 or more"),
        ({"shares": (2.0,)}, "out of range"),
    ],
)
def test_bad_plans_are_refused_before_anything_is_trained(
    others: dict[str, object], said: str
) -> None:
    with pytest.raises(SrbenchError, match=said):
        trained(["cifar_resnet8"], plan(**others))
