"""What one tool counts: a rule for each operator, function and module that it knows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import nn
from torch._ops import OpOverload

# Called with an operator's arguments, and with its result as ``out=``.
OperatorRule = Callable[..., int]
# Called with a function's arguments.
FunctionRule = Callable[..., int]
# Called with a module, its inputs and its output.
ModuleRule = Callable[[nn.Module, tuple[Any, ...], Any], int]


class NotKnown(Exception):  # noqa: N818 - it names what is so
    """The tool has a rule for this, which srbench does not have."""


@dataclass(frozen=True)
class Convention:
    """The rules of a tool. What no rule is for counts nothing.

    ``operators`` are by the dispatcher's names (``aten::addmm``), ``functions`` by where the tool
    replaces them in torch (``nn.functional.relu``), and ``module`` gives a module's rule. A tool
    that ``sums_children`` of every module sums a module several times that several others hold.
    """

    operator: Callable[[OpOverload], OperatorRule | None] = lambda _: None
    functions: Mapping[str, FunctionRule] = field(default_factory=dict)
    module: Callable[[nn.Module], ModuleRule | None] = lambda _: None
    sums_children: bool = False


def by_name(rules: Mapping[str, OperatorRule]) -> Callable[[OpOverload], OperatorRule | None]:
    """Rules by the operators' names."""
    return lambda func: rules.get(str(func._schema.name))


def by_class(rules: Mapping[type, ModuleRule]) -> Callable[[nn.Module], ModuleRule | None]:
    """Rules by the exact class of a module, as most tools have them: not for its subclasses."""
    return lambda module: rules.get(type(module))


def not_known(*_: Any, **__: Any) -> int:
    """The rule for what the tool counts in a way that srbench does not have. Raises NotKnown."""
    raise NotKnown
