"""Operators without a formula: which only move data, and which no count includes by convention."""

from functools import cache

import torch
from torch._ops import HigherOrderOperator, OpOverload

Operator = OpOverload | HigherOrderOperator

# Like all elementwise operators these are not counted, by convention. Names are without the
# underscores of in-place and internal operators.
REDUCTIONS = frozenset(
    {"all", "amax", "amin", "aminmax", "any", "count_nonzero", "cummax", "cummin", "cumprod"}
    | {"cumsum", "dist", "histc", "logcumsumexp", "logsumexp", "max", "mean", "median", "min"}
    | {"bincount", "linalg__powsum", "mode", "nanmedian", "nansum", "prod", "segment_reduce"}
    | {"std", "std_mean", "sum", "trace", "var", "var_mean"}
)
PLACES = frozenset(  # comparisons that find places
    {"argmax", "argmin", "bucketize", "isin", "kthvalue", "nms", "nonzero", "nonzero_static"}
    | {"searchsorted", "sort", "topk", "unique", "unique2", "unique_consecutive", "unique_dim"}
)
ELEMENTWISE = frozenset(  # although torch's tags do not say so
    {"addr", "complex", "dropout", "floor_divide", "glu", "hardswish", "linalg_cross", "or"}
    | {"log_sigmoid_forward", "masked_scale", "native_dropout", "polar", "prelu_kernel"}
    | {"leaky_relu", "rrelu_with_noise", "thnn_fused_gru_cell", "thnn_fused_lstm_cell"}
)
CONVENTIONAL_FAMILIES = (
    *("affine_grid", "grid_sampler", "_loss", "norm", "pool", "roi_align", "softmax", "upsample"),
    *("fake_quantize", "quantize_per"),
)

MOVES = frozenset(
    {"arange", "block_diag", "cat", "channel_shuffle", "chunk_cat", "clone", "col2im"}
    | {"constant_pad_nd", "copy", "copy_from", "diag_embed", "efficientzerotensor", "embedding"}
    | {"embedding_bag", "embedding_bag_forward_only", "embedding_renorm", "empty", "eye", "fill"}
    | {"empty_permuted", "empty_strided", "flip", "full", "gather", "im2col", "index"}
    | {"index_add", "index_copy", "index_fill", "index_put", "index_put_impl", "index_reduce"}
    | {"index_select", "lift", "lift_fresh", "linspace", "logspace", "masked_scatter"}
    | {"masked_select", "mkldnn_reshape", "mkldnn_transpose", "narrow_copy", "ones"}
    | {"pack_padded_sequence", "pin_memory", "pixel_shuffle", "pixel_unshuffle", "put", "range"}
    | {"repeat", "repeat_interleave", "reshape_alias", "resize", "resize_as", "resize_output"}
    | {"roll", "rot90", "scalar_tensor", "set", "split", "split_with_sizes", "stack", "take"}
    | {"to_copy", "to_dense", "to_mkldnn", "tril", "tril_indices", "triu", "triu_indices"}
    | {"unsafe_index", "unsafe_index_put", "unsafe_split", "unsafe_split_with_sizes"}
    | {"unsafe_view", "zero", "zeros"}
    # random values
    | {"bernoulli", "binomial", "cauchy", "exponential", "geometric", "log_normal", "multinomial"}
    | {"normal", "poisson", "rand", "randint", "randn", "random", "randperm", "uniform"}
    # questions and checks
    | {"assert_async", "assert_scalar", "assert_tensor_metadata", "has_same_storage_numel"}
    | {"functional_assert_async", "is_pinned", "is_same_size", "linalg_check_errors"}
    | {"local_scalar_dense"}
    | {"sym_constrain_range", "sym_constrain_range_for_size"}
)
MOVING_FAMILIES = ("max_unpool", "reflection_pad", "replication_pad", "scatter", "_window")

SHOWN = {  # by the functions that people call
    **dict.fromkeys(("convolution", "mkldnn_convolution"), "conv"),
    **dict.fromkeys(("cdist_forward", "euclidean_dist"), "cdist"),
    **{f"max_pool{n}d_with_indices": f"max_pool{n}d" for n in (2, 3)},
    "log_sigmoid_forward": "log_sigmoid",
    "mkldnn_rnn_layer": "lstm",
    "prelu_kernel": "prelu",
    "thnn_fused_gru_cell": "gru_cell",
    "thnn_fused_lstm_cell": "lstm_cell",
    "trilinear": "bilinear",
    "weight_norm_interface": "weight_norm",
}


@cache
def by_convention(func: Operator) -> bool:
    """Whether an operator without a formula is left out of every count by convention."""
    if not isinstance(func, OpOverload):
        return False
    name = plain_name(func)
    if _is_known(func) and (
        name in REDUCTIONS | PLACES | ELEMENTWISE
        or any(family in name for family in CONVENTIONAL_FAMILIES)
    ):
        return True
    # An in-place operator does not always have the tags of its out-of-place twin.
    return any(torch.Tag.pointwise in overload.tags for overload in _twins(func))


@cache
def moves(func: Operator) -> bool:
    """Whether an operator only moves or makes data, and computes nothing."""
    if not isinstance(func, OpOverload):
        return False
    if func.is_view or torch.Tag.inplace_view in func.tags or func.namespace == "profiler":
        return True
    name = plain_name(func)
    return _is_known(func) and (
        name in MOVES
        or name.startswith("new_")
        or name.endswith(("_like", "_view_copy"))
        or any(family in name for family in MOVING_FAMILIES)
    )


@cache
def shown_name(func: Operator) -> str:
    """The name that people know: ``max_pool2d`` for ``aten::max_pool2d_with_indices``.

    In-place operators keep their underscore, and those of other libraries their library's name.
    """
    if not isinstance(func, OpOverload):
        return str(func.name())
    if func.namespace != "aten":
        return str(func._schema.name)
    name = plain_name(func)
    if name.startswith("scaled_dot_product_"):
        return "scaled_dot_product_attention"
    if name.startswith("native_batch_norm_legit"):
        return "batch_norm"
    is_in_place = name in _written(func) and _written(func).endswith("_")
    return SHOWN.get(name, name.removeprefix("native_")) + ("_" if is_in_place else "")


def plain_name(func: OpOverload) -> str:
    """Without the library, and without underscores at either end."""
    return _written(func).strip("_")


def _written(func: OpOverload) -> str:
    return str(func._schema.name).rpartition("::")[2]


def _is_known(func: OpOverload) -> bool:
    """Whether a name means what it means here: another library's ``norm`` may be anything."""
    return func.namespace in ("aten", "prims", "torchvision")


def _twins(func: OpOverload) -> list[OpOverload]:
    """All overloads of an operator and of its out-of-place twin."""
    library = getattr(torch.ops, func.namespace)
    names = dict.fromkeys((_written(func), _written(func).removesuffix("_")))
    packets = [packet for name in names if (packet := getattr(library, name, None))]
    return [getattr(packet, name) for packet in packets for name in packet.overloads()]
