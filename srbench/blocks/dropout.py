"""Channel dropout (SpatialDropout): J. Tompson et al., CVPR 2015, arXiv 1411.4280."""

from torch import nn


class Dropout2d(nn.Dropout2d):
    """Drops whole channels in training, with probability ``p``; the identity in evaluation.

    PyTorch's own `torch.nn.Dropout2d` with this project's default p. No parameters, no MACs.

    Args:
        p: probability of dropping a channel, from 0 to 1.

    Shape:
        (B, C, H, W) -> (B, C, H, W)

    Raises:
        ValueError: for a p outside [0, 1].
    """

    def __init__(self, p: float = 0.1) -> None:
        super().__init__(p)
