"""MACs of small modules against closed forms, one for every way to spell a product."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - as everybody calls it
from torchvision.ops import DeformConv2d, deform_conv2d

from srbench.measure.forward_counts import count_for_real, count_on_shapes
from srbench.shapes.torch_function import NeedsValues


class Function(nn.Module):
    """A module that calls a function."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *inputs: Tensor) -> Any:
        return self.function(*inputs)


def einsum(equation: str) -> Callable[..., Tensor]:
    return lambda *tensors: torch.einsum(equation, *tensors)


def attention(**options: Any) -> Callable[..., Tensor]:
    return lambda *qkv: F.scaled_dot_product_attention(*qkv, **options)


def heads(layer: nn.MultiheadAttention, **options: Any) -> Function:
    module = Function(lambda *qkv: layer(*qkv, **options)[0])
    module.layer = layer
    return module


def inference(function: Callable[..., Any]) -> Callable[..., Any]:
    def inside(*inputs: Tensor) -> Any:
        with torch.inference_mode():
            return function(*inputs)

    return inside


B, C, H, W = 2, 6, 8, 10  # batch, channels, height, width
N, K, M = 3, 5, 7  # a matrix product (N, K) by (K, M)

PRODUCTS = {
    "matmul 1-1": (lambda a, b: a @ b, [(K,), (K,)], K),
    "matmul 2-1": (lambda a, b: a @ b, [(N, K), (K,)], N * K),
    "matmul 1-2": (lambda a, b: a @ b, [(K,), (K, M)], K * M),
    "matmul 2-2": (lambda a, b: a @ b, [(N, K), (K, M)], N * K * M),
    "matmul 3-1": (lambda a, b: a @ b, [(B, N, K), (K,)], B * N * K),
    "matmul 1-3": (lambda a, b: a @ b, [(K,), (B, K, M)], B * K * M),
    "matmul 3-2": (lambda a, b: a @ b, [(B, N, K), (K, M)], B * N * K * M),
    "matmul 2-3": (lambda a, b: a @ b, [(N, K), (B, K, M)], B * N * K * M),
    "matmul 2-4": (lambda a, b: a @ b, [(N, K), (B, 4, K, M)], B * 4 * N * K * M),
    "matmul 4-2": (lambda a, b: a @ b, [(B, 4, N, K), (K, M)], B * 4 * N * K * M),
    "matmul 3-3": (lambda a, b: a @ b, [(B, N, K), (B, K, M)], B * N * K * M),
    "matmul broadcast left": (lambda a, b: a @ b, [(1, N, K), (B, K, M)], B * N * K * M),
    "matmul broadcast right": (lambda a, b: a @ b, [(B, N, K), (1, K, M)], B * N * K * M),
    "matmul 3-4": (lambda a, b: a @ b, [(4, N, K), (B, 1, K, M)], B * 4 * N * K * M),
    "matmul both": (lambda a, b: a @ b, [(B, 1, N, K), (1, 4, K, M)], B * 4 * N * K * M),
    "matmul 4-1": (lambda a, b: a @ b, [(B, 4, N, K), (K,)], B * 4 * N * K),
    "matmul 1-4": (lambda a, b: a @ b, [(K,), (B, 4, K, M)], B * 4 * K * M),
    "torch.matmul": (torch.matmul, [(B, N, K), (B, K, M)], B * N * K * M),
    "linalg.matmul": (torch.linalg.matmul, [(N, K), (K, M)], N * K * M),
    "mm": (torch.mm, [(N, K), (K, M)], N * K * M),
    "mm out": (lambda a, b: torch.mm(a, b, out=torch.empty(N, M)), [(N, K), (K, M)], N * K * M),
    "bmm": (torch.bmm, [(B, N, K), (B, K, M)], B * N * K * M),
    "mv": (torch.mv, [(N, K), (K,)], N * K),
    "dot": (torch.dot, [(K,), (K,)], K),
    "vdot": (torch.vdot, [(K,), (K,)], K),
    "inner": (torch.inner, [(B, N, K), (M, K)], B * N * K * M),
    "addmm": (torch.addmm, [(N, M), (N, K), (K, M)], N * K * M),
    "addmm scaled": (
        lambda c, a, b: torch.addmm(c, a, b, beta=0.5, alpha=2), [(M,), (N, K), (K, M)], N * K * M,
    ),
    "addmv": (torch.addmv, [(N,), (N, K), (K,)], N * K),
    "addbmm": (torch.addbmm, [(N, M), (B, N, K), (B, K, M)], B * N * K * M),
    "baddbmm": (torch.baddbmm, [(B, N, M), (B, N, K), (B, K, M)], B * N * K * M),
    "baddbmm broadcast": (torch.baddbmm, [(1, 1, M), (B, N, K), (B, K, M)], B * N * K * M),
    "addmm_": (lambda c, a, b: (c + 0).addmm_(a, b), [(N, M), (N, K), (K, M)], N * K * M),
    "baddbmm_": (
        lambda c, a, b: (c + 0).baddbmm_(a, b), [(B, N, M), (B, N, K), (B, K, M)], B * N * K * M,
    ),
    "chain": (lambda a, b, c: a @ b @ c, [(N, K), (K, M), (M, 4)], N * K * M + N * M * 4),
    "multi_dot": (
        lambda *abc: torch.linalg.multi_dot(abc), [(2, 30), (30, 3), (3, 20)],
        2 * 30 * 3 + 2 * 3 * 20,
    ),
    "matrix_power": (lambda a: torch.linalg.matrix_power(a, 3), [(K, K)], 2 * K**3),
    "tensordot 1": (lambda a, b: torch.tensordot(a, b, 1), [(B, N, K), (K, M)], B * N * K * M),
    "tensordot 2": (
        lambda a, b: torch.tensordot(a, b, ([1, 2], [1, 0])), [(B, N, K), (K, N, M)], B * N * K * M,
    ),
    "tensordot 0": (lambda a, b: torch.tensordot(a, b, 0), [(N,), (M,)], N * M),
    "einsum mm": (einsum("nk,km->nm"), [(N, K), (K, M)], N * K * M),
    "einsum transposed": (einsum("nk,mk->nm"), [(N, K), (M, K)], N * K * M),
    "einsum bmm": (einsum("bnk,bkm->bnm"), [(B, N, K), (B, K, M)], B * N * K * M),
    "einsum heads": (einsum("bhid,bhjd->bhij"), [(B, 4, N, K), (B, 4, M, K)], B * 4 * N * M * K),
    "einsum dot": (einsum("k,k->"), [(K,), (K,)], K),
    "einsum rows": (einsum("nk,nk->n"), [(N, K), (N, K)], N * K),
    "einsum all": (einsum("nk,nk->"), [(N, K), (N, K)], N * K),
    "einsum mv": (einsum("nk,k->n"), [(N, K), (K,)], N * K),
    "einsum implicit": (einsum("nk,km"), [(N, K), (K, M)], N * K * M),
    "einsum ellipsis": (einsum("...nk,km->...nm"), [(B, 4, N, K), (K, M)], B * 4 * N * K * M),
    "einsum sum first": (einsum("nk,m->nm"), [(N, K), (M,)], 0),  # a sum, then an outer product
    "einsum odd sizes": (einsum("bchw,cd->bdhw"), [(B, C, H, W), (C, 11)], B * C * H * W * 11),
    "einsum three": (
        einsum("ni,ij,jm->nm"), [(N, 4), (4, K), (K, M)], N * 4 * K + N * K * M,
    ),
    "einsum outer": (einsum("n,m->nm"), [(N,), (M,)], 0),
    "einsum elementwise": (einsum("nk,nk->nk"), [(N, K), (N, K)], 0),
    "einsum trace": (einsum("kk->"), [(K, K)], 0),
    "outer": (torch.outer, [(N,), (M,)], 0),
    "kron": (torch.kron, [(2, 3), (2, 3)], 0),
    "vmap mm": (torch.vmap(torch.mm), [(B, N, K), (B, K, M)], B * N * K * M),
    "vmap dot": (torch.vmap(torch.dot), [(B, K), (B, K)], B * K),
    "vmap mv": (torch.vmap(torch.mv), [(B, N, K), (B, K)], B * N * K),
    "vmap shared": (
        torch.vmap(lambda a, b: a @ b, in_dims=(0, None)), [(B, N, K), (K, M)], B * N * K * M,
    ),
    "vmap conv": (
        torch.vmap(lambda x, w: F.conv2d(x[None], w, padding=1)[0]),
        [(B, C, H, W), (B, 4, C, 3, 3)], B * 4 * C * 9 * H * W,
    ),
    "jvp": (lambda a: torch.func.jvp(lambda x: x @ x, (a,), (a,))[1], [(K, K)], 3 * K**3),
    "bilinear function": (F.bilinear, [(B, N), (B, M), (K, N, M)], B * K * M * (N + 1)),
    "linear function": (F.linear, [(B, N, K), (M, K), (M,)], B * N * K * M),
    "linear 1-D": (F.linear, [(K,), (M, K)], K * M),
    "linear inference": (inference(F.linear), [(B, N, K), (M, K), (M,)], B * N * K * M),
    "matmul inference": (inference(torch.matmul), [(B, N, K), (K, M)], B * N * K * M),
    "einsum inference": (inference(einsum("bnk,km->bnm")), [(B, N, K), (K, M)], B * N * K * M),
    "unfolded convolution": (
        lambda x, w: w @ F.unfold(x, 3, padding=1), [(B, C, H, W), (4, C * 9)],
        B * 4 * C * 9 * H * W,
    ),
}  # fmt: skip

