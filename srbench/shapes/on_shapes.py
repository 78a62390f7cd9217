"""Running a model on shapes alone, without arithmetic and without touching memory.

Each operator's result is worked out on the meta device and returned as a tensor on the CPU whose
memory is never touched: fvcore reads a TorchScript trace, and the tracer does not accept tensors on
the meta device. So time does not depend on the resolution, and memory is reserved but never used.

Small tensors that do not depend on the input or on weights have values, and are computed for real
(`srbench.shapes.known_values`). Anything that reads another value raises `NeedsValues`: the model
must then run for real.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from math import prod
from typing import Any

import torch
from torch import Tensor
from torch._ops import OpOverload
from torch._prims_common import suggest_memory_format
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only

from srbench.shapes.arguments import tensors_in
from srbench.shapes.known_values import SMALL, forget_values, have_values
from srbench.shapes.torch_function import AboveDispatch, NeedsValues, tracer_paused

Args = tuple[Any, ...]
Kwargs = dict[str, Any]

VALUE_TAGS = frozenset({torch.Tag.data_dependent_output, torch.Tag.dynamic_output_shape})


class _OnShapes(TorchDispatchMode):
    def __init__(self, draws_have_values: bool) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._draws_have_values = draws_have_values

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # nothing is compiled here, and skipping it loads it and slows every call

    def __torch_dispatch__(
        self, func: OpOverload, types: Any, args: Args = (), kwargs: Kwargs | None = None
    ) -> Any:
        kwargs = kwargs or {}
        with tracer_paused():  # which would record the sizes that are asked for here
            is_computed = _is_computed(func, args, kwargs)
        if is_computed:
            out = func(*args, **kwargs)
            if torch.Tag.nondeterministic_seeded in func.tags and not self._draws_have_values:
                out = tree_map_only(Tensor, forget_values, out)
            return out
        if func is torch.ops.aten.index.Tensor:
            args = (args[0], _numbers(args[1]))
        elif VALUE_TAGS.intersection(func.tags):
            raise NeedsValues(f"{func} depends on values")
        with tracer_paused():
            return _on_shapes(func, args, kwargs)


@contextmanager
def on_shapes(gradients: bool = False, is_known_to_run: bool = False) -> Iterator[None]:
    """Run the code inside on shapes, with autograd if ``gradients`` are wanted. A model built
    inside gets uninitialised weights.

    Functions that read values past the dispatcher are refused, unless the code ``is_known_to_run``
    on shapes: then torch's functions are called as they are.

    With gradients random draws have no values: a training step that skips a layer by chance is not
    always the same, so reading a draw raises NeedsValues.
    """
    mode = _OnShapes(draws_have_values=not gradients)
    above = nullcontext() if is_known_to_run else AboveDispatch()
    with torch.set_grad_enabled(gradients), above, mode:
        yield


def _on_shapes(func: OpOverload, args: Args, kwargs: Kwargs) -> Any:
    key = (func, _frozen(args), _frozen(tuple(kwargs.items())))
    on_meta = _worked_out(key, func, args, kwargs)
    target = _target(func, args, kwargs)
    if target is None:
        if isinstance(on_meta, Tensor):
            return _untouched(on_meta)
        return tree_map_only(Tensor, _untouched, on_meta)
    if _frozen(on_meta) != _frozen(target):
        raise NeedsValues(f"{func} changes the shape of what it writes to")
    return forget_values(target)


_KNOWN: dict[Any, Any] = {}  # results on the meta device
_KNOWN_AT_MOST = 2_000


def forget() -> None:
    """Forget the shapes that were worked out so far."""
    _KNOWN.clear()


def _worked_out(key: Any, func: OpOverload, args: Args, kwargs: Kwargs) -> Any:
    """An operator's result on the meta device. It is cached, as shapes determine it and networks
    repeat the same calls."""
    try:
        known = _KNOWN.get(key)
    except TypeError as error:
        raise NeedsValues(f"{func} has an argument that cannot be cached") from error
    if known is None:
        if len(_KNOWN) >= _KNOWN_AT_MOST:
            _KNOWN.clear()
        known = _KNOWN[key] = _work_out(func, args, kwargs)
    return known


def _work_out(func: OpOverload, args: Args, kwargs: Kwargs) -> Any:
    on_meta, keywords = tree_map_only(Tensor, _to_meta, (args, kwargs))
    if func in _OF_ONE_DTYPE and len({tensor.dtype for tensor in tensors_in(on_meta)}) > 1:
        raise NeedsValues(f"{func} gets tensors of several dtypes")
    if func is torch.ops.aten.embedding.default and on_meta[1].is_floating_point():
        raise NeedsValues(f"{func} gets indices that are no integers")
    if keywords.get("device") is not None:
        keywords["device"] = torch.device("meta")
    rule: Callable[..., Any] = _RULES.get(func, func)
    try:
        return rule(*on_meta, **keywords)
    except NotImplementedError as error:
        raise NeedsValues(f"{func} has no rule for shapes") from error


def _convolution(x: Tensor, weight: Tensor, *others: Any) -> Tensor:
    """The rule of ``convolution``, which calls this operator: torch 2.11 has none for this one.

    On the CPU, weights in channels_last give an output in channels_last, which the rule ignores.
    """
    result: Tensor = torch.ops.aten.convolution.default(x, weight, *others[:7])
    for tensor in (x, weight):
        layout = suggest_memory_format(tensor)
        if layout != torch.contiguous_format:
            return result.contiguous(memory_format=layout)
    return result


def _batch_norm(
    x: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    mean: Tensor | None,
    variance: Tensor | None,
    training: bool,
    *others: Any,
) -> Any:
    """In evaluation the CPU returns no statistics of the batch, unlike torch's rule."""
    found = torch.ops.aten.native_batch_norm.default(
        x, weight, bias, mean, variance, training, *others
    )
    return _of_cpu(found if training else (found[0], *(x.new_empty(0),) * 2), weight)


