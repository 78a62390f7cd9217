"""The networks that srbench knows, family by family."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from srbench.catalog.options import Choice, Flag, Integer, Number, Option
from srbench.catalog.types import OWN_SE, Backbone, Change, Stage
from srbench.errors import SpecError

STRIDE = Choice(
    "stride",
    "v1.5",
    "where a stage's stride is: on the 3x3 (v1.5) or on the first 1x1 (v1)",
    ("v1", "v1.5"),
)
WIDEN = Number("widen", 1.0, "multiplies the stages' widths; the stem keeps 64", 1 / 64, 64)
STEM = Choice(
    "stem",
    "imagenet",
    "a 7x7 with stride 2 and a max pooling (imagenet), or a 3x3 alone (cifar)",
    ("imagenet", "cifar"),
)
SHORTCUT = Choice(
    "shortcut",
    "identity",
    "where the width changes: padded with zeros (identity, option A) or a 1x1 (projection, B)",
    ("identity", "projection"),
)
DROPOUT = Number("dropout", 0.0, "dropout between a residual block's convolutions", 0.0, 0.99)
WIDTH = Number("width", 1.0, "alpha, multiplies all widths", 1 / 64, 64)
CLASSES = Integer("classes", 21, "number of classes, including the background")
AUX = Flag("aux", False, "with the auxiliary head, which is used only in training")

TORCHVISION = "srbench.backbones.torchvision_models:build"

RESNET_STAGES = ("layer1", "layer2", "layer3", "layer4")


def _resnet(name: str, title: str, branch: str) -> Backbone:
    return Backbone(
        name,
        "ResNet",
        "srbench.backbones.resnet:build",
        tuple(Stage(stage, stage, (f"{stage}.*.{branch}",)) for stage in RESNET_STAGES),
        32,
        (STRIDE, WIDEN, STEM),
        title=title,
        changes=(
            Change("stem", "cifar", {"total_stride": 8, "input_size": 32, "num_classes": 10}),
        ),
    )


def _cifar_resnet(depth: int) -> Backbone:
    if depth < 8 or (depth - 2) % 6:
        raise SpecError(
            f"there is no cifar_resnet{depth}",
            "the depth must be 6n + 2: cifar_resnet20, 32, 44, 56 …",
        )
    target = "srbench.backbones.cifar_resnet:build"
    title = f"CIFAR ResNet-{depth}" if depth in (50, 152) else f"ResNet-{depth}"
    return _for_cifar(f"cifar_resnet{depth}", title, "ResNet for CIFAR", target, "bn2", SHORTCUT)


def _wide_resnet(depth: int, width: int) -> Backbone:
    if depth < 10 or (depth - 4) % 6:
        raise SpecError(
            f"there is no wrn{depth}_{width}",
            "the depth must be 6n + 4 and the width 1 or more: wrn16_8, wrn28_10, wrn40_4 …",
        )
    target = "srbench.backbones.wide_resnet:build"
    return _for_cifar(
        f"wrn{depth}_{width}", f"WRN-{depth}-{width}", "Wide ResNet", target, "conv2", DROPOUT
    )


def _for_cifar(
    name: str, title: str, family: str, target: str, branch: str, option: Option
) -> Backbone:
    stages = tuple(Stage(stage, stage, (f"{stage}.*.{branch}",)) for stage in RESNET_STAGES[:3])
    return Backbone(
        name, family, target, stages, 4, (option,), input_size=32, num_classes=10, title=title
    )


def _vgg(name: str, convs: tuple[int, ...]) -> Backbone:
    """Stages of convolutions, each followed by its ReLU; a stage ends with its pooling.

    Hu et al., section 3.3, put SE after the ReLU of every convolution of a network like this.
    """
    stages, at = [], 0
    step = 3 if name.endswith("_bn") else 2
    for number, depth in enumerate(convs, start=1):
        relus = [f"features.{at + step * i + step - 1}" for i in range(depth)]
        first, at = f"features.{at}", at + step * depth + 1
        stages.append(Stage(f"stage{number}", f"features.{at - 1}", tuple(relus), first))
    title = name.upper().replace("VGG", "VGG-").replace("_", "-")
    return Backbone(name, "VGG", TORCHVISION, tuple(stages), 32, title=title)


def _densenet(name: str) -> Backbone:
    blocks = [f"denseblock{i}" for i in range(1, 5)]
    stages = tuple(Stage(b, f"features.{b}", (f"features.{b}.*.conv2",)) for b in blocks)
    title = name.replace("densenet", "DenseNet-")
    return Backbone(name, "DenseNet", TORCHVISION, stages, 32, title=title)


def _by_resolution(
    branch: str, groups: Iterable[tuple[int, int]], prefix: str
) -> tuple[Stage, ...]:
    """Stages of modules numbered first to last; in each, ``branch`` ends the residual branch."""
    return tuple(
        Stage(
            f"stage{number}",
            f"{prefix}{last}",
            tuple(f"{prefix}{i}.{branch}" for i in range(first, last + 1)),
            f"{prefix}{first}",
        )
        for number, (first, last) in enumerate(groups, start=1)
    )


MOBILENET_V2 = ((1, 1), (2, 3), (4, 6), (7, 13), (14, 17))
MOBILENET_V3 = {
    "mobilenet_v3_large": ((1, 1), (2, 3), (4, 6), (7, 12), (13, 15)),
    "mobilenet_v3_small": ((1, 1), (2, 3), (4, 8), (9, 11)),
}


def _mobilenet_v1() -> Backbone:
    """Blocks follow every convolution and its ReLU, including the first, as in CBAM's Table 5."""
    groups = ((1, 1), (2, 3), (4, 5), (6, 11), (12, 13))
    target = "srbench.backbones.mobilenet_v1:build"
    first, *others = _by_resolution("*", groups, "features.")
    stem = "features.0"
    first = replace(first, branches=(stem, *first.branches), first=stem)
    return Backbone(
        "mobilenet_v1", "MobileNet", target, (first, *others), 32, (WIDTH,), title="MobileNet"
    )