ATTENTION = {
    "sdpa": (attention(), [(B, 4, N, K)] * 3, 2 * B * 4 * N * N * K),
    "sdpa causal": (attention(is_causal=True), [(B, 4, N, K)] * 3, 2 * B * 4 * N * N * K),
    "sdpa mask": (
        lambda q, k, v, mask: F.scaled_dot_product_attention(q, k, v, attn_mask=mask),
        [*[(B, 4, N, K)] * 3, (N, N)], 2 * B * 4 * N * N * K,
    ),
    "sdpa cross": (
        attention(), [(B, 4, N, K), (B, 4, M, K), (B, 4, M, K)], 2 * B * 4 * N * M * K,
    ),
    "sdpa other width": (
        attention(), [(B, 4, N, K), (B, 4, M, K), (B, 4, M, 9)], B * 4 * N * M * (K + 9),
    ),
    "sdpa groups": (
        attention(enable_gqa=True), [(B, 8, N, K), (B, 2, M, K), (B, 2, M, K)],
        2 * B * 8 * N * M * K,
    ),
    "sdpa three sides": (attention(), [(B, N, K)] * 3, 2 * B * N * N * K),
    "sdpa scaled": (attention(scale=0.5), [(B, 4, N, K)] * 3, 2 * B * 4 * N * N * K),
    "sdpa inference": (inference(attention()), [(B, 4, N, K)] * 3, 2 * B * 4 * N * N * K),
    "by hand": (
        lambda q, k, v: (q @ k.mT).softmax(-1) @ v, [(B, 4, N, K)] * 3, 2 * B * 4 * N * N * K,
    ),
}  # fmt: skip

