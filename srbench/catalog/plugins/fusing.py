"""Networks that are fused for deployment: the option of a spec, and what a row says without it."""

from typing import TYPE_CHECKING, Any

from srbench.catalog.options import Flag

if TYPE_CHECKING:
    from torch import nn

TRAINING_FORM = "is in its training form, and fuse=true gives the one that its authors deploy"
FUSE = Flag("fuse", False, "branches that can be fused are one convolution, as deployed")


def can_fuse(make: Any) -> bool:
    """Whether a class has a method ``fuse`` for its deployment."""
    return isinstance(make, type) and callable(getattr(make, "fuse", None))


def fused(model: "nn.Module") -> "nn.Module":
    """The network after its own ``fuse``, which returns it, or another one, or nothing."""
    import torch

    fuse: Any = model.eval().fuse
    with torch.no_grad():
        found = fuse()
    deployed = found if isinstance(found, torch.nn.Module) else model
    return deployed.train()
