"""One call of a model: the inputs that it gets, by position and by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from srbench.shapes.known_values import forget_values
from srbench.shapes.nested import replaced, tensors_within

LAST = {4: (torch.channels_last,), 5: (torch.channels_last_3d,)}  # layouts, by the number of sides


@dataclass(frozen=True)
class Call:
    """The inputs of a model, of any kind: tensors, numbers, lists and dicts of these."""

    args: tuple[Any, ...] = ()
    keywords: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, model: Callable[..., Any]) -> Any:
        """What the model returns for these inputs. Raises what the model raises."""
        return model(*self.args, **self.keywords)

    @property
    def tensors(self) -> list[Tensor]:
        """The tensors among the inputs, those inside other values included."""
        return list(tensors_within(self))

    @property
    def batch(self) -> int | None:
        """The first side of the inputs that have sides; None if it is not the same for all, or if
        one is a view, of which it is not known how it lies in memory in another batch."""
        sided = [one for one in self.tensors if one.dim()]
        found = {one.shape[0] for one in sided}
        return found.pop() if len(found) == 1 and all(map(_layout, sided)) else None

    def forget_values(self) -> "Call":
        """The same inputs, from now on without values."""
        for tensor in self.tensors:
            forget_values(tensor)
        return self

    def of_batch(self, size: int) -> "Call":
        """The inputs, which have a batch, with another first side and without values, in a run on
        shapes alone."""

        def resized(tensor: Tensor) -> Tensor | None:
            if not tensor.dim():
                return None
            sides = (size, *tensor.shape[1:])
            layout = _layout(tensor) or torch.contiguous_format
            found = torch.empty(sides, dtype=tensor.dtype, memory_format=layout)
            return found.requires_grad_(tensor.requires_grad)

        return self.replaced(resized).forget_values()

    def replaced(self, new: Callable[[Tensor], Tensor | None]) -> "Call":
        """The call with other tensors; the rest is copied."""
        return replaced(self, new)


def _layout(tensor: Tensor) -> torch.memory_format | None:
    """How a tensor lies in memory of its own; None for any other order of its sides, and for a
    view."""
    if tensor.layout != torch.strided or tensor.untyped_storage().nbytes() != tensor.nbytes:
        return None
    possible = [torch.contiguous_format, *LAST.get(tensor.dim(), ())]
    return next((one for one in possible if tensor.is_contiguous(memory_format=one)), None)
