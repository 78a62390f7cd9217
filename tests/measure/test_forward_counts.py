"""Counting against closed forms, and against plain fvcore on real forwards."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import torch
from fvcore.nn import FlopCountAnalysis
from hypothesis import given, settings
from hypothesis import strategies as st
from support.networks import one_of_each_family
from torch import Tensor, nn

import srbench
from srbench.blocks import CBAM, SqueezeExcitation, SqueezeRemember
from srbench.catalog import BLOCKS
from srbench.measure.forward_counts import (
    ForwardCounts,
    count_for_real,
    count_forward,
    count_on_shapes,
)
from srbench.shapes.torch_function import NeedsValues

sizes = st.integers(1, 9)
counted_quickly = settings(deadline=None, max_examples=25)


def assert_same(one: ForwardCounts, other: ForwardCounts) -> None:
    assert replace(one, _watch=None, _fvcore=None) == replace(other, _watch=None, _fvcore=None)


def macs(model: nn.Module, *shape: int) -> int:
    counted = count_forward(model, torch.zeros(shape))
    assert counted.macs == counted.macs_fvcore
    assert not counted.unknown
    return counted.macs


@counted_quickly
@given(sizes, sizes, sizes, sizes, sizes, sizes)
def test_sr_macs_are_the_closed_form(c: int, h: int, w: int, p: int, s: int, n: int) -> None:
    block = SqueezeRemember(c, h, w, memories=p, squeeze=s, hidden=n)
    assert macs(block, 1, c, h, w) == c * s * h * w + s * h * w * n + n * p + p * c * h * w


@counted_quickly
@given(sizes, sizes, st.integers(1, 40), st.integers(1, 40))
def test_se_macs_are_the_closed_form(h: int, w: int, c: int, r: int) -> None:
    r = min(c, r)
    assert macs(SqueezeExcitation(c, r), 1, c, h, w) == 2 * c * (c // r)


@counted_quickly
@given(sizes, sizes, st.integers(1, 40), st.integers(1, 40), st.sampled_from([1, 3, 5, 7]))
def test_cbam_macs_are_the_closed_form(h: int, w: int, c: int, r: int, k: int) -> None:
    r = min(c, r)
    expected = 4 * c * (c // r) + 2 * k**2 * h * w
    assert macs(CBAM(c, r, k), 1, c, h, w) == expected


FIRST, *OTHERS = one_of_each_family()
WITH_ALL_BLOCKS = ["+".join([backbone, *BLOCKS]) for backbone in (FIRST, *OTHERS)]


@pytest.mark.parametrize(
    "spec",
    [
        *OTHERS,
        WITH_ALL_BLOCKS[0],
        *(pytest.param(spec, marks=pytest.mark.catalog) for spec in WITH_ALL_BLOCKS[1:]),
    ],
)
def test_shapes_alone_count_what_plain_fvcore_counts_on_a_real_forward(spec: str) -> None:
    model = srbench.build(spec, input_size=(32, 64)).eval()
    x = torch.randn(1, 3, 32, 64)
    plain = FlopCountAnalysis(model, x)
    plain.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    counted = count_on_shapes(model, x)
    with torch.no_grad():
        assert counted.flops == plain.total()
        assert all(counted.of(name)[1] == flops for name, flops in plain.by_module().items())
        passed_over = {op.removeprefix("aten::"): n for op, n in plain.unsupported_ops().items()}
        for op in ("pad", "dropout", "dropout_", "feature_dropout"):  # move data, or do nothing
            passed_over.pop(op, None)
        # average pooling to one place is a mean
        assert all(counted.uncounted[op] >= number for op, number in passed_over.items())
    assert_same(counted, count_for_real(model, x))
    assert counted.macs == counted.macs_fvcore


class Function(nn.Module):
    """A module that calls a function."""

    def __init__(self, function: object) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


@pytest.mark.parametrize(
    ("module", "shape", "expected"),
    [
        (nn.Conv2d(3, 5, 3, padding="same"), (1, 3, 8, 6), 3 * 5 * 9 * 8 * 6),
        (nn.Conv2d(3, 5, 3, padding="valid"), (1, 3, 8, 6), 3 * 5 * 9 * 6 * 4),
        (nn.Conv2d(4, 6, 3, groups=2, padding="same"), (1, 4, 5, 5), 2 * 6 * 9 * 25),
        (nn.Conv2d(4, 6, (1, 3), stride=(2, 1), dilation=2), (1, 4, 9, 9), 4 * 6 * 3 * 5 * 5),
        (nn.Conv1d(3, 5, 3), (1, 3, 8), 3 * 5 * 3 * 6),
        (nn.Conv3d(2, 3, 3, padding=1), (1, 2, 4, 5, 6), 2 * 3 * 27 * 120),
        (nn.ConvTranspose2d(3, 5, 4, stride=2), (1, 3, 6, 7), 3 * 5 * 16 * 42),
        (nn.ConvTranspose1d(3, 5, 4, 2, 1, 1), (1, 3, 6), 3 * 5 * 4 * 6),
        (Function(lambda x: nn.functional.conv2d(x, x.new_ones(2, 3, 3, 3), None, 1, 1)),
         (1, 3, 5, 5), 2 * 3 * 9 * 25),
        (nn.Linear(7, 5), (1, 4, 7), 4 * 7 * 5),
        (Function(lambda x: x @ x.mT), (1, 3, 4), 3 * 3 * 4),
        (Function(lambda x: torch.bmm(x, x.mT)), (2, 3, 4), 2 * 3 * 3 * 4),
    ],
)  # fmt: skip
def test_operator_macs_are_the_closed_form(module: nn.Module, shape: tuple, expected: int) -> None:
    for count in (count_on_shapes, count_for_real):
        counted = count(module, torch.zeros(shape))
        assert (counted.macs, counted.macs_fvcore) == (expected, expected)
        assert not counted.unknown


def test_batch_norm_and_pooling_have_flops_but_no_macs() -> None:
    counted = count_forward(
        nn.Sequential(nn.BatchNorm2d(3), nn.AdaptiveAvgPool2d(1)), torch.zeros(1, 3, 4, 5)
    )
    assert (counted.macs, counted.flops) == (0, 2 * 60 + 60)


def test_counts_grow_with_the_batch() -> None:
    model = srbench.build("resnet18+cbam+sr", input_size=64)
    one, three = (count_forward(model, torch.zeros(n, 3, 64, 64)) for n in (1, 3))
    assert (three.macs, three.flops) == (3 * one.macs, 3 * one.flops)


def test_elementwise_operators_and_pooling_are_uncounted_by_convention() -> None:
    model = nn.Sequential(nn.ReLU(inplace=True), nn.SiLU(), nn.MaxPool2d(2), nn.Softmax(1))
    counted = count_forward(model, torch.zeros(1, 3, 8, 8))
    assert counted.uncounted == {"max_pool2d": 1, "relu_": 1, "silu": 1, "softmax": 1}
    assert counted.unknown == {}


@pytest.mark.parametrize(
    ("function", "operator"),
    [
        (lambda x: torch.cdist(x, x), "cdist"),
        (lambda x: torch.fft.rfft(x).real, "fft_r2c"),
        (lambda x: torch.linalg.inv(x @ x.mT), "linalg_inv_ex"),
    ],
)
def test_an_operator_that_computes_and_has_no_formula_is_unknown(
    function: object, operator: str
) -> None:
    counted = count_forward(Function(function), torch.rand(1, 3, 4))
    assert counted.unknown == {operator: 1}


def test_torch_counts_a_product_that_fvcore_does_not_know() -> None:
    counted = count_forward(
        Function(lambda x: torch.tensordot(x, x, ([1], [1]))), torch.zeros(5, 7)
    )
    assert (counted.macs, counted.macs_fvcore, counted.flops) == (5 * 5 * 7, 0, None)


def test_a_model_that_depends_on_values_is_counted_on_a_real_forward() -> None:
    class Choosy(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.small, self.large = nn.Linear(4, 2), nn.Linear(4, 8)

        def forward(self, x: Tensor) -> Tensor:
            return self.large(x) if x.sum() > 0 else self.small(x)

    model = Choosy()
    with pytest.raises(NeedsValues):
        count_on_shapes(model, torch.ones(1, 4))
    assert count_forward(model, torch.ones(1, 4)).macs == 32
    assert count_forward(model, -torch.ones(1, 4)).macs == 8


def test_values_read_past_the_dispatcher_are_noticed() -> None:
    class Listing(Function):
        def forward(self, x: Tensor) -> Tensor:
            return x @ x.mT if (x + 0).sum().reshape(1).tolist()[0] > 0 else x

    assert count_forward(Listing(None), torch.ones(3, 4)).macs == 36


@pytest.mark.parametrize(
    "activation",
    [
        *(nn.ReLU(), nn.ReLU6(), nn.LeakyReLU(), nn.ELU(), nn.SELU(), nn.CELU(), nn.GELU()),
        *(nn.Hardswish(), nn.Hardsigmoid(), nn.Hardtanh(), nn.Mish(), nn.SiLU(), nn.Sigmoid()),
        *(nn.Tanh(), nn.Softplus(), nn.Softsign(), nn.Softshrink(), nn.Tanhshrink()),
        *(nn.LogSigmoid(), nn.PReLU(), nn.RReLU(), nn.GLU(1), nn.Softmax2d(), nn.LogSoftmax(1)),
        *(nn.Dropout(), nn.Dropout2d(), nn.AlphaDropout(), nn.Hardswish(inplace=True)),
    ],
    ids=repr,
)
def test_activations_are_uncounted_by_convention(activation: nn.Module) -> None:
    counted = count_forward(activation, torch.zeros(1, 4, 3, 3))
    assert (counted.macs, counted.unknown) == (0, {})
    assert counted.uncounted or "Dropout" in type(activation).__name__  # which does nothing here


def runs(function: Callable[[Tensor], Tensor]) -> bool:
    try:
        return isinstance(function(torch.rand(2, 3)), Tensor)
    except (RuntimeError, TypeError, ValueError, IndexError, UserWarning):
        return False


def in_place_and_not() -> Iterator[tuple[str, Function, Function]]:
    """Every in-place method of tensors, with no or one other tensor, and its out-of-place twin."""
    for name in sorted(set(dir(Tensor)) & {f"{name}_" for name in dir(Tensor)} - {"share_memory_"}):
        for others in ((), (torch.rand(2, 3),)):
            here = lambda x, name=name, others=others: getattr(x.clone(), name)(*others)  # noqa: E731
            anew = lambda x, name=name, others=others: getattr(x, name[:-1])(*others)  # noqa: E731
            if not name.startswith("_") and runs(here) and runs(anew):
                yield name, Function(here), Function(anew)


def test_an_in_place_operator_is_unknown_only_if_its_twin_is() -> None:
    x, compared = torch.rand(2, 3), []
    for name, here, anew in in_place_and_not():
        found = {op.removesuffix("_") for op in count_forward(here, x).unknown}
        assert found == set(count_forward(anew, x).unknown), name
        compared.append(name)
    assert {"abs_", "add_", "floor_divide_", "gt_", "multiply_", "relu_"} <= set(compared)


@pytest.mark.parametrize("kind", ["hardtanh", "elu", "hardsigmoid", "leaky_relu", "relu6", "silu"])
def test_in_place_activations_are_uncounted_too(kind: str) -> None:
    activation = getattr(nn.functional, kind)
    counted = count_forward(
        Function(lambda x: activation(x + 1, inplace=True)), torch.rand(1, 3, 4)
    )
    assert counted.unknown == {}
    assert len(counted.uncounted) == 2


def test_counting_leaves_modes_hooks_and_weights_unchanged() -> None:
    model = srbench.build("resnet18+se", input_size=64).train()
    model.layer1.eval()
    modes = [m.training for m in model.modules()]
    weights = {key: value.clone() for key, value in model.state_dict().items()}
    count_forward(model, torch.zeros(1, 3, 64, 64))
    assert [m.training for m in model.modules()] == modes
    assert all(not m._forward_hooks and not m._forward_pre_hooks for m in model.modules())
    assert all(torch.equal(v, weights[k]) for k, v in model.state_dict().items())


class Remembering(nn.Module):
    """Keeps tensors, a counter and a moving mean; its second call skips every other column."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 2, 1)
        self.register_buffer("mean", torch.zeros(2))
        self.position, self.calls = None, 0

    def forward(self, x: Tensor) -> Tensor:
        if self.position is None:
            self.position = torch.arange(4.0) * 2 + 1
        self.calls += 1
        self.mean = 0.9 * self.mean + 0.1 * x.mean((0, 2, 3))
        step = min(self.calls, 2)
        return self.conv(x[..., ::step] + self.position[::step])


