"""torchvision's ResNets, ResNeXts and Wide ResNets, with options that papers' tables need."""

from dataclasses import dataclass
from typing import Any

from torch import nn
from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet

from srbench.errors import BuildError


@dataclass(frozen=True)
class Architecture:
    """Residual block, blocks per stage, and a bottleneck's groups and width, as torchvision's."""

    block: type[BasicBlock | Bottleneck]
    depths: tuple[int, int, int, int]
    groups: int = 1
    width_per_group: int = 64


ARCHITECTURES: dict[str, tuple[Any, ...]] = {  # arguments of `Architecture`
    "resnet18": (BasicBlock, (2, 2, 2, 2)),
    "resnet34": (BasicBlock, (3, 4, 6, 3)),
    "resnet50": (Bottleneck, (3, 4, 6, 3)),
    "resnet101": (Bottleneck, (3, 4, 23, 3)),
    "resnet152": (Bottleneck, (3, 8, 36, 3)),
    "resnext50_32x4d": (Bottleneck, (3, 4, 6, 3), 32, 4),
    "resnext101_32x4d": (Bottleneck, (3, 4, 23, 3), 32, 4),
    "resnext101_32x8d": (Bottleneck, (3, 4, 23, 3), 32, 8),
    "wide_resnet50_2": (Bottleneck, (3, 4, 6, 3), 1, 128),
    "wide_resnet101_2": (Bottleneck, (3, 4, 23, 3), 1, 128),
}


class WidenedResNet(ResNet):  # type: ignore[misc] # torchvision has no types
    """torchvision's ResNet with the stages' widths multiplied by ``widen``, and the same stem."""

    def __init__(self, architecture: Architecture, num_classes: int, widen: float) -> None:
        self._widen = widen
        super().__init__(
            architecture.block,
            list(architecture.depths),
            num_classes,
            groups=architecture.groups,
            width_per_group=architecture.width_per_group,
        )
        if widen != 1:
            self.fc = nn.Linear(self.inplanes, num_classes)

    def _make_layer(self, block: Any, planes: int, *args: Any, **kwargs: Any) -> nn.Sequential:
        stage: nn.Sequential = super()._make_layer(
            block, round(planes * self._widen), *args, **kwargs
        )
        return stage


def build(name: str, num_classes: int, stride: str, widen: float, stem: str) -> ResNet:
    """A ResNet of that name: torchvision's network and state-dict keys, no pretrained weights.

    ``stride="v1"`` puts a stage's stride on the first 1x1 convolution of its first bottleneck, as
    in He et al., CVPR 2016; torchvision puts it on the 3x3 ("v1.5"). A network of basic blocks has
    no such 1x1 and is the same either way. ``widen`` multiplies the stages' widths, as in the
    WideResNet18 of CBAM's Table 4. ``stem="cifar"`` begins with a 3x3 convolution that keeps the
    resolution, without pooling, as is usual for images of 32 pixels.

    Raises BuildError where ``widen`` leaves a fraction of a channel.
    """
    architecture = Architecture(*ARCHITECTURES[name])
    _require_whole_widths(name, architecture, widen)
    model = WidenedResNet(architecture, num_classes, widen)
    if stride == "v1":
        _move_stride_to_first_conv(model)
    if stem == "cifar":
        _keep_resolution_in_the_stem(model)
    return model


def _require_whole_widths(name: str, architecture: Architecture, widen: float) -> None:
    narrowest = min(64, architecture.width_per_group)
    if not float(widen * narrowest).is_integer():
        raise BuildError(
            f"{name}:widen={widen:g} leaves a fraction of a channel",
            f"use a multiple of 1/{narrowest}",
        )


def _move_stride_to_first_conv(model: nn.Module) -> None:
    for module in model.modules():
        if isinstance(module, Bottleneck):
            module.conv1.stride, module.conv2.stride = module.conv2.stride, module.conv1.stride


def _keep_resolution_in_the_stem(model: ResNet) -> None:
    model.conv1 = nn.Conv2d(3, model.conv1.out_channels, 3, padding=1, bias=False)
    nn.init.kaiming_normal_(model.conv1.weight, mode="fan_out", nonlinearity="relu")
    model.maxpool = nn.Identity()
