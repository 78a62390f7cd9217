"""The built-in blocks."""

from srbench.catalog.options import After, Integer, Number, Stages
from srbench.catalog.types import Block

REDUCTION = Integer("reduction", 16, "the hidden layer has C // reduction channels", symbol="r")

BLOCKS: dict[str, Block] = {
    block.name: block
    for block in (
        Block(
            "sr",
            "srbench.blocks.squeeze_remember:SqueezeRemember",
            "stage",
            (
                Integer("memories", 10, "P, the number of memory blocks", symbol="P"),
                Integer("squeeze", 1, "S, the channels of the squeezed map", symbol="S"),
                Integer("hidden", 64, "h, the units of the FCN's hidden layer", symbol="h"),
                Stages(last=1),
                After(),
            ),
            "Squeeze-and-Remember",
            "Cakaj, Mehnert, Yang, ICMLA 2024",
            "SR",
        ),
        Block(
            "se",
            "srbench.blocks.squeeze_excitation:SqueezeExcitation",
            "branch",
            (REDUCTION, Stages(), After()),
            "Squeeze-and-Excitation",
            "Hu et al., CVPR 2018",
            "SE",
        ),
        Block(
            "cbam",
            "srbench.blocks.cbam:CBAM",
            "branch",
            (
                REDUCTION,
                Integer("kernel", 7, "the spatial gate's kernel, odd", symbol="k"),
                Stages(),
                After(),
            ),
            "Convolutional Block Attention Module",
            "Woo et al., ECCV 2018",
            "CBAM",
        ),
        Block(
            "dropout2d",
            "srbench.blocks.dropout:Dropout2d",
            "branch",
            (
                Number("p", 0.1, "probability of dropping a channel", 0.0, 1.0, "p"),
                Stages(last=2),
                After(),
            ),
            "channel dropout",
            "Tompson et al., CVPR 2015",
            "Dropout2d",
        ),
    )
}

DEFAULT_VARIANTS = ("se", "cbam", "sr")
