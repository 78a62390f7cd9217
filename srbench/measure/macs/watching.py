"""Watches a forward pass at torch's dispatcher: its MACs, module by module, and what has none."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch._ops import OpOverload

from srbench.measure.activations import activations_of
from srbench.measure.macs.conventions import Operator, by_convention, moves, plain_name, shown_name
from srbench.measure.macs.disguised import Disguised
from srbench.measure.macs.formulas import Formula, formula_of
from srbench.shapes.arguments import tensors_in
from srbench.shapes.running import Watch, following


class Watching(Watch):
    """Counts the operators that run inside, and hands them on to the modes around it.

    ``macs`` are those of the operators that each module calls directly, not through a submodule, by
    the module's name and the operator's, and ``activations`` the elements that these operators put
    out, by the module's name. ``uncounted`` are the calls of operators that are left out
    by convention, ``unknown`` those of others without a formula. ``disguised`` are the MACs of sums
    of products, which are not in ``macs``, in the same form. ``used`` are the names of the
    parameters that operators took, and ``unregistered`` are parameters of no module, with the
    module that used them first.
    """

    supports_higher_order_operators = True

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.macs: dict[str, Counter[str]] = defaultdict(Counter)
        self.activations = Counter[str]()
        self.uncounted, self.unknown = Counter[Operator](), Counter[Operator]()
        self.disguised: dict[str, Counter[str]] = defaultdict(Counter)
        self.used: set[str] = set()
        self.unregistered: dict[nn.Parameter, str] = {}
        self._products = Disguised()
        self._thread = get_ident()
        self._kinds: dict[Operator, Kind] = {}
        self._parameters: dict[int, list[str]] = defaultdict(list)
        for name, parameter in model.named_parameters(remove_duplicate=False):
            self._parameters[_storage(parameter)].append(name)

    def of(self, module: str) -> int:
        """The MACs of a module and of all modules inside it."""
        return sum(
            sum(operators.values())
            for name, operators in self.macs.items()
            if not module or f"{name}.".startswith(f"{module}.")
        )

    def enter(self, name: str, inputs: tuple[Any, ...]) -> None:
        if get_ident() != self._thread:
            raise RuntimeError("modules that run in other threads cannot be counted")
        super().enter(name, inputs)

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        kind = self._kinds.get(func) or self._kinds.setdefault(func, _kind(func))
        if kind.is_composite:
            with self:
                return func.decompose(*args, **kwargs)
        out = func(*args, **kwargs)
        self._note(func, kind, args, kwargs, out)
        return out

    def _note(
        self, func: Operator, kind: "Kind", args: tuple[Any, ...], kwargs: Any, out: Any
    ) -> None:
        tensors = list(tensors_in((*args, *kwargs.values())))
        for tensor in tensors:
            self._use(tensor)
        if kind.moves:
            self._products.follow(kind.plain, args, out)
        elif any(tensor.layout != torch.strided for tensor in tensors):
            self.unknown[func] += 1  # how much work it is depends on values
        elif kind.formula:
            macs = kind.formula(*args, **kwargs | {"out": out})
            self.macs[self.module][kind.shown] += macs
            self.activations[self.module] += kind.activations(*args, **kwargs | {"out": out})
        elif kind.is_conventional:
            self.uncounted[func] += 1
            if macs := self._products.macs(kind.plain, args, kwargs, out):
                self.disguised[self.module][kind.shown] += macs
        else:
            self.unknown[func] += 1

    def _use(self, tensor: Tensor) -> None:
        names = self._parameters.get(_storage(tensor))
        if names:
            self.used.update(names)
        elif isinstance(tensor, nn.Parameter):
            self.unregistered.setdefault(tensor, self.module)


@contextmanager
def watching(model: nn.Module) -> Iterator[Watching]:
    """Watch what runs inside, with the modules of a model; they are left as they were."""
    watch = Watching(model)
    with following(model, watch), watch:
        yield watch


class Kind(NamedTuple):
    """How an operator is counted, and its names."""

    formula: Formula | None
    activations: Formula
    moves: bool
    is_conventional: bool
    is_composite: bool
    plain: str
    shown: str


def _kind(func: Operator) -> Kind:
    formula = formula_of(func)
    # Under inference_mode, operators made of others arrive whole.
    is_composite = (
        not formula
        and isinstance(func, OpOverload)
        and torch._C._dispatch_has_kernel_for_dispatch_key(
            func.name(), torch._C.DispatchKey.CompositeImplicitAutograd
        )
    )
    return Kind(
        formula,
        activations_of(func),
        not formula and moves(func),
        by_convention(func),
        is_composite,
        plain_name(func) if isinstance(func, OpOverload) else "",
        shown_name(func),
    )


def _storage(tensor: Tensor) -> int:
    if tensor.layout != torch.strided:
        return 0
    return int(tensor.untyped_storage()._cdata)
