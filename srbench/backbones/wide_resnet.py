"""The Wide ResNets for CIFAR: S. Zagoruyko, N. Komodakis, BMVC 2016, arXiv 1605.07146."""

from torch import Tensor, nn

BASE_WIDTHS = (16, 32, 64)


class WideBlock(nn.Module):
    """A residual block whose norms and ReLUs come before its convolutions (pre-activation)."""

    def __init__(self, in_channels: int, out_channels: int, stride: int, dropout: float) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(in_channels)
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.dropout = nn.Dropout(dropout) if dropout else nn.Identity()
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.relu = nn.ReLU()
        self.shortcut: nn.Module | None = None
        if in_channels != out_channels:
            self.shortcut = nn.Conv2d(in_channels, out_channels, 1, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        activated = self.relu(self.bn1(x))
        branch = self.dropout(self.relu(self.bn2(self.conv1(activated))))
        # If the width changes, norm and ReLU come before both the branch and the shortcut.
        kept = self.shortcut(activated) if self.shortcut else x
        return kept + self.conv2(branch)  # type: ignore[no-any-return]


class WideResNet(nn.Module):
    """A 3x3 convolution, three stages of n wide blocks, and a norm before the pooling.

    Shape:
        (B, 3, H, W) -> (B, num_classes)
    """

    def __init__(self, n: int, width: int, num_classes: int, dropout: float) -> None:
        super().__init__()
        first, second, third = (width * base for base in BASE_WIDTHS)
        stem = BASE_WIDTHS[0]
        self.conv1 = nn.Conv2d(3, stem, 3, padding=1, bias=False)
        self.layer1 = _stage(n, stem, first, 1, dropout)
        self.layer2 = _stage(n, first, second, 2, dropout)
        self.layer3 = _stage(n, second, third, 2, dropout)
        self.bn = nn.BatchNorm2d(third)
        self.relu = nn.ReLU()
        self.fc = nn.Linear(third, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_in", nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        x = self.layer3(self.layer2(self.layer1(self.conv1(x))))
        return self.fc(self.relu(self.bn(x)).mean((2, 3)))  # type: ignore[no-any-return]


def _stage(
    n: int, in_channels: int, out_channels: int, stride: int, dropout: float
) -> nn.Sequential:
    first = WideBlock(in_channels, out_channels, stride, dropout)
    return nn.Sequential(
        first, *(WideBlock(out_channels, out_channels, 1, dropout) for _ in range(n - 1))
    )


def build(name: str, num_classes: int, dropout: float) -> WideResNet:
    """The network ``wrnD_K`` of depth D = 6n + 4 and width K."""
    depth, width = map(int, name.removeprefix("wrn").split("_"))
    return WideResNet((depth - 4) // 6, width, num_classes, dropout)
