"""Multiplications of sizes, ``h * w``, which torch's tracer makes operators of: a tool that reads a
trace counts each as one."""

import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor, nn

from srbench.errors import require_failure
from srbench.shapes.call import Call


def multiplied_sizes(
    model: nn.Module, call: Call, how: Callable[[], AbstractContextManager[None]]
) -> int | None:
    """How often a forward pass multiplies sizes whose product it uses; None if it cannot be traced
    as it is called, with tensors by position. It runs inside ``how()``."""
    if call.keywords or not all(isinstance(one, Tensor) for one in call.args):
        return None

    def trace() -> int:
        with how(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the tracer's, of what a trace does not follow
            graph, _ = _traced(model, call.args)
        return sum(map(_is_product_of_sizes, graph.nodes()))

    try:
        # When a trace fails, what is left of it in its thread makes the next one fail, too.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(trace).result()
    except BaseException as error:  # of any kind: then the tool fails as well
        require_failure(error)
        return None


_traced: Callable[..., tuple[Any, Any]] = vars(torch.jit)["_get_trace_graph"]


def _is_product_of_sizes(node: Any) -> bool:
    found = node.output().type() if node.kind() == "aten::mul" else None
    return (
        isinstance(found, torch._C.TensorType)
        and found.sizes() == []
        and found.scalarType() == "Long"
    )
