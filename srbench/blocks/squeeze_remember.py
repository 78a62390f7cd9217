"""Squeeze-and-Remember: R. Cakaj, J. Mehnert, B. Yang, ICMLA 2024, arXiv 2410.00823."""

import torch
from torch import Tensor, nn

from srbench.blocks._checks import require_positive


class SqueezeRemember(nn.Module):
    """Adds to the input a mixture of learned memories, chosen by the input itself.

    For X of shape (B, C, H, W):

    1. *Squeeze*: a 1x1 convolution C -> S gives X' of shape (B, S, H, W).
    2. *Remember*: a two-layer FCN with a softmax turns X' into weights alpha of shape (B, P);
       M' = sum_i alpha_i M_i over P memories M_i of shape (C, H, W).
    3. *Add*: X^ = X + M'.

    The memories start at zero, as in the paper, so a fresh block is exactly the identity. The
    squeeze weights start uniform in (-sqrt(k), sqrt(k)), k = 1/C: PyTorch's own initialisation of
    a 1x1 convolution.

    The paper leaves open the squeezed width, the FCN's hidden width, its activation and the number
    of memories; ``squeeze=1``, ``hidden=64``, ReLU and ``memories=10`` are this project's choice.

    Parameters: (C S + S) + (S H W h + h) + (h P + P) + P C H W.
    MACs for one image: C S H W + S H W h + h P + P C H W.

    Args:
        channels: C, the channels of the input.
        height: H, the rows of the input; the memories are tied to it.
        width: W, the columns of the input; the memories are tied to it.
        memories: P, the number of memory blocks.
        squeeze: S, the channels after the squeeze.
        hidden: h, the units of the FCN's hidden layer.

    Shape:
        (B, C, H, W) -> (B, C, H, W), for any B including 0. The memory layout of the input is kept.

    Raises:
        ValueError: for a size below 1, and in ``forward`` for an input that is not
            (B, channels, height, width).

    >>> block = SqueezeRemember(channels=8, height=7, width=7, memories=2)
    >>> x = torch.rand(4, 8, 7, 7)
    >>> torch.equal(block(x), x)
    True
    """

    def __init__(
        self,
        channels: int,
        height: int,
        width: int,
        memories: int = 10,
        squeeze: int = 1,
        hidden: int = 64,
    ) -> None:
        super().__init__()
        require_positive(
            channels=channels,
            height=height,
            width=width,
            memories=memories,
            squeeze=squeeze,
            hidden=hidden,
        )
        self.channels, self.height, self.width = channels, height, width
        self.squeeze = nn.Conv2d(channels, squeeze, kernel_size=1)
        self.fcn = nn.Sequential(
            nn.Flatten(),
            nn.Linear(squeeze * height * width, hidden),
            nn.ReLU(),
            nn.Linear(hidden, memories),
            nn.Softmax(dim=1),
        )
        self.memory = nn.Parameter(torch.zeros(memories, channels, height, width))

    def forward(self, x: Tensor) -> Tensor:
        self._check_shape(x)
        # The squeeze and the weighted sum are matrix products on views of X as it lies in memory:
        # no copy of X, no P copies of the batch, and every counter sees them.
        weight = self.squeeze.weight.flatten(1).expand(x.shape[0], -1, -1)
        assert self.squeeze.bias is not None
        squeezed = torch.bmm(weight, x.flatten(2)) + self.squeeze.bias[:, None]
        alpha = self.fcn(squeezed)
        if x.is_contiguous(memory_format=torch.channels_last):
            last = _plus_mixture(x.permute(0, 2, 3, 1), alpha, self.memory.permute(0, 2, 3, 1))
            return last.permute(0, 3, 1, 2)
        return _plus_mixture(x, alpha, self.memory)

    def _check_shape(self, x: Tensor) -> None:
        if x.dim() != 4 or x.shape[1:] != (self.channels, self.height, self.width):
            raise ValueError(
                f"this SqueezeRemember was built for inputs of (B, {self.channels}, {self.height}, "
                f"{self.width}) and got {tuple(x.shape)}: its memories are tied to that size"
            )

    def extra_repr(self) -> str:
        return f"channels={self.channels}, height={self.height}, width={self.width}"


def _plus_mixture(x: Tensor, alpha: Tensor, memories: Tensor) -> Tensor:
    """x + sum_i alpha_i M_i, shapes (B, ...), (B, P), (P, ...), in the precision of x.

    Not in autocast's: rounding x would make a fresh block another function than the identity.
    """
    with torch.autocast(x.device.type, enabled=False):
        alpha, memories = alpha.to(x.dtype), memories.to(x.dtype)
        return torch.addmm(x.flatten(1), alpha, memories.flatten(1)).view(x.shape)
