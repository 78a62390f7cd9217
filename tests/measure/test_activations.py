"""Activations, and bytes moved, against fvcore, closed forms and published figures."""

from collections.abc import Callable
from math import prod
from typing import Any

import pytest
import torch
from fvcore.nn import ActivationCountAnalysis
from support.networks import one_of_each_family
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - as everybody calls it
from torch.utils._python_dispatch import TorchDispatchMode

import srbench
from srbench.catalog import BACKBONES, BLOCKS
from srbench.measure.forward_counts import count_for_real, count_on_shapes
from srbench.measure.layers import bytes_moved
from srbench.models.subject import FromSpec, Given
from srbench.runner import counting
from srbench.shapes.call import Call
from srbench.spec.cases import case_of
from srbench.spec.parse import parse

FIRST, *OTHERS = one_of_each_family()
LARGE = [name for name in BACKBONES if name not in (FIRST, *OTHERS)][::3]  # a third of the others


@pytest.mark.parametrize(
    "spec",
    [
        "+".join([FIRST, *BLOCKS]),
        *OTHERS,
        *(pytest.param(f"{name}+{'+'.join(BLOCKS)}", marks=pytest.mark.catalog) for name in LARGE),
    ],
)
def test_activations_are_those_of_fvcore_on_a_real_forward(spec: str) -> None:
    model = srbench.build(spec, input_size=(32, 64)).eval()
    x = torch.randn(1, 3, 32, 64)
    plain = ActivationCountAnalysis(model, x)
    plain.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    with torch.no_grad():
        expected = plain.total()
    counted = count_on_shapes(model, x)
    assert counted.activations == expected > 0
    assert sum(counted.own_activations.values()) == expected


@pytest.mark.parametrize(
    ("spec", "millions"), [("resnet50", 11.1), ("resnet18", 2.5)]
)  # of the same definition in I. Radosavovic et al., CVPR 2020
def test_activations_are_the_published_ones(spec: str, millions: float) -> None:
    (record,) = counting.run([case_of(parse(spec), 224)])
    assert record.counts is not None
    assert round(record.counts.activations / 1e6, 1) == millions


class Function(nn.Module):
    """A module that calls a function."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *inputs: Tensor) -> Any:
        return self.function(*inputs)


B, N, K, M = 2, 3, 5, 7  # a batch of products (N, K) by (K, M)
T, IN, HIDDEN = 4, 6, 8
HEADS, L, S, E, V = 3, 5, 7, 8, 10
HEADED = nn.MultiheadAttention(E, 2, batch_first=True)
FORMS: dict[str, tuple[Callable[..., Any], list[tuple[int, ...]], int]] = {
    "mv": (torch.mv, [(N, K), (K,)], N),
    "dot": (torch.dot, [(K,), (K,)], 1),
    "mm": (torch.mm, [(N, K), (K, M)], N * M),
    "addmm in place": (
        lambda c, a, b: (c + 0).addmm_(a, b),
        [(N, M), (N, K), (K, M)],
        N * M,
    ),
    "baddbmm": (torch.baddbmm, [(B, N, M), (B, N, K), (B, K, M)], B * N * M),
    "matmul, broadcast": (torch.matmul, [(B, N, K), (K, M)], B * N * M),
    "linear": (nn.Linear(K, M), [(B, N, K)], B * N * M),
    "conv": (nn.Conv2d(3, 8, 3, 2, 1, groups=1), [(B, 3, 8, 6)], B * 8 * 4 * 3),
    "conv, depthwise": (nn.Conv1d(4, 8, 3, groups=4), [(B, 4, 9)], B * 8 * 7),
    "conv, transposed": (nn.ConvTranspose2d(3, 5, 2, 2), [(B, 3, 4, 5)], B * 5 * 8 * 10),
    "attention": (
        F.scaled_dot_product_attention,
        [(B, HEADS, L, E), (B, HEADS, S, E), (B, HEADS, S, E)],
        B * HEADS * L * (S + E),
    ),
    "attention, wider values": (
        F.scaled_dot_product_attention,
        [(B, HEADS, L, E), (B, HEADS, S, E), (B, HEADS, S, V)],
        B * HEADS * L * (S + V),
    ),
    "attention by hand": (
        lambda q, k, v: (q @ k.mT).softmax(-1) @ v,
        [(B, HEADS, L, E), (B, HEADS, S, E), (B, HEADS, S, V)],
        B * HEADS * L * (S + V),
    ),
    "multi-head": (
        lambda x: HEADED(x, x, x, need_weights=False)[0],
        [(B, L, E)],
        B * L * (3 * E + E) + B * 2 * L * (L + E // 2),
    ),
    "LSTM": (nn.LSTM(IN, HIDDEN), [(T, B, IN)], T * B * 2 * 4 * HIDDEN),
    "LSTM of two layers, both ways": (
        nn.LSTM(IN, HIDDEN, 2, bidirectional=True),
        [(T, B, IN)],
        2 * 2 * T * B * 2 * 4 * HIDDEN,
    ),
    "LSTM cell": (nn.LSTMCell(IN, HIDDEN), [(B, IN)], B * 2 * 4 * HIDDEN),
    "GRU": (nn.GRU(IN, HIDDEN), [(T, B, IN)], T * B * 2 * 3 * HIDDEN),
    "RNN": (nn.RNN(IN, HIDDEN), [(T, B, IN)], T * B * 2 * HIDDEN),
    "norms and pooling": (
        nn.Sequential(nn.BatchNorm2d(3), nn.ReLU(), nn.AvgPool2d(2)),
        [(B, 3, 8, 8)],
        0,
    ),
    "bilinear": (nn.Bilinear(N, K, M), [(B, N), (B, K)], B * M),
}


@pytest.mark.parametrize("name", FORMS)
def test_activations_are_the_closed_form(name: str) -> None:
    function, shapes, expected = FORMS[name]
    model = function if isinstance(function, nn.Module) else Function(function)
    inputs = [torch.rand(shape) for shape in shapes]
    assert count_for_real(model.eval(), *inputs).activations == expected
    assert count_on_shapes(model.eval(), *inputs).activations == expected


class Moved(TorchDispatchMode):
    """The bytes that each operator moves, by its name."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, int] = {}

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        out = func(*args, **kwargs or {})
        moved = bytes_moved(func, (*args, *(kwargs or {}).values()), out)
        name = func.name().removeprefix("aten::").partition(".")[0]
        self.found[name] = self.found.get(name, 0) + moved
        return out


