"""How well a network does: top-1 and top-5 in whole images, and mIoU from one confusion matrix.

Each is a torchmetrics metric, so that several processes add up their counts exactly.
"""

from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.functional.classification import multiclass_confusion_matrix

from srbench.records.training import TOP
from srbench.training.data.data_sets import IGNORED, Task


class TopK(Metric):
    """How many images have their class among the k highest logits, for each k of `TOP`.

    Of equal logits the one of the lower class counts as higher, on every device, so that a network
    that says the same of all classes is right as often as class 0 occurs.
    """

    full_state_update = False
    right: Tensor
    images: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.add_state("right", torch.zeros(len(TOP), dtype=torch.int64), dist_reduce_fx="sum")
        self.add_state("images", torch.zeros((), dtype=torch.int64), dist_reduce_fx="sum")

    def update(self, logits: Tensor, classes: Tensor) -> None:
        """Add images: logits (B, classes) and their classes, (B,)."""
        own = logits.gather(1, classes.unsqueeze(1))
        before = torch.arange(logits.shape[1], device=logits.device) < classes.unsqueeze(1)
        higher = (logits > own) | ((logits == own) & before) | logits.isnan() | own.isnan()
        rank = higher.sum(1)
        self.right += torch.stack([(rank < k).sum() for k in TOP])
        self.images += len(classes)

    def compute(self) -> dict[str, int]:
        """``top1`` and ``top5`` in images, and the number of ``images``."""
        found = {f"top{k}": int(n) for k, n in zip(TOP, self.right, strict=True)}
        return found | {"images": int(self.images)}


class Confusion(Metric):
    """Pixels by class, without those that are `IGNORED`: one matrix for all images."""

    full_state_update = False
    matrix: Tensor

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.num_classes = num_classes
        zeros = torch.zeros(num_classes, num_classes, dtype=torch.int64)
        self.add_state("matrix", zeros, dist_reduce_fx="sum")

    def update(self, logits: Tensor, classes: Tensor) -> None:
        """Add images: logits (B, classes, H, W) and the classes of the pixels, (B, H, W)."""
        self.matrix += multiclass_confusion_matrix(
            logits.argmax(1), classes, self.num_classes, ignore_index=IGNORED
        )

    def compute(self) -> dict[str, Any]:
        """``intersection`` and ``union`` of every class, in pixels."""
        both = self.matrix.diagonal()
        union = self.matrix.sum(0) + self.matrix.sum(1) - both
        return {"intersection": tuple(both.tolist()), "union": tuple(union.tolist())}


def metric_for(task: Task, num_classes: int) -> Metric:
    """The metric of a task."""
    return TopK() if task == "classification" else Confusion(num_classes)
