"""What a forward pass consists of, family by family: the parts of which totals are made."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from torch import Tensor
from torch._ops import OpOverload

from srbench.measure.conventions.by_function import F
from srbench.measure.conventions.by_operator import put_out
from srbench.measure.conventions.convention import Convention, OperatorRule, by_name
from srbench.measure.macs import convolutions
from srbench.measure.macs.conventions import plain_name
from srbench.measure.macs.formulas import formula_of

_CONVOLUTIONS = convolutions.FORMULAS
_ACTIVATIONS = frozenset(
    {"relu", "hardtanh", "silu", "gelu", "sigmoid", "hardswish", "hardsigmoid", "leaky_relu"}
    | {"elu", "prelu_kernel", "tanh", "mish", "softplus", "celu", "selu", "clamp", "clamp_min"}
)
_NORMS = frozenset(
    {"native_batch_norm", "native_batch_norm_legit_no_training", "native_layer_norm"}
    | {"native_group_norm", "batch_norm", "native_batch_norm_legit"}
)
_POOLINGS = frozenset(
    {"avg_pool1d", "avg_pool2d", "avg_pool3d", "adaptive_avg_pool1d", "adaptive_avg_pool2d"}
    | {"adaptive_avg_pool3d", "mean", "max_pool2d_with_indices", "max_pool3d_with_indices"}
    | {"adaptive_max_pool2d", "adaptive_max_pool3d", "amax"}
)


def _bias(*args: Any, at: int, out: Tensor, **_: Any) -> int:
    """One for each element of the result, if argument ``at`` is a bias: one number a channel."""
    bias = args[at] if len(args) > at else None
    return out.numel() if isinstance(bias, Tensor) and bias.dim() == 1 else 0


_BIASES: Mapping[str, OperatorRule] = {
    **dict.fromkeys(("aten::addmm", "aten::addmv"), partial(_bias, at=0)),
    **dict.fromkeys(_CONVOLUTIONS, partial(_bias, at=2)),
}


def _read(x: Tensor, *_: Any, **__: Any) -> int:
    return x.numel()


def _of_tensors(*args: Any, out: Any, **_: Any) -> int:
    """One for each element of the result, unless it is a product with a number."""
    return put_out(out=out) if all(isinstance(one, Tensor) for one in args[:2]) else 0


def _among(names: frozenset[str], rule: OperatorRule) -> Convention:
    return Convention(lambda func: rule if plain_name(func) in names else None)


PRODUCTS = "products"
FAMILIES: Mapping[str, Convention] = {
    PRODUCTS: Convention(formula_of),
    "convolutions": Convention(by_name(_CONVOLUTIONS)),
    "biases": Convention(by_name(_BIASES)),
    "norms": _among(_NORMS, put_out),
    "activations": _among(_ACTIVATIONS, put_out),
    "additions": _among(frozenset({"add", "sub"}), _of_tensors),
    "multiplications": _among(frozenset({"mul", "div"}), _of_tensors),
    "poolings": _among(_POOLINGS, _read),
}


def _of_fvcore(func: OpOverload) -> OperatorRule | None:
    """fvcore's rules for operators, applied to what the dispatcher sees."""
    name = plain_name(func)
    if name in ("native_layer_norm", "native_group_norm"):
        return partial(_norm_of_fvcore, at=2 if name == "native_layer_norm" else 1, most=5)
    if name in _NORMS:
        return partial(_norm_of_fvcore, at=1, most=2)
    return {"upsample_nearest2d": put_out, "upsample_bilinear2d": _four_each}.get(
        name, formula_of(func)
    )


def _norm_of_fvcore(*args: Any, at: int, most: int, out: Any, **_: Any) -> int:
    return put_out(out=out) * (most if args[at] is not None else most - 1)


def _four_each(*_: Any, out: Tensor, **__: Any) -> int:
    return 4 * out.numel()


# What it would count if it saw operators; it reads a trace, in which it misses some products.
FVCORE = Convention(_of_fvcore, {f"{F}adaptive_avg_pool2d": _read})