def test_counting_leaves_the_state_that_a_forward_keeps_unchanged() -> None:
    model = Remembering()
    counted = count_forward(model, torch.ones(1, 2, 3, 4))
    assert counted.macs == counted.macs_fvcore == 2 * 2 * 3 * 2, "a later pass"
    assert counted.passes == (2 * 2 * 3 * 4, 2 * 2 * 3 * 2, 2 * 2 * 3 * 2)
    assert (model.position, model.calls) == (None, 0)
    assert torch.equal(model.mean, torch.zeros(2))
    assert model.training


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda x: nn.functional.linear(x.clone().unsqueeze_(1) - x.clone().unsqueeze_(0),
                                        torch.ones(5, 8)), 6 * 6 * 8 * 5),
        (lambda x: nn.functional.linear((x + 1).resize_(2, 8), torch.ones(3, 8)), 2 * 8 * 3),
        (lambda x: nn.functional.linear((x + 0).t_(), torch.ones(3, 6)), 8 * 6 * 3),
        (lambda x: nn.functional.conv2d(input=x[None, None], weight=torch.ones(1, 1, 1, 1),
                                        padding=x.shape[0] // 2), (6 + 6) * (8 + 6)),
    ],
    ids=["unsqueeze_", "resize_", "t_", "conv2d by keyword"],
)  # fmt: skip
def test_in_place_reshaping_and_keyword_calls_are_counted(function: object, expected: int) -> None:
    x = torch.ones(6, 8)[: 2 if expected == 2 * 8 * 3 else 6]
    for counted in (
        count_forward(Function(lambda x: function(x.clone())), x),
        count_for_real(Function(lambda x: function(x.clone())), x),
    ):
        assert (counted.macs, counted.macs_fvcore) == (expected, expected)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_the_memory_layout_is_that_of_a_real_forward(layout: torch.memory_format) -> None:
    class Asking(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Conv2d(4, 4, 1), nn.Conv2d(4, 4, 1)

        def forward(self, x: Tensor) -> Tensor:
            y = self.first(x)
            return self.second(y) if y.is_contiguous() else y

    model, x = Asking(), torch.zeros(1, 4, 5, 6)
    for m, i in ((model, x.to(memory_format=layout)), (model.to(memory_format=layout), x)):
        assert_same(count_forward(m, i), count_for_real(m, i))


def test_a_forward_that_raises_leaves_no_hooks() -> None:
    def fail(x: Tensor) -> Tensor:
        raise ValueError("on purpose")

    model = nn.Sequential(nn.Linear(3, 3), Function(fail)).train()
    handle = model[0].register_forward_hook(lambda *_: None)
    with pytest.raises(ValueError, match="on purpose"):
        count_forward(model, torch.zeros(1, 3))
    assert list(model[0]._forward_hooks) == [handle.id]
    assert all(not m._forward_pre_hooks for m in model.modules())
    assert model.training


@pytest.mark.skipif(sys.platform != "linux", reason="reads peak memory as Linux reports it")
def test_a_high_resolution_needs_no_more_memory() -> None:
    """At 8192x8192 the first feature map alone would take 4 GiB."""
    code = """if True:
        import resource, torch, srbench
        from srbench.measure.forward_counts import count_on_shapes
        model = srbench.build("resnet18")
        head = 512 * 1000
        small = count_on_shapes(model, torch.empty(1, 3, 1024, 1024)).macs - head
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        large = count_on_shapes(model, torch.empty(1, 3, 8192, 8192)).macs - head
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        print(large == 64 * small, grown)
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    right, grown = done.stdout.split()
    assert right == "True"
    assert int(grown) < 100 * 1024  # KiB
