"""What shape a feature map has at a module's output, found by running the network on shapes."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from srbench.shapes import Recording, on_shapes


def output_shapes(
    model: nn.Module, names: Iterable[str], input_shape: tuple[int, ...]
) -> dict[str, tuple[int, ...]]:
    """The output shape, without the batch, of each named module for an input of that shape.

    Nothing is computed. Raises what the forward raises, and NeedsValues where it needs values.
    """
    shapes: dict[str, tuple[int, ...]] = {}

    def record(name: str) -> torch.utils.hooks.RemovableHandle:
        def hook(module: nn.Module, inputs: object, output: Tensor) -> None:
            shapes[name] = tuple(output.shape[1:])

        return model.get_submodule(name).register_forward_hook(hook)

    handles = [record(name) for name in names]
    try:
        with on_shapes(Recording()):
            model(torch.empty(input_shape))
    finally:
        for handle in handles:
            handle.remove()
    return shapes
