"""The blocks, as ordinary modules: (B, C, H, W) in, (B, C, H, W) out. One file per paper."""

from srbench.blocks.cbam import CBAM
from srbench.blocks.dropout import Dropout2d
from srbench.blocks.squeeze_excitation import SqueezeExcitation
from srbench.blocks.squeeze_remember import SqueezeRemember

__all__ = ["CBAM", "Dropout2d", "SqueezeExcitation", "SqueezeRemember"]
