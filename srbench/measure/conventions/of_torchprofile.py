"""torchprofile, which reads torch's trace: operators as Python calls them, without those whose
results are not used, and also the multiplications of sizes that the tracer records."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from math import prod
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from srbench.errors import require_failure
from srbench.measure.conventions.convention import NotKnown
from srbench.shapes.call import Call
from srbench.shapes.nested import tensors_within
from srbench.shapes.torch_function import ConvolutionsSeen

Shape = tuple[int, ...]


class _Node(NamedTuple):
    """An operator of a trace: the shapes of its inputs, None for what is no tensor, and of its
    first result."""

    inputs: Sequence[Shape | None]
    out: Shape
    equation: str = ""
    operands: Sequence[Shape] = ()

    def shape(self, at: int) -> Shape:
        found = self.inputs[at]
        if found is None:
            raise NotKnown
        return found


def total(
    model: nn.Module, call: Call, how: Callable[[], AbstractContextManager[None]]
) -> int | None:
    """The total; None if the tool fails, or has a rule that srbench does not have. The pass runs
    inside ``how()``."""
    if call.keywords or not all(isinstance(one, Tensor) for one in call.args):
        return None

    def trace() -> int:
        with how(), ConvolutionsSeen(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the tracer's, of what a trace does not follow
            graph, _ = _traced(_Flat(model), call.args)
        nodes = (node for node in graph.nodes() if node.kind() in _RULES)
        return sum(_RULES[node.kind()](_node(node)) for node in nodes)

    try:
        # When a trace fails, what is left of it in its thread makes the next one fail, too.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(trace).result()
    except BaseException as error:  # of any kind: then the tool fails as well
        require_failure(error)
        return None


class _Flat(nn.Module):
    """A model that returns its tensors alone, whatever they are in."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, *args: Any) -> list[Tensor]:
        return list(tensors_within(self.model(*args)))


_traced: Callable[..., tuple[Any, Any]] = vars(torch.jit)["_get_trace_graph"]


def _node(node: Any) -> _Node:
    inputs = list(node.inputs())
    equation, operands = "", []
    if node.kind() == "aten::einsum":
        equation = inputs[0].node().s("value")
        operands = [_shape(one) or () for one in inputs[1].node().inputs()]
    return _Node(
        [_shape(one) for one in inputs],
        _shape(next(node.outputs())) or (),
        equation,
        operands,
    )


def _shape(value: Any) -> Shape | None:
    found = value.type()
    is_known = isinstance(found, torch._C.TensorType) and found.sizes() is not None
    return tuple(found.sizes()) if is_known else None


def _put_out(node: _Node) -> int:
    return prod(node.out)


def _product(node: _Node) -> int:
    """A linear layer or a product of any sides: of the result, and the side that is summed."""
    x, y = node.shape(0), node.shape(1)
    if len(x) == 1 and len(y) == 1:
        return x[0]
    if len(x) == 1 or len(y) == 1:
        return prod(y if len(x) == 1 else x)
    if len(x) == len(y) == 2:
        return x[0] * y[0] * y[1]
    return prod(node.out[:-2]) * x[-2] * y[-2] * y[-1]


def _added(node: _Node) -> int:
    (n, k), (_, m) = node.shape(1), node.shape(2)
    return n * k * m


def _batched(node: _Node) -> int:
    (batch, n, k), (_, _, m) = node.shape(0), node.shape(1)
    return batch * n * k * m


def _added_batched(node: _Node) -> int:
    (_, n, m), (batch, rows, k) = node.shape(0), node.shape(1)
    if (n, m) != (rows, node.shape(2)[2]):
        raise NotKnown  # where torchprofile fails
    return batch * n * k * m


def _convolution(node: _Node) -> int:
    """Every element of the result, which is also how a transposed one is counted."""
    weight = node.shape(1)
    inner = weight[1] if node.out[1] == weight[0] else weight[0]
    return prod(node.out) * inner * prod(weight[2:])


def _attention(node: _Node) -> int:
    query, key, value = (node.shape(at) for at in range(3))
    if query[:-2] != key[:-2] or query[:-2] != value[:-2]:
        raise NotKnown  # where torchprofile fails
    return prod(query[:-1]) * key[-2] * (query[-1] + value[-1])


def _einsum(node: _Node) -> int:
    """The product of all sides, whatever is summed."""
    if "..." in node.equation:
        return 0
    names = node.equation.partition("->")[0].replace(" ", "").split(",")
    pairs = zip(names, node.operands, strict=False)
    sides = dict(pair for name, shape in pairs for pair in zip(name, shape, strict=False))
    return prod(sides.values())


def _norm(at: int) -> Callable[[_Node], int]:
    """One for each element if it has a weight, its input ``at``."""
    return lambda node: 0 if node.inputs[at] is None else _put_out(node)


def _not_known(node: _Node) -> int:
    raise NotKnown


_RULES: Mapping[str, Callable[[_Node], int]] = {
    **dict.fromkeys(("aten::linear", "aten::matmul"), _product),
    **dict.fromkeys(("aten::lstm", "aten::grid_sampler"), _not_known),
    **dict.fromkeys(("aten::batch_norm", "aten::instance_norm"), _norm(1)),
    **dict.fromkeys(("aten::layer_norm", "aten::group_norm"), _norm(2)),
    **dict.fromkeys(
        (
            *("aten::mul", "aten::mul_", "aten::mean", "aten::leaky_relu"),
            *(f"aten::avg_pool{sides}d" for sides in (1, 2, 3)),
            *(f"aten::adaptive_avg_pool{sides}d" for sides in (1, 2, 3)),
        ),
        _put_out,
    ),
    "aten::addmm": _added,
    "aten::addmv": lambda node: prod(node.shape(1)),
    "aten::bmm": _batched,
    "aten::baddbmm": _added_batched,
    "aten::_convolution": _convolution,
    "aten::scaled_dot_product_attention": _attention,
    "aten::einsum": _einsum,
    "aten::upsample_bilinear2d": lambda node: 4 * prod(node.out),
}
