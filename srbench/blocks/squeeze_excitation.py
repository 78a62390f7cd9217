"""Squeeze-and-Excitation: J. Hu, L. Shen, G. Sun, CVPR 2018, arXiv 1709.01507."""

from torch import Tensor, nn

from srbench.blocks._checks import reduced_channels


class SqueezeExcitation(nn.Module):
    """Scales each channel by a gate that is computed from the means of all channels.

    For X of shape (B, C, H, W): z = mean of X over H and W (eq. 2), s = sigmoid(W2 relu(W1 z))
    (eq. 3), and X^ = s X, channel by channel (eq. 4). W1 maps C -> C // r, W2 maps back, both with
    bias.

    Parameters: 2 C (C // r) + C // r + C.
    MACs for one image: 2 C (C // r).

    Args:
        channels: C, the channels of the input.
        reduction: r; the reduced width is exactly C // r, never rounded to something else.

    Shape:
        (B, C, H, W) -> (B, C, H, W), for any B including 0.

    Raises:
        ValueError: for a size below 1, or a reduction that leaves no channel.
    """

    def __init__(self, channels: int, reduction: int = 16) -> None:
        super().__init__()
        reduced = reduced_channels(channels, reduction)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.excitation = nn.Sequential(
            nn.Flatten(),
            nn.Linear(channels, reduced),
            nn.ReLU(),
            nn.Linear(reduced, channels),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        s: Tensor = self.excitation(self.pool(x))
        return x * s[:, :, None, None]