def _batch_norm_backward(*args: Any) -> Any:
    """The CPU makes no gradient that is not wanted, unlike torch's rule."""
    found = torch.ops.aten.native_batch_norm_backward.default(*args)
    return tuple(one if wanted else None for one, wanted in zip(found, args[9], strict=True))


def _layer_norm(x: Tensor, shape: Any, weight: Tensor | None, *others: Any) -> Any:
    return _of_cpu(torch.ops.aten.native_layer_norm.default(x, shape, weight, *others), weight)


def _group_norm(x: Tensor, weight: Tensor | None, *others: Any) -> Any:
    return _of_cpu(torch.ops.aten.native_group_norm.default(x, weight, *others), weight)


def _of_cpu(found: Sequence[Tensor], weight: Tensor | None) -> Any:
    """A norm's results. On the CPU the statistics of what is in half precision have the dtype of
    the weights, or else the input's; torch's rules give them another."""
    dtype = found[0].dtype if weight is None else weight.dtype
    return (found[0], *(one.to(dtype) for one in found[1:]))


def _lstm(*args: Any) -> Any:
    """One layer of an LSTM by oneDNN. In training it returns a workspace for the backward pass,
    which torch's rule gives no size: only oneDNN knows it."""
    if args[-1]:
        raise NeedsValues("oneDNN alone knows the size of what an LSTM keeps for training")
    return torch.ops.aten.mkldnn_rnn_layer.default(*args)


_RULES: dict[OpOverload, Callable[..., Any]] = {
    torch.ops.aten._convolution.default: _convolution,
    torch.ops.aten.native_batch_norm.default: _batch_norm,
    torch.ops.aten.native_batch_norm_backward.default: _batch_norm_backward,
    torch.ops.aten.native_layer_norm.default: _layer_norm,
    torch.ops.aten.native_group_norm.default: _group_norm,
    torch.ops.aten.mkldnn_rnn_layer.default: _lstm,
}
# Views, although their schemas do not say so: autograd need not know that they share memory.
_UNSAFE_VIEWS = frozenset(
    {
        torch.ops.aten._unsafe_view.default,
        torch.ops.aten.unsafe_split.Tensor,
        torch.ops.aten.unsafe_split_with_sizes.default,
    }
)
# Operators that may refuse tensors of different dtypes, which their rules accept.
_OF_ONE_DTYPE = frozenset(
    {
        torch.ops.aten._convolution.default,
        torch.ops.aten.convolution.default,
        torch.ops.aten.addmm.default,
        torch.ops.aten.mm.default,
        torch.ops.aten.bmm.default,
        torch.ops.aten.baddbmm.default,
        torch.ops.aten.addmv.default,
        torch.ops.aten.mv.default,
        torch.ops.aten.dot.default,
        torch.ops.aten.native_batch_norm.default,
        torch.ops.aten.native_layer_norm.default,
        torch.ops.aten.native_group_norm.default,
    }
)


def _frozen(value: Any) -> Any:
    """What a result's shape depends on, as a key: 1, 1.0 and True are different arguments."""
    if isinstance(value, Tensor):
        return (value.shape, value.stride(), value.dtype)
    if isinstance(value, (tuple, list)):
        return tuple(_frozen(item) for item in value)
    return (type(value), value)


def _is_computed(func: OpOverload, args: Args, kwargs: Kwargs) -> bool:
    """Views, factories, and small arithmetic on constants and sizes, which the tracer turns into
    tensors."""
    if func.is_view or torch.Tag.inplace_view in func.tags or func in _UNSAFE_VIEWS:
        return True
    tensors = list(tensors_in((*args, *kwargs.values())))
    if tensors:
        return have_values(tensors)
    return not (args and isinstance(args[0], (list, tuple)) and prod(args[0]) > SMALL)


def _numbers(indices: Iterable[Tensor | None]) -> list[Tensor | None]:
    """Indices as integers: with booleans the result's shape depends on their values.

    Raises NeedsValues if these have none.
    """
    found: list[Tensor | None] = []
    for index in indices:
        if index is None or index.dtype not in (torch.bool, torch.uint8):
            found.append(index)
        elif have_values([index]):
            found += index.nonzero().unbind(1)
        else:
            raise NeedsValues("an index of booleans depends on values")
    return found


def _target(func: OpOverload, args: Args, kwargs: Kwargs) -> Tensor | None:
    """The tensor that an operator writes to and returns; None if it returns new ones.

    Raises NeedsValues if it writes to several.
    """
    returns = func._schema.returns
    written = [one for one in returns if one.alias_info is not None and one.alias_info.is_write]
    if not written:
        return None
    if len(returns) > 1:
        raise NeedsValues(f"{func} writes to several tensors")
    target: Tensor = kwargs["out"] if "out" in kwargs else args[0]
    return target


def _to_meta(tensor: Tensor) -> Tensor:
    if tensor.layout != torch.strided:
        raise NeedsValues("the sizes of sparse tensors depend on values")
    return torch.empty_strided(tensor.size(), tensor.stride(), dtype=tensor.dtype, device="meta")


def _untouched(tensor: Tensor) -> Tensor:
    """A tensor on the CPU whose memory is reserved and never used."""
    return forget_values(
        torch.empty_strided(tensor.size(), tensor.stride(), dtype=tensor.dtype, device="cpu")
    )
