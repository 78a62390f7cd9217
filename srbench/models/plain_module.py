"""What a built network must be so that it can be watched, changed and copied: a plain module."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import torch
from torch import nn
from torch.nn.modules.lazy import LazyModuleMixin

from srbench.errors import BuildError
from srbench.shapes.call import Call

HINT = "give the plain module; `srbench latency --compile`, or compile=True, compiles it"


def require_plain(model: object, label: str) -> nn.Module:
    """The model. Raises BuildError if it is no module, or one that was scripted, exported or
    compiled."""
    if not isinstance(model, nn.Module):
        raise BuildError(f"{label} is a {type(model).__name__}", "make it return a torch.nn.Module")
    if isinstance(model, torch.jit.ScriptModule):
        raise BuildError(f"{label} is a ScriptModule", HINT)
    for name, module in model.named_modules():
        if kind := _changed(module):
            raise BuildError(f"{f'{name} of {label}' if name else label} is {kind}", HINT)
    return model


def _changed(module: nn.Module) -> str:
    if type(module).__name__ == "OptimizedModule":  # its own module takes long to import
        return "compiled"
    if isinstance(module, torch.fx.GraphModule) and "eval" in vars(module):
        return "exported"
    return ""


def materialise(
    model: nn.Module, inputs: Callable[[], Call], how: Callable[[], AbstractContextManager[None]]
) -> None:
    """Give the parameters of lazy modules their shapes, by one forward pass inside ``how()``.

    Raises what the forward raises.
    """
    if not any(map(_is_lazy, model.modules())):
        return
    model.eval()
    with torch.no_grad(), how():
        inputs()(model)
    model.train()


def _is_lazy(module: nn.Module) -> bool:
    return isinstance(module, LazyModuleMixin) and module.has_uninitialized_params()
