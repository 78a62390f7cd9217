"""FLOPs and MACs of a forward pass by fvcore, which reads a TorchScript trace.

*FLOPs* are fvcore's total under its default handles: MACs, and batch norm, adaptive average pooling
and interpolation.
"""

import warnings
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from srbench.shapes.call import Call
from srbench.shapes.nested import tensors_within
from srbench.shapes.torch_function import NeedsValues

with warnings.catch_warnings():
    # fvcore compiles a loss with torch.jit.script, which is deprecated, when it is imported.
    warnings.simplefilter("ignore", FutureWarning)
    warnings.simplefilter("ignore", DeprecationWarning)
    from fvcore.nn import FlopCountAnalysis
    from fvcore.nn.flop_count import _DEFAULT_SUPPORTED_OPS
    from fvcore.nn.jit_handles import conv_flop_count, get_shape

MAC_OPERATORS = frozenset({"conv", "linear", "addmm", "matmul", "mm", "bmm", "einsum"})
ByModule = Mapping[str, Mapping[str, float]]
# Operators that are in FLOPs, and not in MACs.
IN_FLOPS = {op.removeprefix("aten::") for op in _DEFAULT_SUPPORTED_OPS} - MAC_OPERATORS


@dataclass(frozen=True)
class FvcoreFlops:
    """What fvcore counts: the FLOPs of the operators that a module calls directly, not through a
    submodule, by the module's name and the operator's."""

    operators: Mapping[str, Counter[str]]

    @property
    def macs(self) -> int:
        return sum(sum(own.values()) for own in self.macs_by_module().values())

    def of(self, module: str) -> int:
        """The FLOPs of a module and of all modules inside it."""
        return sum(
            sum(own.values())
            for name, own in self.operators.items()
            if not module or f"{name}.".startswith(f"{module}.")
        )

    def macs_by_module(self) -> dict[str, Counter[str]]:
        """The MACs among the FLOPs."""
        return {
            name: Counter({op: n for op, n in own.items() if op in MAC_OPERATORS})
            for name, own in self.operators.items()
        }


class FvcoreFailed(Exception):  # noqa: N818 - fvcore failed, not the model
    """fvcore cannot count a model that runs."""


class TracerFailed(Exception):  # noqa: N818
    """torch's tracer, which fvcore needs, does: on shapes alone, for example, in torch.vmap."""


class _Traced(nn.Module):
    """A model as torch's tracer takes it: with tensors alone as inputs and as outputs."""

    def __init__(self, model: nn.Module, call: Call) -> None:
        super().__init__()
        self.model = model
        self._call = call
        self._tensors = call.tensors

    def forward(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        new = dict(zip(map(id, self._tensors), tensors, strict=True))
        call = self._call.replaced(lambda tensor: new[id(tensor)])
        return tuple(tensors_within(call(self.model)))


def fvcore_flops(model: nn.Module, call: Call, output: object) -> FvcoreFlops:
    """Count one forward pass, which returned that ``output`` before.

    Raises FvcoreFailed with the reason, and TracerFailed.
    """
    is_plain = not call.keywords and all(isinstance(one, Tensor) for one in (*call.args, output))
    if is_plain:  # as nearly all are; one module more takes a tenth of the time
        analysis = FlopCountAnalysis(model, call.args)
    else:
        analysis = FlopCountAnalysis(_Traced(model, call), tuple(call.tensors))
    analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    # A convolution with padding="same" or "valid" is an operator that fvcore has no handle for.
    analysis.set_op_handle("aten::_convolution_mode", _convolution_mode)
    try:
        found = analysis.by_module_and_operator()
        return FvcoreFlops(_own(found if is_plain else _inside(found)))
    except (NeedsValues, MemoryError):
        raise
    except Exception as error:
        words = str(error).strip().partition("\n")[0]
        if "INTERNAL ASSERT FAILED" in words:
            raise TracerFailed("torch's tracer fails") from error
        if isinstance(error, RuntimeError):  # torch's; some of them print values of tensors
            raise FvcoreFailed("torch's tracer refuses it") from error
        raise FvcoreFailed(f"{type(error).__name__}: {words}") from error


def _inside(by_module: ByModule) -> ByModule:
    """By the names in the model inside `_Traced`."""
    return {
        name.removeprefix("model").removeprefix("."): operators
        for name, operators in by_module.items()
        if name
    }


def _own(by_module: ByModule) -> dict[str, Counter[str]]:
    """Without what submodules call."""
    own = {name: Counter({op: int(n) for op, n in ops.items()}) for name, ops in by_module.items()}
    for name, operators in by_module.items():
        if name:
            own[name.rpartition(".")[0]].subtract({op: int(n) for op, n in operators.items()})
    return {name: +operators for name, operators in own.items() if any(operators.values())}


def _convolution_mode(inputs: list[Any], outputs: list[Any]) -> Counter[str]:
    shapes = [get_shape(value) for value in (inputs[0], inputs[1], outputs[0])]
    return Counter({"conv": conv_flop_count(*shapes)})
