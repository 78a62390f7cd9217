"""Blocks and backbones of other packages: by entry point, or by the name of their module.

docs/your-own.md is the contract. Their names are known here; what uses one of them loads
`srbench.catalog.plugins.blocks` or `srbench.catalog.plugins.backbones`.
"""

from srbench.catalog.plugins.entry_points import BACKBONE_GROUP, BLOCK_GROUP, names, origin

__all__ = ["BACKBONE_GROUP", "BLOCK_GROUP", "names", "origin"]
