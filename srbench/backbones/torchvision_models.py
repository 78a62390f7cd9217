"""Networks exactly as in torchvision."""

from torch import nn
from torchvision.models import get_model


def build(name: str, num_classes: int) -> nn.Module:
    """torchvision's network of that name, without pretrained weights."""
    model: nn.Module = get_model(name, weights=None, num_classes=num_classes)
    return model
