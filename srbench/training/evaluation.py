"""How a network does on the images that it is tested on, each of them once."""

from collections.abc import Sequence
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import nn

from srbench.training.collective import take_buffers_of_first
from srbench.training.data.data_sets import Split
from srbench.training.losses import heads
from srbench.training.metrics import metric_for
from srbench.training.recipe import Recipe

BATCH = 256  # images, at most


def batches_to_test(split: Split, recipe: Recipe) -> list[Sequence[int]]:
    """The numbers of all images to test on, batch by batch."""
    size = min(BATCH, recipe.batch_size)
    return [split.test[at : at + size] for at in range(0, len(split.test), size)]


def evaluate(model: nn.Module, split: Split, recipe: Recipe, fabric: Fabric) -> dict[str, Any]:
    """The metric's counts over all images of ``split.test``, of all processes together.

    The model is tested in evaluation mode, in the dtype that the recipe computes in; its mode is
    restored. Raises SrbenchError for an image that cannot be read.
    """
    take_buffers_of_first(fabric, model)
    metric = metric_for(split.data.task, split.data.num_classes).to(fabric.device)
    own = batches_to_test(split, recipe)[fabric.global_rank :: fabric.world_size]
    was_training = model.training
    model.eval()
    try:
        with torch.inference_mode(), fabric.autocast():
            for images, targets in split.tested.batches(own):
                logits, _ = heads(model(fabric.to_device(images)))
                metric.update(logits, fabric.to_device(targets))
        counts: dict[str, Any] = metric.compute()
    finally:
        model.train(was_training)
    return counts
