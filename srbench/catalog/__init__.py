"""The models and blocks that srbench knows, as data: no torch is imported here.

A name leads to a ``"module:attribute"`` string, which is imported when the model is built, and
to the options and places that a spec may use. Third-party blocks and backbones join by entry point
or by their module's name (see `srbench.catalog.plugins`); `srbench.catalog.lookup` finds a name in
any of them.
"""

from srbench.catalog.backbones import BACKBONES, SIZED, Sized
from srbench.catalog.blocks import BLOCKS, DEFAULT_VARIANTS
from srbench.catalog.types import OWN_SE, Backbone, Block, Change, Place, Stage

__all__ = [
    "BACKBONES",
    "BLOCKS",
    "DEFAULT_VARIANTS",
    "OWN_SE",
    "SIZED",
    "Backbone",
    "Block",
    "Change",
    "Place",
    "Sized",
    "Stage",
]
