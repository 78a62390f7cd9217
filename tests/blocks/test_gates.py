"""SE, CBAM and dropout2d against their papers' equations."""

import pytest
import torch
from torch.nn import functional

from srbench.blocks import CBAM, Dropout2d, SqueezeExcitation


def test_squeeze_excitation_is_the_papers_gate() -> None:
    torch.manual_seed(0)
    block = SqueezeExcitation(12, reduction=4)
    x = torch.randn(2, 12, 5, 3)
    w1, w2 = block.excitation[1], block.excitation[3]
    z = x.mean((2, 3))
    s = 1 / (1 + torch.exp(-(functional.relu(z @ w1.weight.T + w1.bias) @ w2.weight.T + w2.bias)))
    torch.testing.assert_close(block(x), torch.einsum("bc,bchw->bchw", s, x))


def test_cbam_is_the_papers_two_gates() -> None:
    torch.manual_seed(0)
    block = CBAM(12, reduction=4, kernel=3).eval()
    block.spatial.norm.running_mean.fill_(0.3)
    block.spatial.norm.running_var.fill_(2.0)
    x = torch.randn(2, 12, 5, 3)

    def mlp(pooled: torch.Tensor) -> torch.Tensor:
        first, last = block.channel.mlp[1], block.channel.mlp[3]
        return functional.relu(pooled @ first.weight.T + first.bias) @ last.weight.T + last.bias

    channel = torch.sigmoid(mlp(x.mean((2, 3))) + mlp(x.flatten(2).max(2).values))
    x1 = x * channel[:, :, None, None]
    maps = torch.stack([x1.max(1).values, x1.mean(1)], dim=1)
    convolved = functional.conv2d(maps, block.spatial.conv.weight, padding=1)
    normed = (convolved - 0.3) / (2.0 + block.spatial.norm.eps) ** 0.5
    torch.testing.assert_close(block(x), x1 * torch.sigmoid(normed))


@pytest.mark.parametrize("cls", [SqueezeExcitation, CBAM])
def test_the_reduced_width_is_exactly_the_floor(cls: type) -> None:
    widths = {
        parameter.shape[0]
        for name, parameter in cls(20, reduction=7).named_parameters()
        if name.endswith("1.bias")
    }
    assert widths == {2}


@pytest.mark.parametrize("cls", [SqueezeExcitation, CBAM])
def test_a_reduction_that_leaves_no_channel_is_an_error(cls: type) -> None:
    with pytest.raises(ValueError, match="reduction 16 leaves none of 8 channels"):
        cls(8)
    with pytest.raises(ValueError, match="reduction must be at least 1"):
        cls(8, reduction=0)


def test_an_even_kernel_is_an_error() -> None:
    with pytest.raises(ValueError, match="kernel must be odd"):
        CBAM(16, kernel=4)


def test_dropout_drops_whole_channels_and_rescales() -> None:
    torch.manual_seed(0)
    y = Dropout2d(0.25).train()(torch.ones(64, 100, 3, 2))
    per_channel = y.flatten(2)
    assert (per_channel == per_channel[:, :, :1]).all()
    dropped = (per_channel[:, :, 0] == 0).float().mean().item()
    assert dropped == pytest.approx(0.25, abs=0.03)
    assert per_channel.max().item() == pytest.approx(1 / 0.75)


def test_dropout_is_the_identity_in_evaluation() -> None:
    x = torch.randn(2, 3, 4, 5)
    assert torch.equal(Dropout2d().eval()(x), x)


def test_dropout_rejects_an_invalid_probability() -> None:
    with pytest.raises(ValueError, match="probability"):
        Dropout2d(1.5)
