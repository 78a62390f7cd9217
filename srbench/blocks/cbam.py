"""CBAM: S. Woo, J. Park, J.-Y. Lee, I. S. Kweon, ECCV 2018, arXiv 1807.06521."""

import torch
from torch import Tensor, nn

from srbench.blocks._checks import reduced_channels, require_positive


class ChannelGate(nn.Module):
    """Scales each channel: sigmoid(MLP(mean) + MLP(max)) with one shared MLP (eq. 2).

    Parameters: 2 C (C // r) + C // r + C (with bias, as in the authors' released code).
    MACs for one image: 4 C (C // r), since the MLP runs twice.

    Shape:
        (B, C, H, W) -> (B, C, H, W)

    Raises:
        ValueError: for a size below 1, or a reduction that leaves no channel.
    """

    def __init__(self, channels: int, reduction: int = 16) -> None:
        super().__init__()
        reduced = reduced_channels(channels, reduction)
        self.mean = nn.AdaptiveAvgPool2d(1)
        self.max = nn.AdaptiveMaxPool2d(1)
        self.mlp = nn.Sequential(
            nn.Flatten(),
            nn.Linear(channels, reduced),
            nn.ReLU(),
            nn.Linear(reduced, channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        gate = torch.sigmoid(self.mlp(self.mean(x)) + self.mlp(self.max(x)))
        return x * gate[:, :, None, None]


class SpatialGate(nn.Module):
    """Scales each position: sigmoid(norm(conv([max; mean]))) over the channels (eq. 3).

    The batch norm after the convolution and the order of the two maps follow the authors'
    released code; the paper's equation has neither.

    Parameters: 2 k^2 + 2.
    MACs for one image: 2 k^2 H W.

    Shape:
        (B, C, H, W) -> (B, C, H, W)

    Raises:
        ValueError: for a kernel that is even or below 1.
    """

    def __init__(self, kernel: int = 7) -> None:
        super().__init__()
        require_positive(kernel=kernel)
        if kernel % 2 == 0:
            raise ValueError(f"kernel must be odd, so that the map keeps its size, got {kernel}")
        self.conv = nn.Conv2d(2, 1, kernel, padding=kernel // 2, bias=False)
        self.norm = nn.BatchNorm2d(1, momentum=0.01)

    def forward(self, x: Tensor) -> Tensor:
        maps = torch.cat([x.amax(1, keepdim=True), x.mean(1, keepdim=True)], dim=1)
        return x * torch.sigmoid(self.norm(self.conv(maps)))


class CBAM(nn.Module):
    """A channel gate, then a spatial gate (eq. 1).

    Parameters: 2 C (C // r) + C // r + C + 2 k^2 + 2.
    MACs for one image: 4 C (C // r) + 2 k^2 H W.

    Args:
        channels: C, the channels of the input.
        reduction: r; the reduced width is exactly C // r, never rounded to something else.
        kernel: k, the side of the spatial gate's convolution, odd; 7 in the paper.

    Shape:
        (B, C, H, W) -> (B, C, H, W), for any B including 0.

    Raises:
        ValueError: for a size below 1, an even kernel, or a reduction that leaves no channel.
    """

    def __init__(self, channels: int, reduction: int = 16, kernel: int = 7) -> None:
        super().__init__()
        self.channel = ChannelGate(channels, reduction)
        self.spatial = SpatialGate(kernel)

    def forward(self, x: Tensor) -> Tensor:
        return self.spatial(self.channel(x))  # type: ignore[no-any-return]
