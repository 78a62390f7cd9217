"""Which tensors have values, in a run on shapes alone.

Constants, sizes and what is computed from them have: they are worked out for real, since control
flow may depend on them. Weights, the input and what is computed from either have none.
"""

from collections.abc import Iterable
from weakref import WeakSet

import torch
from torch import Tensor, UntypedStorage, nn

SMALL = 2**16  # elements; the arithmetic on more than these is left out

_without_values: "WeakSet[UntypedStorage]" = WeakSet()


def forget_values(tensor: Tensor) -> Tensor:
    """From now on the tensor, and all that share its memory, count as without values."""
    if tensor.layout == torch.strided:
        _without_values.add(tensor.untyped_storage())
    return tensor


def have_values(tensors: Iterable[Tensor]) -> bool:
    """Whether all are small and have values."""
    return all(map(_has_values, tensors))


def _has_values(tensor: Tensor) -> bool:
    if isinstance(tensor, nn.Parameter):
        forget_values(tensor)  # its views, too
        return False
    return (
        tensor.numel() <= SMALL
        and tensor.device.type == "cpu"
        and tensor.layout == torch.strided
        and tensor.untyped_storage() not in _without_values
    )
