"""A forward pass, accounted for by the rules of several tools at once."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import wraps
from threading import RLock, get_ident
from typing import Any

import torch
from torch import nn
from torch._ops import OpOverload

from srbench.measure.conventions.convention import Convention
from srbench.measure.macs.conventions import Operator
from srbench.measure.macs.watching import Kind, Watching

# Functions of torch are replaced for the whole process: for one pass at a time.
_REPLACING = RLock()


class Accounting(Watching):
    """Adds up what each convention counts while it is entered.

    ``totals`` are by the conventions' names; those that are ``not_known`` are not in them.
    """

    def __init__(self, model: nn.Module, conventions: Mapping[str, Convention]) -> None:
        super().__init__(model)
        self._counted = Counter(dict.fromkeys(conventions, 0))
        self._conventions = conventions
        self._operators = 0  # that run now
        # How often a module that several others hold is summed differs from tool to tool.
        is_shared = any(times > 1 for times in _holders(model).values())
        self.not_known = {
            name for name, one in conventions.items() if is_shared and one.sums_children
        }

    @property
    def totals(self) -> dict[str, int]:
        return {name: n for name, n in self._counted.items() if name not in self.not_known}

    @property
    def functions(self) -> frozenset[str]:
        """Where torch's functions are that any convention has a rule for."""
        return frozenset(name for one in self._conventions.values() for name in one.functions)

    def ran(self, module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        """A module has run with these inputs by position, which are all that a hook is given."""
        self._account(lambda one: one.module(module), module, inputs, output)

    def called(self, function: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """A function of torch is called by its name there. What an operator itself calls, to work
        out its shapes for example, is not the network's call."""
        if not self._operators:
            self._account(lambda one: one.functions.get(function), *args, **kwargs)

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        self._operators += 1
        try:
            return super().__torch_dispatch__(func, types, args, kwargs)
        finally:
            self._operators -= 1

    def _note(
        self, func: Operator, kind: Kind, args: tuple[Any, ...], kwargs: dict[str, Any], out: Any
    ) -> None:
        """Account for an operator, in the place of the count that a `Watching` makes of it."""
        if isinstance(func, OpOverload):
            self._account(lambda one: one.operator(func), *args, **kwargs | {"out": out})

    def _account(
        self, rule_of: Callable[[Convention], Callable[..., int] | None], *args: Any, **kwargs: Any
    ) -> None:
        for name, convention in self._conventions.items():
            if rule := rule_of(convention):
                try:
                    self._counted[name] += int(rule(*args, **kwargs))
                except Exception:  # the tool's own rule would fail, or srbench has none
                    self.not_known.add(name)


def _holders(model: nn.Module) -> Counter[nn.Module]:
    """How many modules hold each module."""
    return Counter(child for module in model.modules() for child in module.children())


@contextmanager
def accounting(model: nn.Module, conventions: Mapping[str, Convention]) -> Iterator[Accounting]:
    """Account for the one pass of a model that runs inside; all is left as it was."""
    watch = Accounting(model, conventions)
    with _REPLACING, ExitStack() as hooks, _replaced(watch), watch:
        for module in model.modules():
            if not isinstance(module, torch.jit.ScriptModule):
                hooks.callback(module.register_forward_hook(watch.ran).remove)
        yield watch


@contextmanager
def _replaced(watch: Accounting) -> Iterator[None]:
    """With functions of torch that tell of their calls, as tools replace them: only where they are
    looked up by these names is a call seen."""
    with ExitStack() as undo:
        for place in sorted(watch.functions):
            path, _, name = place.rpartition(".")
            owner: Any = torch
            for part in path.split(".") if path else ():
                owner = getattr(owner, part)
            if name in vars(owner):
                undo.callback(setattr, owner, name, vars(owner)[name])
            else:  # torch.Tensor inherits it
                undo.callback(delattr, owner, name)
            setattr(owner, name, _telling(getattr(owner, name), place, watch))
        yield


def _telling(function: Callable[..., Any], place: str, watch: Accounting) -> Callable[..., Any]:
    thread = get_ident()

    @wraps(function)
    def tell(*args: Any, **kwargs: Any) -> Any:
        if get_ident() == thread:
            watch.called(place, args, kwargs)
        return function(*args, **kwargs)

    return tell
