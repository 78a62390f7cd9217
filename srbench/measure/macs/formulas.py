"""The formula of each operator: a user's, ours, or torch's own."""

from collections.abc import Callable
from functools import partial
from typing import Any

from torch._ops import OpOverload, OpOverloadPacket
from torch.utils.flop_counter import flop_registry

from srbench.errors import SrbenchError
from srbench.measure.macs import attention, convolutions, products, recurrent
from srbench.measure.macs.conventions import Operator

Formula = Callable[..., int]

_OURS = (attention, convolutions, products, recurrent)
FORMULAS: dict[str, Formula] = {
    name: formula for family in _OURS for name, formula in family.FORMULAS.items()
}
_registered: dict[str, Formula] = {}


def register_count(op: str | OpOverload | OpOverloadPacket, formula: Formula) -> None:
    """Count an operator's MACs with a formula of your own.

    Call it in the module that defines your network or block. There it is part of the code that a
    spec names, so that rows are measured again when the formula changes.

    Args:
        op: the operator, such as ``"mylib::blur"`` or ``torch.ops.mylib.blur``.
        formula: is called with the operator's arguments and with its result as ``out=``, and
            returns the MACs. The tensors have shapes, and no meaningful values.

    Raises:
        SrbenchError: if ``op`` does not name an operator, or ``formula`` cannot be called.

    >>> register_count("mylib::blur", lambda x, kernel, *, out: out.numel() * kernel.numel())
    """
    name = op if isinstance(op, str) else _name(op)
    if name.count("::") != 1:
        raise SrbenchError(
            f"{name!r} does not name an operator", "write it with its library: mylib::blur"
        )
    if not callable(formula):
        raise SrbenchError(
            f"the formula of {name} is of type {type(formula).__name__}",
            "give a function of the operator's arguments and of out, which returns the MACs",
        )
    _registered[name] = formula


def formula_of(func: Operator) -> Formula | None:
    """The formula of an operator; None if it has none."""
    if not isinstance(func, OpOverload):
        return _torchs(func)
    name = _name(func)
    for one in (name, name.removesuffix("_")):  # an in-place operator counts like its twin
        if found := _registered.get(one) or FORMULAS.get(one):
            return found
    return _torchs(func._overloadpacket)


def _torchs(func: Any) -> Formula | None:
    flops = flop_registry.get(func)
    return partial(_half, flops) if flops else None


def _name(op: OpOverload | OpOverloadPacket) -> str:
    return str(op._schema.name if isinstance(op, OpOverload) else op._qualified_op_name)


def _half(flops: Callable[..., int], *args: Any, out: Any, **kwargs: Any) -> int:
    """torch counts two FLOPs for each multiply-add."""
    return flops(*args, out_val=out, **kwargs) // 2