def _mobilenet_v2() -> Backbone:
    stages = _by_resolution("conv", MOBILENET_V2, "features.")
    return Backbone("mobilenet_v2", "MobileNet", TORCHVISION, stages, 32, title="MobileNetV2")


def _mobilenet_v3(name: str) -> Backbone:
    stages = _by_resolution("block", MOBILENET_V3[name], "features.")
    title = f"MobileNetV3-{name.rpartition('_')[2].title()}"
    return Backbone(name, "MobileNet", TORCHVISION, stages, 32, note=OWN_SE, title=title)


def _efficientnet(name: str, size: int, depth: int = 7) -> Backbone:
    modules = [f"features.{i}" for i in range(1, depth + 1)]
    stages = _one_each(modules, "*.block")
    title = name.upper().replace("EFFICIENTNET_", "EfficientNet").replace("_", "-")
    title = title.replace("NetB", "Net-B")
    return Backbone(
        name, "EfficientNet", TORCHVISION, stages, 32, input_size=size, note=OWN_SE, title=title
    )


def _regnet(name: str) -> Backbone:
    stages = tuple(
        Stage(f"block{i}", f"trunk_output.block{i}", (f"trunk_output.block{i}.*.f",))
        for i in range(1, 5)
    )
    note = OWN_SE if name.startswith("regnet_y") else ""
    kind, _, size = name.removeprefix("regnet_").upper().partition("_")
    title = f"RegNet{kind}-{size.replace('_', '.')}"
    return Backbone(name, "RegNet", TORCHVISION, stages, 32, note=note, title=title)


def _convnext(name: str) -> Backbone:
    modules = [f"features.{i}" for i in (1, 3, 5, 7)]
    title = f"ConvNeXt-{name.rpartition('_')[2][0].upper()}"
    return Backbone(name, "ConvNeXt", TORCHVISION, _one_each(modules, "*.block"), 32, title=title)


def _one_each(modules: Iterable[str], branch: str) -> tuple[Stage, ...]:
    """Stages of one module each; ``branch`` ends the residual branches in all of them."""
    return tuple(
        Stage(f"stage{number}", module, (f"{module}.{branch}",))
        for number, module in enumerate(modules, start=1)
    )


def _segmentation(head: str, title: str, backbone: Backbone, total_stride: int = 8) -> Backbone:
    """The backbone's last stages are dilated: they keep the resolution of the stages before."""
    return Backbone(
        f"{head}_{backbone.name}",
        "Segmentation",
        "srbench.backbones.segmentation:build",
        tuple(_inside("backbone", stage) for stage in backbone.stages),
        total_stride,
        (CLASSES, AUX),
        input_size=520,
        classes=CLASSES.name,
        note=backbone.note,
        title=f"{title} ({backbone.title})",
        changes=(Change("aux", True, {"auxiliary": "aux_classifier"}),),
    )


