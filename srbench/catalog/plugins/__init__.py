"""Blocks and backbones from other packages, by entry point or by module name.

docs/how-to/your-own.md is the contract. Only the names are known here; code that uses one of them
loads `srbench.catalog.plugins.blocks` or `srbench.catalog.plugins.backbones`.
"""

from srbench.catalog.plugins.entry_points import BACKBONE_GROUP, BLOCK_GROUP, names, providers

__all__ = ["BACKBONE_GROUP", "BLOCK_GROUP", "names", "providers"]
