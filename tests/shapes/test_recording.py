"""Running on shapes alone: what is recorded, and what is detected."""

import numpy
import pytest
import torch
from torch import Tensor, nn

from srbench.shapes.recording import Recording, Replay, on_shapes
from srbench.shapes.torch_function import NeedsValues


def recorded(function: object, *inputs: torch.Tensor) -> Recording:
    recording = Recording()
    with on_shapes(recording):
        function(*inputs)
    return recording


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
    with on_shapes(Recording()):
        blank = function(x)
    with torch.no_grad():
        real = function(x)
    for ours, theirs in zip(
        *(r if isinstance(r, tuple) else (r,) for r in (blank, real)), strict=True
    ):
        assert (ours.shape, ours.stride(), ours.dtype, ours.device) == (
            theirs.shape,
            theirs.stride(),
            theirs.dtype,
            theirs.device,
        )


def test_equal_numbers_of_different_types_are_kept_apart() -> None:
    x = torch.zeros(3, dtype=torch.int64)
    for number in (1, 1.0, True, 1):
        with on_shapes(Recording()):
            blank = x[:] * number
        assert blank.dtype == (x * number).dtype


def test_in_place_operators_return_their_input_and_leave_it_alone() -> None:
    x = torch.ones(3)
    with on_shapes(Recording()):
        assert x.add_(1) is x
    assert torch.equal(x, torch.ones(3))


def test_wrong_shapes_are_still_errors() -> None:
    with pytest.raises(RuntimeError, match="broadcast"), on_shapes(Recording()):
        torch.zeros(3).add_(torch.zeros(4))
    with pytest.raises(RuntimeError), on_shapes(Recording()):
        torch.zeros(3, 4) @ torch.zeros(3, 4)


def test_operators_that_depend_on_values_raise() -> None:
    with pytest.raises(NeedsValues), on_shapes(Recording()):
        float((torch.zeros(3) + 1).sum())
    with pytest.raises(NeedsValues), on_shapes(Recording()):
        torch.ones(3).nonzero()
    with pytest.raises(NeedsValues), on_shapes(Recording()):
        bool(torch.zeros(3).sum() > 0)
    with pytest.raises(NeedsValues), on_shapes(Recording()):
        int((torch.zeros(3) + 1).argmax())


@pytest.mark.parametrize(
    "read", [Tensor.tolist, Tensor.numpy, Tensor.item, Tensor.data_ptr, numpy.asarray, list]
)
def test_reading_values_past_the_dispatcher_raises(read: object) -> None:
    def reading() -> None:
        float(read(torch.zeros(1) + 1)[0])

    with pytest.raises(NeedsValues), on_shapes(Recording()):
        reading()


def test_a_replay_notices_another_operator() -> None:
    x = torch.ones(3)
    with (
        pytest.raises(NeedsValues, match=r"aten\.relu\.default runs where aten\.sigmoid"),
        on_shapes(Replay(recorded(torch.sigmoid, x))),
    ):
        torch.relu(x)


def test_a_replay_notices_missing_and_additional_operators() -> None:
    x = torch.ones(3)
    replay = Replay(recorded(torch.sigmoid, x))
    with pytest.raises(NeedsValues, match="does not now"):
        replay.finish()
    with pytest.raises(NeedsValues, match="runs where None"), on_shapes(replay):
        torch.sigmoid(torch.sigmoid(x))


def test_a_model_built_on_shapes_has_trainable_weights_on_the_cpu() -> None:
    with on_shapes(Recording()):
        layer = nn.Linear(1000, 1000)
    assert layer.weight.requires_grad
    assert layer.weight.shape == (1000, 1000)
    assert layer.weight.device.type == "cpu"
