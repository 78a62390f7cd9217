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

    def replaced(self, new: Callable[[Tensor], Tensor | None]) -> "Call":
        """The call with other tensors; the rest is copied."""
        return replaced(self, new)
