"""Matrix products in disguise: a product of two tensors that is summed, ``(a * b).sum(dim)``.

The sum of x·y over a dimension is an inner product if both x and y vary along it. If one of them
does not, it is a scaled sum, and the sum of x·x is a norm: neither is a product of matrices.
"""

from collections.abc import Iterable
from math import prod
from typing import Any, NamedTuple

import torch
from torch import Tensor

SUMS = frozenset({"sum", "nansum"})
CARRY = frozenset({"clone", "to_copy", "neg"})


class Side(NamedTuple):
    """A dimension of a product as it lies in memory, and how many of its factors vary along it."""

    length: int
    stride: int
    factors: int


class Disguised:
    """Follows products of tensors to where they are summed."""

    def __init__(self) -> None:
        # By storage; each is kept, so that no other gets its address.
        self._products: dict[int, tuple[Any, list[Side]]] = {}

    def macs(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], out: Any) -> int:
        """The MACs of a product in disguise that an operator completes; otherwise 0.

        ``name`` is the operator's, without underscores.
        """
        if name in SUMS:
            return self._summed(args, kwargs)
        self.follow(name, args, out)
        return 0

    def follow(self, name: str, args: tuple[Any, ...], out: Any) -> None:
        """Note the result of an operator that multiplies, or that hands a product on."""
        if name not in ("mul", "div", *CARRY) or not isinstance(out, Tensor):
            return
        tensors = [one for one in args[:2] if isinstance(one, Tensor)]
        if name != "mul":
            tensors = tensors[:1]
        distinct = {_identity(one): one for one in tensors}.values()
        factors = [self._factors(one, out.dim()) for one in distinct]
        if len(tensors) == 2 and len(factors) == 1:
            factors = [[0] * out.dim()]  # a square
        varying = [sum(numbers) for numbers in zip(*factors, strict=True)]
        if any(number > 1 for number in varying):
            sides = zip(out.shape, out.stride(), varying, strict=True)
            storage = out.untyped_storage()
            self._products[storage._cdata] = (storage, [Side(*side) for side in sides])
        else:
            self._products.pop(out.untyped_storage()._cdata, None)

    def _factors(self, tensor: Tensor, sides: int) -> list[int]:
        """How many factors vary along each of the last ``sides`` dimensions of a result."""
        known = self._known(tensor)
        one = int(tensor.dtype != torch.bool)  # a mask selects
        own = [
            max((side.factors for side in _within(known, length, stride)), default=0)
            if known
            else one * (length > 1 and stride != 0)
            for length, stride in zip(tensor.shape, tensor.stride(), strict=True)
        ]
        return [0] * (sides - len(own)) + own

    def _summed(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> int:
        x = args[0]
        known = self._known(x)
        if not known:
            return 0
        dims = args[1] if len(args) > 1 else kwargs.get("dim")
        for dim in _all(dims, x.dim()):
            if any(side.factors > 1 for side in _within(known, x.shape[dim], x.stride(dim))):
                return prod(x.shape)
        return 0

    def _known(self, tensor: Tensor) -> list[Side]:
        _, sides = self._products.get(tensor.untyped_storage()._cdata, (None, []))
        return sides


def _within(sides: Iterable[Side], length: int, stride: int) -> list[Side]:
    """The dimensions of a product that a dimension of a view of it runs along."""
    return [
        side
        for side in sides
        if side.length > 1
        and length > 1
        and side.stride < stride * length
        and side.stride * side.length > stride
    ]


def _all(dims: Any, count: int) -> Iterable[int]:
    if isinstance(dims, int):
        return [dims]
    return dims or range(count)


def _identity(tensor: Tensor) -> Any:
    return (
        tensor.untyped_storage()._cdata,
        tensor.storage_offset(),
        tuple(tensor.shape),
        tensor.stride(),
    )