def _inside(parent: str, stage: Stage) -> Stage:
    """The stage in a network that has the stage's modules within the module ``parent``."""
    return replace(
        stage,
        module=f"{parent}.{stage.module}",
        branches=tuple(f"{parent}.{branch}" for branch in stage.branches),
        first=stage.first and f"{parent}.{stage.first}",
    )


@dataclass(frozen=True)
class Sized:
    """Networks whose names contain their sizes, such as wrn28_10; ``pattern`` finds the sizes."""

    pattern: str
    what: str
    make: Callable[..., Backbone]

    def matches(self, name: str) -> bool:
        """Whether a name matches the pattern."""
        return bool(re.fullmatch(self.pattern, name, re.ASCII))

    def find(self, name: str) -> Backbone | None:
        """The network of that name, or None. Raises SpecError for sizes that no network has."""
        found = re.fullmatch(self.pattern, name, re.ASCII)
        return self.make(*map(int, found.groups())) if found else None


SIZED = (
    Sized(r"cifar_resnet([1-9]\d{0,3})", "cifar_resnetD for any depth D = 6n + 2", _cifar_resnet),
    Sized(
        r"wrn([1-9]\d{0,2})_([1-9]\d?)", "wrnD_K for any depth D = 6n + 4 and width K", _wide_resnet
    ),
)

RESNETS = (
    *(_resnet(f"resnet{depth}", f"ResNet-{depth}", "bn2") for depth in (18, 34)),
    *(_resnet(f"resnet{depth}", f"ResNet-{depth}", "bn3") for depth in (50, 101, 152)),
    *(
        _resnet(f"resnext{depth}_{groups}x{width}d", f"ResNeXt-{depth} {groups}×{width}d", "bn3")
        for depth, groups, width in ((50, 32, 4), (101, 32, 4), (101, 32, 8))
    ),
    *(_resnet(f"wide_resnet{depth}_2", f"Wide ResNet-{depth}-2", "bn3") for depth in (50, 101)),
)
CIFAR_NETWORKS = (
    *(_cifar_resnet(depth) for depth in (20, 32, 44, 56, 110)),
    *(_wide_resnet(*sizes) for sizes in ((16, 8), (28, 10), (40, 4))),
)
VGG = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
MOBILENETS = (_mobilenet_v1(), _mobilenet_v2(), *(_mobilenet_v3(name) for name in MOBILENET_V3))
EFFICIENTNETS = (  # with the input sizes at which torchvision evaluates them
    *(
        _efficientnet(f"efficientnet_b{number}", size)
        for number, size in enumerate((224, 240, 288, 300, 380, 456, 528, 600))
    ),
    _efficientnet("efficientnet_v2_s", 384, depth=6),
    _efficientnet("efficientnet_v2_m", 480),
    _efficientnet("efficientnet_v2_l", 480),
)
REGNET_SIZES = ("400mf", "800mf", "1_6gf", "3_2gf", "8gf", "16gf", "32gf")
REGNETS = (
    *(_regnet(f"regnet_y_{size}") for size in (*REGNET_SIZES, "128gf")),
    *(_regnet(f"regnet_x_{size}") for size in REGNET_SIZES),
)
DILATED_MOBILENET = Backbone(
    "mobilenet_v3_large",
    "MobileNet",
    "",
    _by_resolution("block", MOBILENET_V3["mobilenet_v3_large"], ""),
    note=OWN_SE,
    title="MobileNetV3-Large",
)
SEGMENTATION = (
    *(
        _segmentation(head, title, _resnet(f"resnet{depth}", f"ResNet-{depth}", "bn3"))
        for head, title in (("deeplabv3", "DeepLabv3"), ("fcn", "FCN"))
        for depth in (50, 101)
    ),
    _segmentation("deeplabv3", "DeepLabv3", DILATED_MOBILENET, total_stride=16),
)

BACKBONES: dict[str, Backbone] = {
    backbone.name: backbone
    for backbone in (
        *RESNETS,
        *CIFAR_NETWORKS,
        *(_vgg(f"vgg{d}{bn}", convs) for d, convs in VGG.items() for bn in ("", "_bn")),
        *(_densenet(f"densenet{depth}") for depth in (121, 161, 169, 201)),
        *MOBILENETS,
        *EFFICIENTNETS,
        *REGNETS,
        *(_convnext(f"convnext_{size}") for size in ("tiny", "small", "base", "large")),
        *SEGMENTATION,
    )
}
