"""Blocks and backbones of other packages: by entry point, or by the name of their module.

docs/your-own.md is the contract.
"""

from srbench.plugins.backbones import backbone_at, load_backbone
from srbench.plugins.blocks import SHAPE_ARGUMENTS, block_at, load_block
from srbench.plugins.entries import BACKBONE_GROUP, BLOCK_GROUP, names, origin
from srbench.plugins.imports import resolve

__all__ = [
    "BACKBONE_GROUP",
    "BLOCK_GROUP",
    "SHAPE_ARGUMENTS",
    "backbone_at",
    "block_at",
    "load_backbone",
    "load_block",
    "names",
    "origin",
    "resolve",
]
