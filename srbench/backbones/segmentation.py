"""torchvision's networks for semantic segmentation."""

from torch import nn
from torchvision.models import get_model

from srbench.errors import BuildError

AUXILIARY = "aux_classifier"


def build(name: str, num_classes: int, classes: int, aux: bool) -> nn.Module:
    """torchvision's network of that name, without pretrained weights.

    It maps (B, 3, H, W) to a dict: ``out`` is (B, classes, H, W), and so is ``aux`` where there is
    an auxiliary head. Raises BuildError if ``num_classes`` differs from ``classes``.
    """
    if num_classes != classes:
        raise BuildError(
            f"{name} has {classes} classes, and {num_classes} are asked for",
            f"write {name}:classes={num_classes}",
        )
    model: nn.Module = get_model(
        name, weights=None, weights_backbone=None, num_classes=classes, aux_loss=aux
    )
    return model
