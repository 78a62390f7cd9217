"""Which modules of a model begin and end while it runs."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Protocol

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode


class Follower(Protocol):
    """What hears of every run of a module, by the module's name."""

    def enter(self, name: str, inputs: tuple[Any, ...]) -> None:
        """A module begins with these inputs, those by name last."""

    def leave(self, name: str, output: Any) -> None:
        """A module has returned that output."""


class Watch(TorchDispatchMode):
    """A mode that sees every operator, and knows in which module's forward it runs: the innermost
    of those that `following` tells it of."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # nothing is compiled here, and skipping it loads it and slows every call

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._modules = [""]

    @property
    def module(self) -> str:
        """The module that runs now; empty for the network itself."""
        return self._modules[-1]

    def enter(self, name: str, inputs: tuple[Any, ...]) -> None:
        self._modules.append(name)

    def leave(self, name: str, output: Any) -> None:
        self._modules.pop()


@contextmanager
def following(model: nn.Module, follower: Follower) -> Iterator[None]:
    """Tell of every module of a model that runs inside; the modules are left as they were.

    A module with several names is followed by its first. TorchScript's modules take no hooks.
    """
    with ExitStack() as hooks:
        for name, module in model.named_modules():
            if not isinstance(module, torch.jit.ScriptModule):
                before, after = _hooks(name, follower)
                one = module.register_forward_pre_hook(before, with_kwargs=True)
                hooks.callback(one.remove)
                hooks.callback(module.register_forward_hook(after).remove)
        yield


def _hooks(name: str, follower: Follower) -> tuple[Callable[..., None], Callable[..., None]]:
    def before(module: nn.Module, args: tuple[Any, ...], keywords: dict[str, Any]) -> None:
        follower.enter(name, (*args, *keywords.values()))

    def after(module: nn.Module, args: object, output: Any) -> None:
        follower.leave(name, output)

    return before, after
