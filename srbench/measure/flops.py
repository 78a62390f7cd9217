"""MACs and FLOPs of a forward pass, from fvcore, with a second opinion from torch.

One multiply-add is one MAC. *MACs* are those of convolutions, linear layers and matrix products:
what the CBAM and SENet papers print as "GFLOPs". *FLOPs* are fvcore's total under its default
handles, which adds batch norm, adaptive average pooling and interpolation.
"""

import copy
import warnings
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch._ops import OpOverload
from torch.utils.flop_counter import FlopCounterMode

from srbench.shapes.recording import Recording, Replay, on_shapes
from srbench.shapes.torch_function import NeedsValues

with warnings.catch_warnings():
    # fvcore compiles a loss with torch.jit.script, which is deprecated, when it is imported.
    warnings.simplefilter("ignore", FutureWarning)
    warnings.simplefilter("ignore", DeprecationWarning)
    from fvcore.nn import FlopCountAnalysis
    from fvcore.nn.jit_handles import conv_flop_count, get_shape

MAC_OPERATORS = frozenset({"conv", "linear", "addmm", "matmul", "mm", "bmm", "einsum"})

# Not counted, by convention, like all elementwise operators: pooling over positions or channels,
# and softmax, which is related to it. `sum` is not among them: after a product it is a matrix
# product in disguise.
CONVENTIONAL = frozenset(
    {"mean", "amax", "amin", "max", "min", "softmax", "log_softmax", "dropout", "feature_dropout"}
    # elementwise, although torch's tags do not say so
    | {"alpha_dropout", "feature_alpha_dropout", "celu", "glu", "hardswish", "leaky_relu"}
    | {"log_sigmoid", "mish", "prelu", "relu6", "rrelu", "selu", "__or__"}
)

# These move data and compute nothing, like views and factories; fvcore itself knows many more.
MOVING = frozenset(
    {"channel_shuffle", "clone", "eye", "fill", "flip", "linspace", "pad", "pixel_shuffle", "zero"}
    | {"bernoulli", "empty_like", "normal", "rand", "randint", "randn", "randperm", "uniform"}
    | {"pixel_unshuffle", "reflection_pad2d", "repeat", "replication_pad2d", "tile", "triu", "tril"}
)


@dataclass(frozen=True)
class Flops:
    """Counts of one forward pass.

    ``macs`` and ``flops`` are fvcore's, ``macs_torch`` the MACs by torch's FlopCounterMode, which
    counts two FLOPs for each. ``uncounted`` are operators that are not counted by convention, and
    ``unknown`` those that fvcore does not know, both with the number of their calls. ``modules``
    holds (MACs, FLOPs) by module name. ``operators`` holds the FLOPs of the operators that a
    module calls directly, not through a submodule, by ``"module operator"``.
    """

    macs: int
    flops: int
    macs_torch: int
    uncounted: Mapping[str, int]
    unknown: Mapping[str, int]
    modules: Mapping[str, tuple[int, int]]
    operators: Mapping[str, int]


class CounterFailed(Exception):  # noqa: N818 - the counter failed, not the model
    """fvcore cannot count an operator of a model that runs."""


def count_flops(model: nn.Module, *inputs: Tensor) -> Flops:
    """Count one forward pass in evaluation mode, on shapes alone or, if that fails, for real.

    The model itself is not changed: copies of it are counted. Raises what the forward raises, and
    CounterFailed if the model runs but fvcore cannot count it.
    """
    try:
        with on_shapes(Recording()):
            blank = copy.deepcopy(model)
        return count_on_shapes(blank, *inputs)
    except Exception:  # a real forward tells whether the model itself fails
        return count_for_real(copy.deepcopy(model), *inputs)