F32, I64 = 4, 8  # bytes
X = prod((2, 3, 8, 8))
MOVES: dict[str, tuple[Callable[[Tensor], Any], dict[str, int]]] = {
    "conv": (
        nn.Conv2d(3, 5, 3),
        {"convolution": F32 * (X + 5 * 3 * 9 + 5 + 2 * 5 * 6 * 6)},
    ),
    "conv without bias": (
        nn.Conv2d(3, 3, 3, 2, 1, groups=3, bias=False),
        {"convolution": F32 * (X + 3 * 9 + 2 * 3 * 4 * 4)},
    ),
    "relu": (torch.relu, {"relu": F32 * 2 * X}),
    "relu in place": (torch.relu_, {"relu_": F32 * 2 * X}),
    "sum with itself": (lambda x: x + x, {"add": F32 * 2 * X}),
    "sum": (lambda x: x + x.detach().reshape(-1).view(x.shape)[:1], {"add": F32 * 5 * X // 2}),
    "cat": (lambda x: torch.cat([x, x[:1]]), {"cat": F32 * 2 * (X + X // 2)}),
    "view": (lambda x: x.view(2, -1).t()[3:].unsqueeze(0), {}),
    "expand": (lambda x: x[:, :1].expand(2, 9, 8, 8), {}),
    "use of an expanded one": (
        lambda x: x[:, :1].expand(2, 9, 8, 8) + 1,
        {"add": F32 * (X // 3 + 3 * X)},
    ),
    "copy_": (lambda x: x.copy_(torch.empty(x.shape)), {"copy_": F32 * 2 * X}),
    "copy_ of a row": (lambda x: x.copy_(x.new_empty(8)), {"copy_": F32 * (X + 8)}),
    "copy_ to a part": (lambda x: x[:1].copy_(x[1:]), {"copy_": F32 * X}),
    "copy_ of halves": (
        lambda x: x.copy_(x.new_empty(8).half()),
        {
            "_to_copy": (4 + 2) * 8,
            "copy_": F32 * X + 2 * 8,
        },
    ),
    "fill_": (lambda x: x.fill_(1), {"fill_": F32 * X}),
    "fill_ with a tensor": (lambda x: x.fill_(x.new_empty(())), {"fill_": F32 * (X + 1)}),
    "zeros like": (lambda x: torch.zeros_like(x), {"zeros_like": F32 * X}),
    "clone": (lambda x: x.clone(), {"clone": F32 * 2 * X}),
    "zeros": (lambda x: x.new_zeros(10), {"new_zeros": F32 * 10}),
    "empty": (lambda x: x.new_empty(10), {}),
    "lookup": (
        lambda x: F.embedding(torch.zeros(4, dtype=torch.long), torch.ones(1000, 6)),
        {"zeros": I64 * 4, "ones": F32 * 6000, "embedding": F32 * 2 * 4 * 6},
    ),
    "mean": (lambda x: x.mean((2, 3)), {"mean": F32 * (X + 6)}),
    "half precision": (lambda x: x.half(), {"_to_copy": (4 + 2) * X}),
}


@pytest.mark.parametrize("name", MOVES)
def test_bytes_moved_are_the_closed_form(name: str) -> None:
    function, expected = MOVES[name]
    x = torch.rand(2, 3, 8, 8)
    with torch.no_grad(), Moved() as moved:
        function(x)
    assert {name: size for name, size in moved.found.items() if size} == expected


@pytest.mark.parametrize(
    "subject",
    [
        FromSpec(case_of(parse("cifar_resnet8+se+sr+cbam+dropout2d"), 32)),
        FromSpec(case_of(parse("mobilenet_v3_small"), 64)),
        Given(
            "net",
            nn.Sequential(nn.LSTM(IN, HIDDEN), Function(lambda pair: pair[0] @ pair[0].mT)),
            Call((torch.rand(T, B, IN),)),
            "net",
        ),
    ],
    ids=["all blocks", "MobileNetV3", "LSTM"],
)
def test_what_layers_do_themselves_sums_to_the_whole(subject: Any) -> None:
    (record,) = counting.count([subject], counting.Extras(layers=True))
    assert record.counts is not None
    whole, *inner = record.counts.layers
    assert whole.macs == record.counts.macs
    assert whole.activations == record.counts.activations
    model, call = subject.assemble().model.eval(), subject.inputs()
    with torch.no_grad(), Moved() as moved:
        call(model)
    assert whole.moved == sum(moved.found.values())
    # Every module holds what its children do, and the rest is its own.
    for kind in ("macs", "activations", "moved"):
        for layer in record.counts.layers:
            start = f"{layer.name}." if layer.name else ""
            children = [
                one
                for one in inner
                if one.name.startswith(start) and "." not in one.name[len(start) :]
            ]
            total = sum(getattr(one, kind) for one in children if one is not layer)
            assert getattr(layer, kind) >= total