E = 12  # the width of attention layers
PROJECTIONS = 4 * B * N * E * E
LAYERS = {
    "MHA": (
        heads(nn.MultiheadAttention(E, 4, batch_first=True), need_weights=False),
        [(B, N, E)] * 3, PROJECTIONS + 2 * B * N * N * E,
    ),
    "MHA weights": (
        heads(nn.MultiheadAttention(E, 4, batch_first=True)),
        [(B, N, E)] * 3, PROJECTIONS + 2 * B * N * N * E,
    ),
    "MHA time first": (
        heads(nn.MultiheadAttention(E, 4), need_weights=False),
        [(N, B, E)] * 3, PROJECTIONS + 2 * B * N * N * E,
    ),
    "MHA other widths": (
        heads(nn.MultiheadAttention(E, 4, kdim=5, vdim=7, batch_first=True), need_weights=False),
        [(B, N, E), (B, M, 5), (B, M, 7)],
        2 * B * N * E * E + B * M * E * (5 + 7) + 2 * B * N * M * E,
    ),
    "encoder layer": (
        nn.TransformerEncoderLayer(E, 4, 20, batch_first=True),
        [(B, N, E)], PROJECTIONS + 2 * B * N * N * E + 2 * B * N * E * 20,
    ),
    "encoder": (
        nn.TransformerEncoder(nn.TransformerEncoderLayer(E, 4, 20, batch_first=True), 2),
        [(B, N, E)], 2 * (PROJECTIONS + 2 * B * N * N * E + 2 * B * N * E * 20),
    ),
    "decoder layer": (
        nn.TransformerDecoderLayer(E, 4, 20, batch_first=True), [(B, N, E), (B, M, E)],
        PROJECTIONS + 2 * B * N * N * E
        + 2 * B * N * E * E + 2 * B * M * E * E + 2 * B * N * M * E + 2 * B * N * E * 20,
    ),
    "Linear": (nn.Linear(K, M), [(B, K)], B * K * M),
    "Linear no bias": (nn.Linear(K, M, bias=False), [(B, N, K)], B * N * K * M),
    "Linear 4-D": (nn.Linear(K, M), [(B, 4, N, K)], B * 4 * N * K * M),
    "Bilinear": (nn.Bilinear(N, M, K), [(B, N), (B, M)], B * K * M * (N + 1)),
    "Bilinear 3-D": (nn.Bilinear(N, M, K), [(B, 4, N), (B, 4, M)], B * 4 * K * M * (N + 1)),
    "Embedding": (Function(lambda x: nn.Embedding(9, 4)(x.long())), [(B, N)], 0),
    "RNN": (nn.RNN(K, M), [(N, B, K)], N * B * M * (K + M)),
    "RNN relu": (nn.RNN(K, M, nonlinearity="relu"), [(N, B, K)], N * B * M * (K + M)),
    "GRU": (nn.GRU(K, M), [(N, B, K)], N * B * 3 * M * (K + M)),
    "GRU batch first": (nn.GRU(K, M, batch_first=True), [(B, N, K)], N * B * 3 * M * (K + M)),
    "GRU both ways": (nn.GRU(K, M, bidirectional=True), [(N, B, K)], 2 * N * B * 3 * M * (K + M)),
    "LSTM": (nn.LSTM(K, M), [(N, B, K)], N * B * 4 * M * (K + M)),
    "LSTM unbatched": (nn.LSTM(K, M), [(N, K)], N * 4 * M * (K + M)),
    "LSTM no bias": (nn.LSTM(K, M, bias=False), [(N, B, K)], N * B * 4 * M * (K + M)),
    "LSTM batch first": (nn.LSTM(K, M, batch_first=True), [(B, N, K)], N * B * 4 * M * (K + M)),
    "LSTM two layers": (
        nn.LSTM(K, M, 2), [(N, B, K)], N * B * 4 * M * (K + M) + N * B * 4 * M * 2 * M,
    ),
    "LSTM both ways": (nn.LSTM(K, M, bidirectional=True), [(N, B, K)], 2 * N * B * 4 * M * (K + M)),
    "LSTM two both ways": (
        nn.LSTM(K, M, 2, bidirectional=True), [(N, B, K)],
        2 * N * B * 4 * M * (K + M) + 2 * N * B * 4 * M * (2 * M + M),
    ),
    "LSTM projected": (
        nn.LSTM(K, M, proj_size=2), [(N, B, K)], N * B * (4 * M * (K + 2) + 2 * M),
    ),
    "RNNCell": (nn.RNNCell(K, M), [(B, K)], B * M * (K + M)),
    "GRUCell": (nn.GRUCell(K, M), [(B, K)], B * 3 * M * (K + M)),
    "LSTMCell": (nn.LSTMCell(K, M), [(B, K)], B * 4 * M * (K + M)),
}  # fmt: skip

