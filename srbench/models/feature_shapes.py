"""The shape of the feature map at a module's output, found by running the network."""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from srbench.errors import BuildError
from srbench.shapes.call import Call
from srbench.shapes.on_shapes import on_shapes


@dataclass(frozen=True)
class Output:
    """What a module returns in its first run, and how often it runs in one forward pass.

    ``shape`` is without the batch; None if the output is not a tensor.
    """

    shape: tuple[int, ...] | None
    runs: int = 1


def outputs(model: nn.Module, call: Call, *, computed: bool = False) -> dict[str, Output]:
    """What each module that runs returns, by name, in that call of the model.

    It runs on shapes unless ``computed``. Raises what the forward raises, and NeedsValues if it
    needs values.
    """
    found: dict[str, Output] = {}

    def record(name: str, module: nn.Module) -> torch.utils.hooks.RemovableHandle:
        def hook(module: nn.Module, inputs: object, output: object) -> None:
            shape = tuple(output.shape[1:]) if isinstance(output, Tensor) else None
            known = found.get(name)
            found[name] = Output(known.shape, known.runs + 1) if known else Output(shape)

        return module.register_forward_hook(hook)

    handles = [record(name, module) for name, module in model.named_modules()]
    call.forget_values()
    try:
        with torch.no_grad(), nullcontext() if computed else on_shapes():
            call(model)
    finally:
        for handle in handles:
            handle.remove()
    return found


def feature_map(found: Mapping[str, Output], site: str) -> tuple[int, int, int]:
    """The shape (C, H, W) of a module's output.

    Raises BuildError if a block after it would never run, would run more than once, or would not
    get a feature map.
    """
    output = found.get(site)
    if output is None:
        raise BuildError(
            f"{site} never runs, and neither would a block after it", "name another module"
        )
    if output.runs > 1:
        raise BuildError(
            f"{site} runs {output.runs} times in one forward pass, and so would a block after it",
            "name a module that runs once",
        )
    if output.shape is None or len(output.shape) != 3:
        sides = ", ".join(map(str, ("B", *(output.shape or ()))))
        what = "not a tensor" if output.shape is None else f"of shape ({sides})"
        raise BuildError(
            f"the output of {site} is {what}, and blocks take (B, C, H, W)",
            "name a module whose output is a feature map",
        )
    channels, height, width = output.shape
    return channels, height, width
