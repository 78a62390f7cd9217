"""The bytes of all tensors that are alive in a real run, with real weights and real arithmetic.

Nothing of srbench is used, and no shape is worked out: each storage that an operator returns is
followed by a weak reference until it is gone. What autograd keeps is gathered a second time, by
hooks.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import ref

import torch
from torch import Tensor, UntypedStorage, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


@dataclass(frozen=True)
class Step:
    """A training step: its ``peak``, what is ``kept`` after its forward pass, the same by what
    autograd ``saved``, and what the ``gradients`` and the optimiser's ``state`` take."""

    peak: int
    kept: int
    saved: int
    gradients: int
    state: int


class Storages(TorchDispatchMode):
    """The bytes of all storages that there are: those of some tensors, and those that operators
    return. ``peak`` is the most of them after an operator."""

    def __init__(self, tensors: Iterable[Tensor]) -> None:
        super().__init__()
        self.alive = self.peak = 0
        self._there: dict[int, ref[UntypedStorage]] = {}
        self.add(tensors)

    def begin(self) -> None:
        self.peak = self.alive

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        out = func(*args, **kwargs or {})
        self.add(tensors(out))
        self.peak = max(self.peak, self.alive)
        return out

    def add(self, tensors: Iterable[Tensor]) -> None:
        """Follow the storages of further tensors."""
        for tensor in tensors:
            storage = tensor.untyped_storage()
            key, size = id(storage), storage.nbytes()

            def gone(_: object, key: int = key, size: int = size) -> None:
                del self._there[key]
                self.alive -= size

            if key not in self._there:
                self._there[key] = ref(storage, gone)
                self.alive += size


def tensors(value: Any) -> list[Tensor]:
    """The tensors in lists, tuples and dicts, and in mappings such as torchvision's."""
    return [leaf for leaf in tree_leaves(value) if isinstance(leaf, Tensor)]


def held(model: nn.Module) -> Iterator[Tensor]:
    """What a model holds: parameters, buffers, and tensors that are plain attributes."""
    yield from model.parameters()
    yield from model.buffers()
    for module in model.modules():
        yield from tensors(list(vars(module).values()))


def real_inference(model: nn.Module, *inputs: Tensor, whole: bool = False) -> int:
    """The peak of a forward pass in evaluation mode, after one that may cache what it needs. With
    ``whole`` in inference mode, where operators made of others are one."""
    model.eval()
    mode = torch.inference_mode() if whole else torch.no_grad()
    with mode, Storages([*held(model), *tensors(inputs)]) as storages:
        model(*inputs)
        storages.begin()
        model(*inputs)
        return storages.peak


def real_training(model: nn.Module, optimizer: str, *inputs: Tensor) -> Step:
    """One training step: forward, backward and a step of an optimiser that has its state. The
    gradients with respect to the outputs are there before, and those of the weights are not."""
    model.train()
    weights = [one for one in model.parameters() if one.requires_grad]
    resident = {id(one.untyped_storage()): one.untyped_storage() for one in held(model)}
    resident |= {id(one.untyped_storage()): one.untyped_storage() for one in tensors(inputs)}
    with Storages([*held(model), *tensors(inputs)]) as storages:
        step = OPTIMIZERS[optimizer](weights)
        above = [torch.rand_like(one) for one in outputs(model(*inputs))]
        before = storages.alive
        for weight in weights:
            weight.grad = torch.zeros_like(weight)
        step.step()
        step.zero_grad(set_to_none=True)
        state = storages.alive - before

        before = storages.alive
        saved: dict[int, Any] = {}

        def keep(tensor: Tensor) -> Tensor:
            storage = tensor.untyped_storage()
            if id(storage) not in resident:
                saved[id(storage)] = storage
            return tensor.detach()  # itself would hold what made it, in a circle

        with saved_tensors_hooks(keep, lambda tensor: tensor):
            output = model(*inputs)
        kept = storages.alive - before
        for one in tensors(output):
            keep(one)
        by_hooks = sum(one.nbytes() for one in saved.values())
        saved.clear()
        resident.clear()
        del output, one

        storages.begin()
        torch.autograd.backward(outputs(model(*inputs)), above)
        step.step()
        peak = storages.peak
        gradients = sum(one.grad.nbytes for one in weights if one.grad is not None)
    return Step(peak, kept, by_hooks, gradients, state)


def outputs(value: Any) -> list[Tensor]:
    return [one for one in tensors(value) if one.requires_grad]


OPTIMIZERS: dict[str, Callable[[list[nn.Parameter]], torch.optim.Optimizer]] = {
    "sgd": lambda weights: torch.optim.SGD(weights, lr=1e-3, momentum=0.9, weight_decay=1e-4),
    "adamw": lambda weights: torch.optim.AdamW(weights, lr=1e-3),
}
