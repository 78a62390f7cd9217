"""Running on shapes alone: what is worked out, and what is detected."""

import numpy
import pytest
import torch
from torch import Tensor, nn

from srbench.shapes.known_values import forget_values
from srbench.shapes.on_shapes import on_shapes
from srbench.shapes.torch_function import NeedsValues
from srbench.shapes.uninitialised import blank


@pytest.mark.parametrize(
    ("function", "shape"),
    [
        (nn.Conv2d(3, 5, 3, stride=2), (2, 3, 9, 8)),
        (nn.MaxPool2d(3, 2, 1), (2, 3, 9, 8)),
        (lambda x: x.transpose(0, 1) + 1, (4, 5)),
        (lambda x: torch.cat([x, 2 * x], dim=1), (4, 5)),
        (lambda x: (x > 0, x.argmax(1)), (4, 5)),
        (lambda x: nn.functional.interpolate(x, scale_factor=2.0), (1, 2, 3, 4)),
    ],
)
def test_results_have_the_real_shape_strides_and_dtype(function: object, shape: tuple) -> None:
    x = torch.zeros(shape)
    with on_shapes():
        on_shape = function(without_values(*shape))
    with torch.no_grad():
        real = function(x)
    for ours, theirs in zip(
        *(r if isinstance(r, tuple) else (r,) for r in (on_shape, real)), strict=True
    ):
        assert (ours.shape, ours.stride(), ours.dtype, ours.device) == (
            theirs.shape,
            theirs.stride(),
            theirs.dtype,
            theirs.device,
        )


def without_values(*shape: int) -> Tensor:
    return forget_values(torch.empty(shape))


def test_equal_numbers_of_different_types_are_kept_apart() -> None:
    x = torch.zeros(3, dtype=torch.int64)
    for number in (1, 1.0, True, 1):
        with on_shapes():
            blank = x[:] * number
        assert blank.dtype == (x * number).dtype


def test_in_place_operators_return_their_input_and_leave_it_alone() -> None:
    x = forget_values(torch.ones(3))
    with on_shapes():
        assert x.add_(1) is x
    assert torch.equal(x, torch.ones(3))


def test_wrong_shapes_are_still_errors() -> None:
    with pytest.raises(RuntimeError, match="broadcast"), on_shapes():
        without_values(3).add_(torch.zeros(4))
    with pytest.raises(RuntimeError), on_shapes():
        torch.zeros(3, 4) @ torch.zeros(3, 4)


def test_operators_that_depend_on_values_raise() -> None:
    with pytest.raises(NeedsValues), on_shapes():
        float((without_values(3) + 1).sum())
    with pytest.raises(NeedsValues), on_shapes():
        without_values(3).nonzero()
    with pytest.raises(NeedsValues), on_shapes():
        bool(without_values(3).sum() > 0)
    with pytest.raises(NeedsValues), on_shapes():
        int((without_values(3) + 1).argmax())


@pytest.mark.parametrize(
    "read", [Tensor.tolist, Tensor.numpy, Tensor.item, Tensor.data_ptr, numpy.asarray, list]
)
def test_reading_values_past_the_dispatcher_raises(read: object) -> None:
    def reading() -> None:
        float(read(without_values(1) + 1)[0])

    with pytest.raises(NeedsValues), on_shapes():
        reading()


def test_what_depends_on_neither_input_nor_weights_has_values() -> None:
    """Sizes, constants and indices decide what runs, and so they are computed for real."""
    x = without_values(2, 6, 6)
    with on_shapes():
        grid = torch.arange(6) * 2 + 1
        assert grid.tolist() == [1, 3, 5, 7, 9, 11]
        assert int((torch.tensor(x.shape[-1]) / 4).ceil()) == 2
        chosen = x[..., (grid % 3 == 0).nonzero()[:, 0]]  # 3 and 9
        assert chosen.shape == (2, 6, 2)
        assert x[torch.tensor([True, False])].shape == (1, 6, 6)
        with pytest.raises(NeedsValues):
            float((x * 0).sum())
        grid[2] = x.sum()
        with pytest.raises(NeedsValues):
            grid.tolist()


def test_weights_have_no_values_and_neither_has_what_is_made_from_them() -> None:
    layer = nn.Linear(3, 3)
    with blank():
        layer.register_buffer("made", nn.init.ones_(torch.empty(3)))
    with on_shapes():
        for tensor in (layer.weight[0, 0], layer.weight.sum(), layer.made):
            with pytest.raises(NeedsValues):
                float(tensor.sum())


def test_a_model_built_on_shapes_has_trainable_weights_on_the_cpu() -> None:
    with on_shapes():
        layer = nn.Linear(1000, 1000)
    assert layer.weight.requires_grad
    assert layer.weight.shape == (1000, 1000)
    assert layer.weight.device.type == "cpu"
