"""Tools that hang hooks on modules: what a function computes between modules is not seen."""

from collections.abc import Mapping
from math import prod
from typing import Any

from torch import Tensor, nn

from srbench.measure.conventions.convention import (
    Convention,
    ModuleRule,
    by_class,
    not_known,
)

Inputs = tuple[Any, ...]
CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
INSTANCE_NORMS = (nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d)
AVERAGES = (nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d)
ADAPTIVE_AVERAGES = (nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d)
RECURRENT = (nn.RNN, nn.GRU, nn.LSTM, nn.RNNCell, nn.GRUCell, nn.LSTMCell)


def of_the_input(module: nn.Module, inputs: Inputs, output: Any) -> int:
    """One for each element of the input."""
    x: Tensor = inputs[0]
    return x.numel()


def of_the_output(module: nn.Module, inputs: Inputs, output: Any) -> int:
    """One for each element of the output."""
    y: Tensor = output
    return y.numel()


def _convolution(module: Any, inputs: Inputs, output: Tensor) -> int:
    """thop's, which takes a transposed convolution for a plain one."""
    inner = inputs[0].shape[1] // module.groups
    return int(output.numel() * inner * prod(module.weight.shape[2:]))


def _linear(module: Any, inputs: Inputs, output: Tensor) -> int:
    return int(module.in_features) * output.numel()


def _norm(module: Any, inputs: Inputs, output: Any) -> int:
    affine = getattr(module, "affine", False) or getattr(module, "elementwise_affine", False)
    return of_the_input(module, inputs, output) * (4 if affine else 2)


def _adaptive_average(module: Any, inputs: Inputs, output: Tensor) -> int:
    """The elements that each mean is of, on average, and one, for each element of the output."""
    pairs = zip(inputs[0].shape[2:], output.shape[2:], strict=True)
    return int((prod(before / after for before, after in pairs) + 1) * output.numel())


def _softmax(module: Any, inputs: Inputs, output: Any) -> int:
    """An exponential, an addition and a division for each element, but one addition."""
    x: Tensor = inputs[0]
    features = x.shape[module.dim]
    return int(x.numel() // features * (3 * features - 1))


_OF_MODE = {"nearest": 1, "linear": 5, "bilinear": 11, "bicubic": 224 + 35}


def _upsampling(module: Any, inputs: Inputs, output: Tensor) -> int:
    return output.numel() * _OF_MODE.get(module.mode, 0)


_THOP: Mapping[type, ModuleRule] = {
    **dict.fromkeys((*CONVOLUTIONS, *TRANSPOSED), _convolution),
    **dict.fromkeys((*BATCH_NORMS, *INSTANCE_NORMS, nn.LayerNorm, nn.SyncBatchNorm), _norm),
    **dict.fromkeys((*AVERAGES, nn.PReLU), of_the_output),
    **dict.fromkeys(ADAPTIVE_AVERAGES, _adaptive_average),
    **dict.fromkeys((nn.Upsample, nn.UpsamplingBilinear2d, nn.UpsamplingNearest2d), _upsampling),
    **dict.fromkeys(RECURRENT, not_known),
    nn.Linear: _linear,
    nn.Softmax: _softmax,
}


def _leaf(module: nn.Module) -> ModuleRule | None:
    """torchinfo's: modules that have no others inside."""
    return _parameters if next(module.children(), None) is None else None


def _parameters(module: nn.Module, inputs: Inputs, output: Any) -> int:
    """Each parameter at every place of a convolution's output; of any other module once for each
    sample."""
    own = {name: one.numel() for name, one in module.named_parameters()}
    weights = sum(own.get(name, 0) for name in ("weight", "bias"))
    others = sum(n for name, n in own.items() if "weight" in name or "bias" in name) - weights
    if others or not isinstance(output, Tensor):
        return not_known() if own else 0
    sides = output.shape
    is_convolution = "Conv" in type(module).__name__
    return weights * (sides[0] * prod(sides[2:]) if is_convolution else sides[0])


THOP = Convention(module=by_class(_THOP), sums_children=True)
TORCHINFO = Convention(module=_leaf)
