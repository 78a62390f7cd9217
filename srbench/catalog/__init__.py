"""The models and blocks that srbench knows, as data: no torch is imported here.

A name maps to a ``"module:attribute"`` string, which is imported when the model is built, and to
the options and places that a spec may use. Third-party blocks and backbones are found by entry
point or by module name (see `srbench.catalog.plugins`); `srbench.catalog.lookup` looks a name up in
all of them.
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
