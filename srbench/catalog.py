"""The models and blocks that srbench knows, as data: no torch is imported here.

A name leads to a ``"module:attribute"`` string, which is imported when the model is built, and
to the options and places that a spec may use. Third-party blocks join by entry point
(see `srbench.plugins`); `srbench.lookup` finds a name in either.
"""

from dataclasses import dataclass
from typing import Literal

from srbench.options import Choice, Integer, Number, Option, Stages

Place = Literal["branch", "stage"]


@dataclass(frozen=True)
class Backbone:
    """A network that blocks are put into.

    ``stages`` are module names in order; ``branch`` is the last norm of a residual branch, by
    its name within a residual block; ``total_stride`` is the side of the input over that of the
    last feature map. A smaller input would leave a stage nothing to reduce, and is refused.
    """

    name: str
    family: str
    target: str
    stages: tuple[str, ...]
    branch: str
    total_stride: int
    options: tuple[Option, ...] = ()


@dataclass(frozen=True)
class Block:
    """A block that goes on each residual branch (``branch``) or after a stage (``stage``)."""

    name: str
    target: str
    place: Place
    options: tuple[Option, ...]
    summary: str = ""
    source: str = ""


STRIDE = Choice(
    "stride",
    "v1.5",
    "where a stage's stride is: on the 3x3 (v1.5) or on the first 1x1 (v1)",
    ("v1", "v1.5"),
)
WIDEN = Number("widen", 1.0, "multiplies the stages' widths; the stem keeps 64", 1 / 64, 64)


def _resnet(name: str, branch: str) -> Backbone:
    return Backbone(
        name=name,
        family="ResNet",
        target="srbench.models.resnet:build",
        stages=("layer1", "layer2", "layer3", "layer4"),
        branch=branch,
        total_stride=32,
        options=(STRIDE, WIDEN),
    )


BACKBONES: dict[str, Backbone] = {
    backbone.name: backbone
    for backbone in (
        _resnet("resnet18", "bn2"),
        _resnet("resnet34", "bn2"),
        _resnet("resnet50", "bn3"),
        _resnet("resnet101", "bn3"),
        _resnet("resnet152", "bn3"),
        _resnet("resnext50_32x4d", "bn3"),
        _resnet("resnext101_32x4d", "bn3"),
        _resnet("resnext101_32x8d", "bn3"),
        _resnet("wide_resnet50_2", "bn3"),
    )
}

REDUCTION = Integer("reduction", 16, "the hidden layer has C // reduction channels")

BLOCKS: dict[str, Block] = {
    block.name: block
    for block in (
        Block(
            "sr",
            "srbench.blocks.squeeze_remember:SqueezeRemember",
            "stage",
            (
                Integer("memories", 10, "P, the number of memory blocks"),
                Integer("squeeze", 1, "S, the channels of the squeezed map"),
                Integer("hidden", 64, "h, the units of the FCN's hidden layer"),
                Stages(last=1),
            ),
            "Squeeze-and-Remember",
            "Cakaj, Mehnert, Yang, ICMLA 2024",
        ),
        Block(
            "se",
            "srbench.blocks.squeeze_excitation:SqueezeExcitation",
            "branch",
            (REDUCTION, Stages()),
            "Squeeze-and-Excitation",
            "Hu et al., CVPR 2018",
        ),
        Block(
            "cbam",
            "srbench.blocks.cbam:CBAM",
            "branch",
            (REDUCTION, Integer("kernel", 7, "the spatial gate's kernel, odd"), Stages()),
            "Convolutional Block Attention Module",
            "Woo et al., ECCV 2018",
        ),
        Block(
            "dropout2d",
            "srbench.blocks.dropout:Dropout2d",
            "branch",
            (Number("p", 0.1, "probability of dropping a channel", 0.0, 1.0), Stages(last=2)),
            "channel dropout",
            "Tompson et al., CVPR 2015",
        ),
    )
}

DEFAULT_VARIANTS = ("se", "cbam", "sr")
