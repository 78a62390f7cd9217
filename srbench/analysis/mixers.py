"""The blocks that are analyzed: how their weights or gates are read off, and replaced.

Each works its weights out of the block's input once more, so that one hook is enough to see and to
change them.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torchvision
from torch import Tensor, nn

from srbench.blocks import CBAM, SqueezeExcitation, SqueezeRemember
from srbench.blocks.cbam import ChannelGate, SpatialGate


@dataclass(frozen=True)
class Mixer:
    """A kind of block: ``weights`` are those of an input X (B, C, H, W), flattened to (B, n), and
    ``apply`` is the block's output for an input and weights, (B, n).

    ``shape`` is that of the weights of one image, for an input.
    """

    kind: type[nn.Module]
    title: str
    weights: Callable[[nn.Module, Tensor], Tensor]
    apply: Callable[[nn.Module, Tensor, Tensor], Tensor]
    shape: Callable[[Tensor], tuple[int, ...]] = lambda x: (x.shape[1],)


@dataclass(frozen=True)
class Site:
    """One block in a model: its module's name, and its kind."""

    name: str
    module: nn.Module
    mixer: Mixer

    def weights(self, x: Tensor) -> Tensor:
        """The weights of an input, (B, n)."""
        return self.mixer.weights(self.module, x)

    def apply(self, x: Tensor, weights: Tensor) -> Tensor:
        """The block's output for other weights."""
        return self.mixer.apply(self.module, x, weights)

    @property
    def is_its_kind(self) -> bool:
        """Whether it computes what its kind does: a subclass with a forward of its own may not."""
        forward = getattr(self.module.forward, "__func__", self.module.forward)
        return forward is self.mixer.kind.forward


def _memory_weights(block: nn.Module, x: Tensor) -> Tensor:
    assert isinstance(block, SqueezeRemember)
    weight = block.squeeze.weight.flatten(1).expand(x.shape[0], -1, -1)
    assert block.squeeze.bias is not None
    alpha: Tensor = block.fcn(torch.bmm(weight, x.flatten(2)) + block.squeeze.bias[:, None])
    return alpha


def _remember(block: nn.Module, x: Tensor, alpha: Tensor) -> Tensor:
    """The block's own forward with other weights: the same rounding in any precision."""
    assert isinstance(block, SqueezeRemember)
    hook = block.fcn.register_forward_hook(lambda module, arguments, output: alpha.to(output))
    try:
        return block.forward(x)
    finally:
        hook.remove()


def _excitation(block: nn.Module, x: Tensor) -> Tensor:
    assert isinstance(block, SqueezeExcitation)
    gate: Tensor = block.excitation(block.pool(x))
    return gate


def _excitation_of_torchvision(block: nn.Module, x: Tensor) -> Tensor:
    assert isinstance(block, torchvision.ops.SqueezeExcitation)
    squeezed = block.activation(block.fc1(block.avgpool(x)))
    gate: Tensor = block.scale_activation(block.fc2(squeezed))
    return gate.flatten(1)


def _channel_gate(block: nn.Module, x: Tensor) -> Tensor:
    assert isinstance(block, ChannelGate)
    return torch.sigmoid(block.mlp(block.mean(x)) + block.mlp(block.max(x)))


def _spatial_gate(block: nn.Module, x: Tensor) -> Tensor:
    assert isinstance(block, SpatialGate)
    maps = torch.cat([x.amax(1, keepdim=True), x.mean(1, keepdim=True)], dim=1)
    return torch.sigmoid(block.norm(block.conv(maps))).flatten(1)


def _scale_channels(block: nn.Module, x: Tensor, gate: Tensor) -> Tensor:
    return x * gate[:, :, None, None]


def _scale_places(block: nn.Module, x: Tensor, gate: Tensor) -> Tensor:
    return x * gate.view(-1, 1, *x.shape[2:])


SR = Mixer(SqueezeRemember, "SR", _memory_weights, _remember)
SE = Mixer(SqueezeExcitation, "SE", _excitation, _scale_channels)
TORCHVISION_SE = Mixer(
    torchvision.ops.SqueezeExcitation, "SE", _excitation_of_torchvision, _scale_channels
)
CHANNEL = Mixer(ChannelGate, "CBAM channel", _channel_gate, _scale_channels)
SPATIAL = Mixer(
    SpatialGate, "CBAM spatial", _spatial_gate, _scale_places, lambda x: tuple(x.shape[2:])
)
MIXERS = (SR, SE, TORCHVISION_SE, CHANNEL, SPATIAL)


@dataclass(frozen=True)
class Block:
    """What a user calls one block: its module's name, and its sites, two for CBAM."""

    name: str
    module: nn.Module
    sites: tuple[Site, ...]


def blocks(model: nn.Module) -> list[Block]:
    """The blocks of a model that can be analyzed, in the order of its modules, each once."""
    found: dict[str, list[Site]] = {}
    names = dict(model.named_modules())
    for name, module in names.items():
        for mixer in MIXERS:
            if isinstance(module, mixer.kind):
                parent = name.rpartition(".")[0]
                whole = parent if isinstance(names.get(parent), CBAM) else name
                found.setdefault(whole, []).append(Site(name, module, mixer))
    return [Block(name, names[name], tuple(sites)) for name, sites in found.items()]
