"""From a spec to a module: built, with blocks at their sites, and checked."""

from srbench.models.build import build
from srbench.models.weights import load_backbone_weights

__all__ = ["build", "load_backbone_weights"]
