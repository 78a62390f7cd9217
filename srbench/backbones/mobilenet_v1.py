"""MobileNet: A. Howard et al., 2017, arXiv 1704.04861, Table 1."""

from torch import Tensor, nn

from srbench.errors import BuildError

STEM = 32
LAYERS = (  # channels and stride of each depthwise separable convolution
    *((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)),
    *((512, 1),) * 5,
    *((1024, 2), (1024, 1)),
)


class MobileNetV1(nn.Module):
    """A 3x3 convolution and 13 depthwise separable ones, pooling and a linear layer.

    Shape:
        (B, 3, H, W) -> (B, num_classes)
    """

    def __init__(self, num_classes: int, width: float) -> None:
        super().__init__()
        channels = _whole(STEM, width)
        layers = [_convolution(3, channels, 3, 2)]
        for wide, stride in LAYERS:
            out = _whole(wide, width)
            depthwise = _convolution(channels, channels, 3, stride, groups=channels)
            layers.append(nn.Sequential(depthwise, _convolution(channels, out, 1, 1)))
            channels = out
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(channels, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.avgpool(self.features(x)).flatten(1))  # type: ignore[no-any-return]


def _convolution(
    in_channels: int, out_channels: int, kernel: int, stride: int, groups: int = 1
) -> nn.Sequential:
    """A convolution with its batch norm and ReLU."""
    return nn.Sequential(
        nn.Conv2d(
            in_channels, out_channels, kernel, stride, kernel // 2, groups=groups, bias=False
        ),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
    )


def _whole(channels: int, width: float) -> int:
    """The channels multiplied by the width, rounded down if a fraction is left: the paper's 0.75
    leaves none, CBAM's 0.7 does."""
    thin = int(channels * width)
    if not thin:
        raise BuildError(f"mobilenet_v1:width={width:g} leaves no channel", "use a larger width")
    return thin


def build(name: str, num_classes: int, width: float) -> MobileNetV1:
    """MobileNet with all widths multiplied by ``width``, the paper's alpha."""
    return MobileNetV1(num_classes, width)