MAP = (B, C, H, W)
CONVOLUTIONS = {
    "Conv2d": (nn.Conv2d(C, 4, 3), [MAP], B * 4 * C * 9 * 6 * 8),
    "Conv2d 1x1": (nn.Conv2d(C, 4, 1), [MAP], B * 4 * C * H * W),
    "Conv2d same": (nn.Conv2d(C, 4, 3, padding="same"), [MAP], B * 4 * C * 9 * H * W),
    "Conv2d valid": (nn.Conv2d(C, 4, 3, padding="valid"), [MAP], B * 4 * C * 9 * 6 * 8),
    "Conv2d even same": (nn.Conv2d(C, 4, 4, padding="same"), [MAP], B * 4 * C * 16 * H * W),
    "Conv2d stride": (nn.Conv2d(C, 4, 3, 2, 1), [MAP], B * 4 * C * 9 * 4 * 5),
    "Conv2d dilated": (nn.Conv2d(C, 4, 3, dilation=2), [MAP], B * 4 * C * 9 * 4 * 6),
    "Conv2d groups": (nn.Conv2d(C, 4, 3, padding=1, groups=2), [MAP], B * 4 * 3 * 9 * H * W),
    "Conv2d depthwise": (nn.Conv2d(C, C, 5, padding=2, groups=C), [MAP], B * C * 25 * H * W),
    "Conv2d multiplier": (
        nn.Conv2d(C, 2 * C, 3, padding=1, groups=C), [MAP], B * 2 * C * 9 * H * W,
    ),
    "Conv2d oblong": (nn.Conv2d(C, 4, (1, 3), (2, 1)), [MAP], B * 4 * C * 3 * 4 * 8),
    "Conv2d reflect": (
        nn.Conv2d(C, 4, 3, padding=1, padding_mode="reflect"), [MAP], B * 4 * C * 9 * H * W,
    ),
    "Conv2d circular": (
        nn.Conv2d(C, 4, 3, padding=1, padding_mode="circular"), [MAP], B * 4 * C * 9 * H * W,
    ),
    "Conv2d unbatched": (nn.Conv2d(C, 4, 3), [(C, H, W)], 4 * C * 9 * 6 * 8),
    "Conv2d inference": (
        inference(lambda x, w: F.conv2d(x, w, padding="same")), [MAP, (4, C, 3, 3)],
        B * 4 * C * 9 * H * W,
    ),
    "Conv1d": (nn.Conv1d(C, 4, 3), [(B, C, W)], B * 4 * C * 3 * 8),
    "Conv1d depthwise": (nn.Conv1d(C, C, 3, groups=C), [(B, C, W)], B * C * 3 * 8),
    "Conv1d unbatched": (nn.Conv1d(C, 4, 3), [(C, W)], 4 * C * 3 * 8),
    "Conv3d": (nn.Conv3d(C, 4, 3, padding=1), [(B, C, 4, 5, 6)], B * 4 * C * 27 * 120),
    "Conv3d groups": (
        nn.Conv3d(C, 4, 3, padding=1, groups=2), [(B, C, 4, 5, 6)], B * 4 * 3 * 27 * 120,
    ),
    "ConvTranspose1d": (nn.ConvTranspose1d(C, 4, 3, 2), [(B, C, W)], B * 4 * C * 3 * W),
    "ConvTranspose2d": (nn.ConvTranspose2d(C, 4, 3), [MAP], B * 4 * C * 9 * H * W),
    "ConvTranspose2d stride": (nn.ConvTranspose2d(C, 4, 4, 2, 1), [MAP], B * 4 * C * 16 * H * W),
    "ConvTranspose2d groups": (
        nn.ConvTranspose2d(C, 4, 3, groups=2), [MAP], B * 2 * C * 9 * H * W,
    ),
    "ConvTranspose3d": (nn.ConvTranspose3d(C, 4, 2), [(B, C, 4, 5, 6)], B * 4 * C * 8 * 120),
    "conv1d function": (F.conv1d, [(B, C, W), (4, C, 3)], B * 4 * C * 3 * 8),
    "conv2d function": (F.conv2d, [MAP, (4, C, 3, 3)], B * 4 * C * 9 * 6 * 8),
    "conv3d function": (F.conv3d, [(B, C, 4, 5, 6), (4, C, 1, 1, 1)], B * 4 * C * 120),
    "conv_transpose2d function": (
        F.conv_transpose2d, [MAP, (C, 4, 3, 3)], B * 4 * C * 9 * H * W,
    ),
    "conv_tbc": (torch.conv_tbc, [(W, B, C), (3, C, 4), (4,)], 8 * B * 4 * C * 3),
    "DeformConv2d": (
        DeformConv2d(C, 4, 3, padding=1), [MAP, (B, 18, H, W)], B * 4 * C * 9 * H * W,
    ),
    "deform_conv2d groups": (
        deform_conv2d, [(B, C, 5, 5), (B, 18, 3, 3), (4, 3, 3, 3)], B * 4 * 3 * 9 * 9,
    ),
    "depth to space": (
        nn.Sequential(nn.Conv2d(C, 8, 1), nn.PixelShuffle(2)), [MAP], B * 8 * C * H * W,
    ),
    "unpooling": (
        Function(
            lambda x: F.max_unpool2d(*F.max_pool2d(F.conv2d(x, x[:1, :, :1, :1]), 2,
                                                   return_indices=True), 2)
        ),
        [MAP], B * C * H * W,
    ),
}  # fmt: skip

