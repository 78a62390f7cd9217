"""A whole pass over a small tree in Cityscapes' layout: mIoU worked out by hand, and training."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from srbench.records.training import scores
from srbench.training import recipe as recipes
from srbench.training.data.cityscapes import cityscapes
from srbench.training.data.data_sets import DataSet
from srbench.training.evaluation import evaluate
from srbench.training.fabric import fabric_for
from srbench.training.loop import Run

ROAD, SIDEWALK, CAR, UNLABELLED, PARKING = 7, 8, 26, 0, 9  # ids in the files
CLASS = {ROAD: 0, SIDEWALK: 1, CAR: 13}  # the last two are ignored


def write(root: Path, part: str, name: str, ids: np.ndarray, red: np.ndarray) -> None:
    """An image whose red says what the network answers, and its labels."""
    photo = np.zeros((*ids.shape, 3), np.uint8)
    photo[..., 0] = red
    for kind, file, pixels in (
        ("leftImg8bit", f"{name}_leftImg8bit.png", photo),
        ("gtFine", f"{name}_gtFine_labelIds.png", ids.astype(np.uint8)),
    ):
        folder = root / kind / part / "town"
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(folder / file)


@pytest.fixture
def data(tmp_path: Path) -> DataSet:
    random = np.random.default_rng(0)
    for part, number in (("train", 4), ("val", 2)):
        for i in range(number):
            ids = random.choice([ROAD, SIDEWALK, CAR, UNLABELLED, PARKING], size=(23, 37 + 8 * i))
            red = random.choice([0, 1, 13, 18], size=ids.shape)
            write(tmp_path, part, f"town_{i:06}_000000", ids, red)
    recipe = recipes.load("cityscapes-deeplab", {"size": "16", "batch_size": "2", "epochs": "2"})
    return cityscapes(tmp_path, recipe, workers=0)


class SaysRed(nn.Module):
    """Answers the class that the red of a pixel names."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        red = ((x[:, 0] * 0.229 + 0.485) * 255).round().long()
        return {"out": self.scale * nn.functional.one_hot(red, 19).permute(0, 3, 1, 2).float()}


def test_miou_equals_a_value_worked_out_from_the_whole_images(
    data: DataSet, tmp_path: Path
) -> None:
    both, either = np.zeros(19, int), np.zeros(19, int)
    counted = 0
    for file in sorted((tmp_path / "gtFine" / "val").rglob("*.png")):
        ids = np.asarray(Image.open(file))
        photo = str(file).replace("gtFine", "leftImg8bit").replace("_labelIds", "")
        answer = np.asarray(Image.open(photo))[..., 0]
        for known in range(19):
            truth = np.isin(ids, [i for i, c in CLASS.items() if c == known])
            said = (answer == known) & np.isin(ids, list(CLASS))
            both[known] += int((truth & said).sum())
            either[known] += int((truth | said).sum())
        counted += int(np.isin(ids, list(CLASS)).sum())
    recipe = recipes.load("cityscapes-deeplab", {"size": "16", "batch_size": "4"})
    found = evaluate(SaysRed(), data.all_to_test(), recipe, fabric_for("cpu"))
    assert found == {"intersection": (*both.tolist(),), "union": (*either.tolist(),)}
    present = either > 0
    assert present.tolist() == [c in (0, 1, 13, 18) for c in range(19)]  # 18 is said, never true
    assert scores(found)["miou"] == pytest.approx((both[present] / either[present]).mean())
    assert both.sum() < counted  # or the test could not fail


class TwoHeads(nn.Module):
    """Logits and an auxiliary head, as torchvision's segmentation networks return them."""

    def __init__(self) -> None:
        super().__init__()
        self.out, self.aux = nn.Conv2d(3, 19, 1), nn.Conv2d(3, 19, 1)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        return {"out": self.out(x), "aux": self.aux(x)}


def test_segmentation_is_trained_with_its_auxiliary_head(data: DataSet) -> None:
    recipe = recipes.load("cityscapes-deeplab", {"size": "16", "batch_size": "2", "epochs": "2"})
    torch.manual_seed(0)
    model = TwoHeads()
    before = model.aux.weight.detach().clone()
    epochs = Run(model, data.split(0), recipe, 0, fabric_for("cpu")).train()
    assert epochs[1].loss < epochs[0].loss
    assert not torch.equal(model.aux.weight, before)
    assert 0 <= epochs[1].scores["miou"] <= 1
