"""The ResNets for CIFAR-10: K. He et al., CVPR 2016, section 4.2, arXiv 1512.03385."""

from torch import Tensor, nn
from torch.nn import functional

WIDTHS = (16, 32, 64)


class PaddedIdentity(nn.Module):
    """Option A: every second row and column, and zeros for the new channels. No parameters.

    Shape:
        (B, C, H, W) -> (B, out_channels, ceil(H / stride), ceil(W / stride))
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.new = out_channels - in_channels

    def forward(self, x: Tensor) -> Tensor:
        x = x[:, :, :: self.stride, :: self.stride]
        return functional.pad(x, (0, 0, 0, 0, self.new // 2, self.new - self.new // 2))


def projection(in_channels: int, out_channels: int, stride: int) -> nn.Sequential:
    """Option B: a 1x1 convolution and a batch norm."""
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 1, stride, bias=False), nn.BatchNorm2d(out_channels)
    )


SHORTCUTS = {"identity": PaddedIdentity, "projection": projection}


class BasicBlock(nn.Module):
    """Two 3x3 convolutions, each with a batch norm, and a shortcut around them."""

    def __init__(self, in_channels: int, out_channels: int, stride: int, shortcut: str) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.shortcut: nn.Module = nn.Identity()
        if in_channels != out_channels:
            self.shortcut = SHORTCUTS[shortcut](in_channels, out_channels, stride)

    def forward(self, x: Tensor) -> Tensor:
        branch = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        return self.relu(branch + self.shortcut(x))  # type: ignore[no-any-return]


class CifarResNet(nn.Module):
    """A 3x3 convolution, three stages of n residual blocks, average pooling and a linear layer.

    Shape:
        (B, 3, H, W) -> (B, num_classes)
    """

    def __init__(self, n: int, num_classes: int, shortcut: str) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, WIDTHS[0], 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(WIDTHS[0])
        self.relu = nn.ReLU()
        self.layer1 = _stage(n, WIDTHS[0], WIDTHS[0], 1, shortcut)
        self.layer2 = _stage(n, WIDTHS[0], WIDTHS[1], 2, shortcut)
        self.layer3 = _stage(n, WIDTHS[1], WIDTHS[2], 2, shortcut)
        self.fc = nn.Linear(WIDTHS[2], num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.fc(x.mean((2, 3)))  # type: ignore[no-any-return]


def _stage(
    n: int, in_channels: int, out_channels: int, stride: int, shortcut: str
) -> nn.Sequential:
    first = BasicBlock(in_channels, out_channels, stride, shortcut)
    return nn.Sequential(
        first, *(BasicBlock(out_channels, out_channels, 1, shortcut) for _ in range(n - 1))
    )


def build(name: str, num_classes: int, shortcut: str) -> CifarResNet:
    """The network ``cifar_resnetD`` of depth D = 6n + 2.

    ``shortcut`` is the paper's option A (``"identity"``, used for its CIFAR results) or B
    (``"projection"``).
    """
    depth = int(name.removeprefix("cifar_resnet"))
    return CifarResNet((depth - 2) // 6, num_classes, shortcut)