NOT_TRACED_ON_SHAPES = {"vmap conv"}
CASES = PRODUCTS | ATTENTION | LAYERS | CONVOLUTIONS


def test_there_are_enough_closed_forms() -> None:
    assert len(CASES) == sum(map(len, (PRODUCTS, ATTENTION, LAYERS, CONVOLUTIONS))) >= 120


@pytest.mark.filterwarnings("ignore:LSTM with projections", "ignore:Using padding='same' with even")
@pytest.mark.parametrize("name", CASES)
def test_macs_are_the_closed_form(name: str) -> None:
    function, shapes, expected = CASES[name]
    module = function if isinstance(function, nn.Module) else Function(function)
    counts = [count_on_shapes, count_for_real]
    if name in NOT_TRACED_ON_SHAPES:
        with pytest.raises(NeedsValues, match="lacks convolutions"):
            counts.pop(0)(module, *(torch.rand(shape) for shape in shapes))
    for count in counts:
        counted = count(module, *(torch.rand(shape) for shape in shapes))
        assert counted.macs == expected
        assert not counted.unknown
        assert not counted.disguised
        # where fvcore counts something else, the dispatcher's count is the right one
        assert all(difference.right == "srbench" for difference in counted.differences)
        assert (counted.macs_fvcore == expected) == (counted.flops is not None)
