"""What every block must do: the same tests for the whole catalog."""

import copy
import inspect
import io
import shutil
from pkgutil import resolve_name

import pytest
import torch
from torch import nn

from srbench.catalog import BLOCKS
from srbench.catalog.options import After, Stages

SIZES = {"channels": 32, "height": 6, "width": 5}


def make(name: str, **options: object) -> nn.Module:
    cls = resolve_name(BLOCKS[name].target)
    asked = inspect.signature(cls).parameters
    torch.manual_seed(0)
    block = cls(**{key: size for key, size in SIZES.items() if key in asked}, **options)
    with torch.no_grad():  # zero memories would make SR the identity, whatever it computes
        for parameter in block.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    return block


def batch(size: int = 4, **kwargs: object) -> torch.Tensor:
    return torch.randn(size, *SIZES.values(), **kwargs)


every_block = pytest.mark.parametrize("name", list(BLOCKS))


@every_block
def test_the_catalog_has_the_constructors_defaults(name: str) -> None:
    parameters = inspect.signature(resolve_name(BLOCKS[name].target)).parameters
    told = {o.name: o.value for o in BLOCKS[name].options if not isinstance(o, Stages | After)}
    assert told == {key: p.default for key, p in parameters.items() if key not in SIZES}


@every_block
@pytest.mark.parametrize("size", [0, 1, 4])
@pytest.mark.parametrize("training", [True, False])
def test_a_block_keeps_the_shape_for_any_batch(name: str, size: int, training: bool) -> None:
    block = make(name).train(training)
    x = batch(size, requires_grad=True)
    y = block(x)
    assert y.shape == x.shape
    assert y.isfinite().all()
    y.sum().backward()
    assert x.grad.shape == x.shape


@every_block
def test_gradients_reach_input_and_all_parameters(name: str) -> None:
    block = make(name).train()
    x = batch(requires_grad=True)
    block(x).square().sum().backward()
    assert x.grad.abs().sum() > 0
    for key, parameter in block.named_parameters():
        assert parameter.grad is not None, key
        assert parameter.grad.abs().sum() > 0, key


@every_block
def test_derivatives_are_those_of_finite_differences(name: str) -> None:
    block = make(name).double().eval()
    x = torch.randn(1, *SIZES.values(), dtype=torch.double, requires_grad=True)
    direction = torch.randn_like(x)
    (gradient,) = torch.autograd.grad((block(x) * direction).sum(), x)
    step = 1e-6 * torch.randn_like(x)
    with torch.no_grad():
        difference = ((block(x + step) - block(x - step)) * direction).sum() / 2
    torch.testing.assert_close((gradient * step).sum(), difference, rtol=1e-5, atol=1e-12)


@every_block
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_the_output_under_autocast_is_close_to_that_without(name: str, dtype: torch.dtype) -> None:
    block = make(name).eval()
    x = batch()
    with torch.autocast("cpu", dtype=dtype):
        y = block(x)
    assert y.shape == x.shape
    torch.testing.assert_close(y.float(), block(x), rtol=0.05, atol=0.05)


@every_block
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_the_output_has_the_dtype_of_the_module(name: str, dtype: torch.dtype) -> None:
    block = make(name).eval().to(dtype)
    assert block(batch(dtype=dtype)).dtype == dtype


@every_block
def test_channels_last_stays_channels_last(name: str) -> None:
    block = make(name).eval()
    x = batch()
    y = block(x.contiguous(memory_format=torch.channels_last))
    assert y.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(y, block(x))
    with torch.no_grad():
        as_well = block.to(memory_format=torch.channels_last)(
            x.to(memory_format=torch.channels_last)
        )
    torch.testing.assert_close(as_well, y)


@every_block
def test_a_block_compiles_into_one_graph(name: str) -> None:
    torch.compiler.reset()
    block = make(name).eval()
    compiled = torch.compile(block, fullgraph=True, backend="aot_eager")
    for size in (4, 1, 0):
        x = batch(size)
        torch.testing.assert_close(compiled(x), block(x))


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="inductor needs a C++ compiler")
@pytest.mark.parametrize(
    "name", [one if one == "sr" else pytest.param(one, marks=pytest.mark.catalog) for one in BLOCKS]
)
def test_a_block_compiles_with_the_default_backend(name: str) -> None:
    torch.compiler.reset()
    block = make(name).eval()
    x = batch()
    torch.testing.assert_close(torch.compile(block, fullgraph=True)(x), block(x))


@every_block
def test_copies_and_state_dicts_round_trip(name: str) -> None:
    block = make(name).eval()
    with torch.no_grad():
        for parameter in block.parameters():
            parameter.normal_()
    x = batch()
    torch.testing.assert_close(copy.deepcopy(block)(x), block(x), rtol=0, atol=0)
    file = io.BytesIO()
    torch.save(block.state_dict(), file)
    file.seek(0)
    fresh = make(name).eval()
    fresh.load_state_dict(torch.load(file, weights_only=True))
    torch.testing.assert_close(fresh(x), block(x), rtol=0, atol=0)


@every_block
def test_a_block_leaves_its_input_unchanged(name: str) -> None:
    x = batch()
    before = x.clone()
    make(name).train()(x)
    assert torch.equal(x, before)
