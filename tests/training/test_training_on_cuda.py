"""Training on a GPU: what it keeps, what it computes in, and that it goes on where it stopped."""

from pathlib import Path

import pytest
import torch
from torch import nn

from srbench.training import recipe as recipes
from srbench.training.data.by_name import open_data
from srbench.training.fabric import fabric_for
from srbench.training.loop import Run
from srbench.training.recipe import Recipe

pytestmark = [
    pytest.mark.cuda,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU"),
]
SMALL = recipes.load("digits", {"epochs": "2", "batch_size": "100", "size": "8"})


def run(recipe: Recipe, device: str, checkpoint: Path | None = None) -> Run:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 8, 3, 2), nn.ReLU(), nn.Flatten(), nn.Linear(72, 10))
    split = open_data("digits", recipe).split(0)
    return Run(model, split, recipe, 0, fabric_for(device, recipe.amp), checkpoint)


def test_a_gpu_learns_what_the_cpu_learns() -> None:
    here, there = run(SMALL, "cpu"), run(SMALL, "cuda:0")
    for one, other in zip(here.train(), there.train(), strict=True):
        assert one.loss == pytest.approx(other.loss, rel=1e-2)
        assert abs(one.scores["top1"] - other.scores["top1"]) < 0.03
    assert all(parameter.is_cuda for parameter in there.model.parameters())


@pytest.mark.parametrize("amp", ["float16", "bfloat16"])
def test_autocast_and_channels_last(amp: str, tmp_path: Path) -> None:
    recipe = SMALL.model_copy(update={"amp": amp, "channels_last": True, "ema": 0.9})
    whole = run(recipe, "cuda:0").train()
    assert whole[1].loss < whole[0].loss
    file = tmp_path / "checkpoint.pt"
    run(recipe, "cuda:0", file).train(1)
    resumed = run(recipe, "cuda:0", file)
    assert resumed.position.epoch == 1
    assert resumed.train()[1].loss == pytest.approx(whole[1].loss, rel=1e-2)
