"""Does a block matter? The same images with a memory left out, with weights that are the same for
every image, and without the block."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from srbench.analysis.batches import BatchKey, Images, key_of
from srbench.analysis.mixers import Block, Site
from srbench.analysis.moments import Floats, Integers
from srbench.analysis.network import input_of, predicted
from srbench.blocks import SqueezeRemember
from srbench.records.analysis import MEAN, OFF

Means = Mapping[str, Floats]  # the mean weights over all images, by the name of the site
Output = Callable[[Tensor, Means], Tensor]  # of a block, for its input


@dataclass(frozen=True)
class Change:
    """What is ablated: other outputs for some modules. ``block`` is empty for all blocks."""

    block: str
    name: str
    outputs: Sequence[tuple[nn.Module, Output]]


@dataclass
class Outcome:
    """Images that are right under a change, batch by batch, and the numbers of those whose
    predicted class differs."""

    right: list[NDArray[np.bool_]] = field(default_factory=list)
    changed: int = 0


def changes(blocks: Sequence[Block]) -> list[Change]:
    """Every ablation: of each block without each of its memories, with the mean of its weights over
    all images, and off; of several blocks all at once with the mean, and off.

    A memory that is left out adds nothing; the weights of the others stay as they are.
    """
    found: list[Change] = []
    for block in blocks:
        for site in block.sites:
            found += _without_each(block, site)
        found += [
            Change(block.name, MEAN, _fixed(block)),
            Change(block.name, OFF, _off(block)),
        ]
    if len(blocks) > 1:
        every = [pair for block in blocks for pair in _fixed(block)]
        found.append(Change("", MEAN, every))
        found.append(Change("", OFF, [pair for block in blocks for pair in _off(block)]))
    return found


def ablate(
    model: nn.Module,
    wanted: Sequence[Change],
    means: Means,
    images: Images,
    step: Callable[[int], None] = lambda images: None,
) -> tuple[list[BatchKey], list[NDArray[np.bool_]], list[Outcome]]:
    """Pass all images through a model as it is and with each change.

    Returns a key of each batch, which of its images are right as it is, and an outcome for each
    change.
    """
    outcomes = [Outcome() for _ in wanted]
    keys: list[BatchKey] = []
    right: list[NDArray[np.bool_]] = []
    for batch, classes in images:
        before = predicted(model, batch)
        keys.append(key_of(batch, classes))
        right.append(before == classes)
        for change, outcome in zip(wanted, outcomes, strict=True):
            after = _predicted_with(model, batch, change, means)
            outcome.right.append(after == classes)
            outcome.changed += int((after != before).sum())
        step(len(classes))
    return keys, right, outcomes


def _predicted_with(model: nn.Module, batch: Tensor, change: Change, means: Means) -> Integers:
    with ExitStack() as hooks:
        for module, output in change.outputs:
            hooks.callback(
                module.register_forward_hook(_Replace(output, means), with_kwargs=True).remove
            )
        return predicted(model, batch)


@dataclass(frozen=True)
class _Replace:
    """A hook that gives a module another output."""

    output: Output
    means: Means

    def __call__(
        self, module: nn.Module, args: tuple[Any, ...], keywords: dict[str, Any], output: Tensor
    ) -> Tensor:
        return self.output(input_of(args, keywords), self.means)


def _without_each(block: Block, site: Site) -> Iterator[Change]:
    memories = len(site.module.memory) if isinstance(site.module, SqueezeRemember) else 0
    if memories < 2:
        return
    for memory in range(memories):

        def output(x: Tensor, means: Means, memory: int = memory) -> Tensor:
            weights = site.weights(x).clone()
            weights[:, memory] = 0
            return site.apply(x, weights)

        yield Change(block.name, f"without M{memory + 1}", [(site.module, output)])


def _fixed(block: Block) -> list[tuple[nn.Module, Output]]:
    """Every site with the same weights for each image."""

    def output(site: Site) -> Output:
        def fixed(x: Tensor, means: Means) -> Tensor:
            own = site.weights(x)
            mean = torch.tensor(means[site.name]).to(own.dtype).to(own.device)
            return site.apply(x, mean.expand_as(own))

        return fixed

    return [(site.module, output(site)) for site in block.sites]


def _off(block: Block) -> list[tuple[nn.Module, Output]]:
    return [(block.module, lambda x, means: x.clone())]