def count_on_shapes(model: nn.Module, *inputs: Tensor) -> Flops:
    """Count without arithmetic. Do not use the model afterwards: its values are meaningless.

    Raises NeedsValues if the model's control flow depends on values.
    """
    model.eval()
    first, recording = Recording(), Recording()
    for run in (first, recording):
        with on_shapes(run):
            model(*inputs)
    recording.require_same(first)
    replay = Replay(recording)
    with on_shapes(replay):
        analysis = _analyse(model, inputs)
    replay.finish()
    return _flops(analysis, recording.flops // 2)


def count_for_real(model: nn.Module, *inputs: Tensor) -> Flops:
    """Count forward passes that are really computed. The model stays in evaluation mode and keeps
    the changes that its forward makes to it."""
    model.eval()
    twin = copy.deepcopy(model)
    with torch.no_grad():
        with FlopCounterMode(display=False) as counter:
            twin(*inputs)
        analysis = _analyse(model, inputs)
    return _flops(analysis, counter.get_total_flops() // 2)


def _analyse(model: nn.Module, inputs: tuple[Tensor, ...]) -> FlopCountAnalysis:
    analysis = FlopCountAnalysis(model, inputs)
    analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    # A convolution with padding="same" or "valid" is an operator that fvcore has no handle for.
    analysis.set_op_handle("aten::_convolution_mode", _convolution_mode)
    # fvcore ignores these silently; they belong in the report.
    ignored = {op for op in analysis._ignored_ops if not _by_convention(op)}
    analysis._ignored_ops = ignored | {f"{op}_" for op in ignored}  # and the in-place twins
    try:
        analysis.total()  # traces
    except (NeedsValues, MemoryError):
        raise
    except Exception as error:
        raise CounterFailed(f"fvcore cannot count it: {type(error).__name__}: {error}") from error
    return analysis


def _flops(analysis: FlopCountAnalysis, macs_torch: int) -> Flops:
    by_module = analysis.by_module_and_operator()
    modules = {name: (_macs(operators), _total(operators)) for name, operators in by_module.items()}
    missed = sorted((op, n) for op, n in analysis.unsupported_ops().items() if not _moves(op))
    macs, flops = modules[""]
    return Flops(
        macs,
        flops,
        macs_torch,
        {_short(op): n for op, n in missed if _by_convention(op)},
        {_short(op): n for op, n in missed if not _by_convention(op)},
        modules,
        _own(by_module),
    )


def _own(by_module: Mapping[str, Mapping[str, float]]) -> dict[str, int]:
    """FLOPs by module and operator, without those of submodules."""
    own = {name: Counter(operators) for name, operators in by_module.items()}
    for name, operators in by_module.items():
        if name:
            own[name.rpartition(".")[0]].subtract(operators)
    return {
        f"{name} {operator}".strip(): int(n)
        for name, operators in own.items()
        for operator, n in operators.items()
        if n
    }


def _convolution_mode(inputs: list[Any], outputs: list[Any]) -> Counter[str]:
    shapes = [get_shape(value) for value in (inputs[0], inputs[1], outputs[0])]
    return Counter({"conv": conv_flop_count(*shapes)})


@cache
def _by_convention(op: str) -> bool:
    name = _out_of_place(op)
    if name in CONVENTIONAL or "pool" in name:
        return True
    # An in-place operator does not always have the tags of its out-of-place twin.
    overloads = [*_overloads(op), *_overloads(f"aten::{name}")]
    return any(torch.Tag.pointwise in overload.tags for overload in overloads)


@cache
def _moves(op: str) -> bool:
    name = _out_of_place(op)
    if name in MOVING or name.startswith("new_") or name.endswith("_like"):
        return True
    return any(
        overload.is_view or torch.Tag.inplace_view in overload.tags for overload in _overloads(op)
    )


def _overloads(op: str) -> list[OpOverload]:
    packet = getattr(torch.ops.aten, _short(op), None) if op.startswith("aten::") else None
    return [getattr(packet, name) for name in packet.overloads()] if packet else []


def _out_of_place(op: str) -> str:
    name = _short(op)
    return name if name.endswith("__") else name.removesuffix("_")


def _short(op: str) -> str:
    return op.removeprefix("aten::")


def _macs(operators: Mapping[str, float]) -> int:
    return int(sum(n for operator, n in operators.items() if operator in MAC_OPERATORS))


def _total(operators: Mapping[str, float]) -> int:
    return int(sum(operators.values()))
