"""Backbones with blocks in them: builders by family, the probe for shapes, and the surgery."""

from srbench.models.build import build
from srbench.models.weights import load_backbone_weights

__all__ = ["build", "load_backbone_weights"]
