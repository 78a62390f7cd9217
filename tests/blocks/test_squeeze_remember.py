"""Squeeze-and-Remember against the paper's equations, spelled out."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from srbench.blocks import SqueezeRemember


def test_a_fresh_block_is_exactly_the_identity() -> None:
    block = SqueezeRemember(8, 5, 7)
    x = torch.randn(3, 8, 5, 7)
    assert torch.equal(block(x), x)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(block(x), x)
    x16 = x.bfloat16()
    assert torch.equal(block.bfloat16()(x16), x16)


def test_the_output_is_the_papers_sum_over_memories() -> None:
    torch.manual_seed(0)
    block = SqueezeRemember(6, 3, 4, memories=5, squeeze=2, hidden=7)
    torch.nn.init.normal_(block.memory)
    x = torch.randn(2, 6, 3, 4)
    first, second = block.fcn[1], block.fcn[3]
    expected = torch.empty_like(x)
    for b in range(2):
        squeezed = torch.stack(
            [
                sum(block.squeeze.weight[s, c, 0, 0] * x[b, c] for c in range(6))
                + block.squeeze.bias[s]
                for s in range(2)
            ]
        )
        hidden = functional.relu(first.weight @ squeezed.reshape(-1) + first.bias)
        scores = second.weight @ hidden + second.bias
        alpha = scores.exp() / scores.exp().sum()
        expected[b] = x[b] + sum(alpha[p] * block.memory[p] for p in range(5))
    torch.testing.assert_close(block(x), expected)


def test_the_squeeze_starts_as_the_paper_says() -> None:
    torch.manual_seed(0)
    weights = SqueezeRemember(400, 2, 2, squeeze=50).squeeze.weight
    bound = 400**-0.5
    assert weights.abs().max() <= bound
    assert weights.abs().max() > 0.99 * bound
    # the standard deviation of a uniform distribution
    assert weights.std().item() == pytest.approx(bound / 3**0.5, rel=0.02)


def test_the_first_step_moves_the_memories_and_the_second_everything() -> None:
    block = SqueezeRemember(4, 3, 3)
    optimiser = torch.optim.SGD(block.parameters(), lr=0.1)
    x = torch.randn(2, 4, 3, 3)
    block(x).square().sum().backward()
    assert block.memory.grad.abs().sum() > 0
    optimiser.step()
    optimiser.zero_grad()
    block(x).square().sum().backward()
    for parameter in (block.squeeze.weight, block.fcn[1].weight, block.fcn[3].weight):
        assert parameter.grad.abs().sum() > 0


@pytest.mark.parametrize("shape", [(2, 8, 6, 7), (2, 8, 5, 6), (2, 9, 5, 7), (8, 5, 7), (2, 8, 35)])
def test_another_shape_is_an_error_that_names_both(shape: tuple[int, ...]) -> None:
    block = SqueezeRemember(8, 5, 7)
    with pytest.raises(ValueError, match=r"\(B, 8, 5, 7\)") as raised:
        block(torch.zeros(shape))
    assert str(shape) in str(raised.value)


def test_another_shape_is_the_same_error_when_compiled() -> None:
    torch.compiler.reset()
    block = torch.compile(SqueezeRemember(8, 5, 7), backend="eager")
    with pytest.raises(ValueError, match=r"\(B, 8, 5, 7\).*\(2, 8, 6, 7\)"):
        block(torch.zeros(2, 8, 6, 7))


@pytest.mark.parametrize("name", ["channels", "height", "width", "memories", "squeeze", "hidden"])
def test_sizes_below_one_are_errors_by_name(name: str) -> None:
    sizes = {"channels": 8, "height": 5, "width": 7} | {name: 0}
    with pytest.raises(ValueError, match=f"{name} must be at least 1, got 0"):
        SqueezeRemember(**sizes)


@settings(deadline=None, max_examples=30)
@given(*[st.integers(1, 9)] * 6)
def test_parameters_are_the_closed_form(c: int, h: int, w: int, p: int, s: int, n: int) -> None:
    block = SqueezeRemember(c, h, w, memories=p, squeeze=s, hidden=n)
    closed_form = (c * s + s) + (s * h * w * n + n) + (n * p + p) + p * c * h * w
    assert sum(parameter.numel() for parameter in block.parameters()) == closed_form


class Largest(TorchDispatchMode):
    """The most elements of any result."""

    elements = 0

    def __torch_dispatch__(
        self, func: object, types: object, args: object = (), kwargs: object = None
    ) -> object:
        result = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(result):
            if isinstance(tensor, torch.Tensor):
                self.elements = max(self.elements, tensor.numel())
        return result


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_memory_does_not_grow_with_memories_times_batch(layout: torch.memory_format) -> None:
    block = SqueezeRemember(16, 8, 8, memories=40).to(memory_format=layout)
    x = torch.randn(30, 16, 8, 8, requires_grad=True).contiguous(memory_format=layout)
    with Largest() as largest:
        block(x).sum().backward()
    assert largest.elements == max(x.numel(), block.memory.numel())


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_the_input_is_not_copied(layout: torch.memory_format) -> None:
    """One result of its size: the output."""
    block = SqueezeRemember(16, 8, 8, memories=4).to(memory_format=layout)
    x = torch.randn(30, 16, 8, 8).contiguous(memory_format=layout)
    sized: list[object] = []

    class Count(TorchDispatchMode):
        def __torch_dispatch__(
            self, func: object, types: object, args: object = (), kwargs: object = None
        ) -> object:
            result = func(*args, **(kwargs or {}))
            if result.numel() == x.numel() and not func.is_view:
                sized.append(func)
            return result

    with torch.no_grad(), Count():
        block(x)
    assert sized == [torch.ops.aten.addmm.default]
