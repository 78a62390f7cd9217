"""Builds the model of a spec: the backbone with blocks at their sites, checked."""

from srbench.models.build import build
from srbench.models.weights import load_backbone_weights

__all__ = ["build", "load_backbone_weights"]
