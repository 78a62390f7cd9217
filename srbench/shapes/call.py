"""One call of a model: the inputs that it gets, by position and by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from srbench.shapes.nested import replaced, tensors_within


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
        """The first side of the inputs that have sides; None if it is not the same for all."""
        found = {one.shape[0] for one in self.tensors if one.dim()}
        return found.pop() if len(found) == 1 else None

    def of_batch(self, size: int) -> "Call":
        """The inputs with another first side, in a run on shapes alone."""

        def resized(tensor: Tensor) -> Tensor | None:
            return tensor.new_empty((size, *tensor.shape[1:])) if tensor.dim() else None

        return self.replaced(resized)

    def replaced(self, new: Callable[[Tensor], Tensor | None]) -> "Call":
        """The call with other tensors; the rest is copied."""
        return replaced(self, new)
