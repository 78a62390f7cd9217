"""Watches blocks while images pass, and sums up what they do in constant memory."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from srbench.analysis.batches import BatchKey, Images, Processes, key_of
from srbench.analysis.features import FeatureMoments, Maps, maps
from srbench.analysis.mixers import SR, Site
from srbench.analysis.moments import Floats, Integers, Moments
from srbench.analysis.network import input_of, predicted
from srbench.errors import SrbenchError

ROUNDINGS = 64  # between a block's output and what is worked out again, in units of its precision


@dataclass
class Watched:
    """What one block did with images: the weights of each image for memories alone, (B, P) a batch;
    for gates their moments and the shape of an image's; features only of memories. ``examples``
    are the maps of the first image of each chosen class, by its group. ``images`` were seen."""

    weights: list[Floats] = field(default_factory=list)
    gates: Moments | None = None
    gates_shape: tuple[int, ...] = ()
    features: FeatureMoments | None = None
    examples: dict[int, Maps] = field(default_factory=dict)
    images: int = 0

    @cached_property
    def weights_of_all(self) -> Floats:
        """The weights of all images, (N, P), once all are there."""
        return np.concatenate(self.weights)

    def merge(self, other: "Watched") -> None:
        """Add the moments of another process, of other images."""
        for name in ("gates", "features"):
            own, there = getattr(self, name), getattr(other, name)
            if own is None:
                setattr(self, name, there)
            elif there is not None:
                own.merge(there)
        self.gates_shape = self.gates_shape or other.gates_shape


@dataclass(frozen=True)
class First:
    """The first image of a class: the numbers of its batch, and of itself in that."""

    batch: int
    place: int
    image: Tensor


@dataclass
class Seen:
    """What one pass saw: the classes and the key of each batch, whether its images were classified
    rightly, the first image of each chosen class by its group, and what each block did, by its
    name."""

    blocks: dict[str, Watched]
    classes: list[Integers] = field(default_factory=list)
    keys: list[BatchKey] = field(default_factory=list)
    right: list[NDArray[np.bool_]] = field(default_factory=list)
    first: dict[int, First] = field(default_factory=dict)

    @cached_property
    def classes_of_all(self) -> Integers:
        """The class of each image, (N,), once all are there."""
        return np.concatenate(self.classes)

    def number(self, group: int) -> int:
        """The number of the first image of a group, from 0."""
        first = self.first[group]
        return sum(map(len, self.classes[: first.batch])) + first.place

    def gathered(self, together: Processes) -> "Seen":
        """What all processes saw, in the order of the images."""
        found = Seen(
            {},
            together.in_order(self.classes),
            together.in_order(self.keys),
            together.in_order(self.right),
        )
        own = [
            replace(one, batch=one.batch * together.size + together.rank)
            for one in self.first.values()
        ]
        firsts = together.gather(dict(zip(self.first, own, strict=True)))
        holders: dict[int, int] = {}  # of the first image of each group
        for rank, theirs in enumerate(firsts):
            for group, one in theirs.items():
                if group not in found.first or one.batch < found.first[group].batch:
                    found.first[group], holders[group] = one, rank
        for name, watched in self.blocks.items():
            parts = together.gather(watched)
            whole = Watched(
                together.in_order(watched.weights), images=sum(part.images for part in parts)
            )
            for part in parts:
                whole.merge(part)
            whole.examples = {
                group: parts[rank].examples[group]
                for group, rank in holders.items()
                if group in parts[rank].examples
            }
            found.blocks[name] = whole
        return found


def watch(
    model: nn.Module,
    sites: Sequence[Site],
    images: Images,
    step: Callable[[int], None] = lambda images: None,
) -> Seen:
    """Pass all images through a model once, in evaluation mode, which is then as before.

    ``step`` is called with the number of images of each batch. Raises SrbenchError for images that
    the model does not take, and for a block that runs more than once.
    """
    seen = Seen({site.name: Watched() for site in sites})
    for number, (batch, classes) in enumerate(images):
        groups = images.group_of(classes)
        new = [g for g in np.unique(groups) if g < len(images.chosen) and g not in seen.first]
        first = {int(g): int(np.flatnonzero(groups == g)[0]) for g in new}
        for group, place in first.items():
            seen.first[group] = First(number, place, batch[place].cpu())
        with ExitStack() as hooks:
            for site in sites:
                look = _Look(site, seen.blocks[site.name], images.groups, groups, first)
                hooks.callback(site.module.register_forward_hook(look, with_kwargs=True).remove)
            found = predicted(model, batch)
        seen.classes.append(classes)
        seen.keys.append(key_of(batch, classes))
        seen.right.append(found == classes)
        step(len(classes))
    return seen


@dataclass
class _Look:
    """A hook that sums up what a block does with one batch."""

    site: Site
    watched: Watched
    kinds: int
    groups: Integers
    first: dict[int, int]
    calls: int = 0

    def __call__(
        self, module: nn.Module, args: tuple[Any, ...], keywords: dict[str, Any], output: Tensor
    ) -> None:
        self.calls += 1
        x = input_of(args, keywords)
        if self.calls > 1 or len(x) != len(self.groups):
            raise SrbenchError(
                f"{self.site.name} does not run once for each image",
                "give each place its own block",
            )
        weights = self.site.weights(x)
        found = weights.detach().cpu().double().numpy()
        if not np.isfinite(found).all() or not bool(output.isfinite().all()):
            raise SrbenchError(
                f"{self.site.name} gets or gives values that are no numbers",
                "find out which images or weights hold NaN or infinity",
            )
        if not self.watched.images:
            _require_understood(self.site, self.site.apply(x, weights), output)
        self.watched.images += len(x)
        if self.site.mixer is SR:
            self.watched.weights.append(found)
            self._add_features(x, output)
            return
        shape = self.site.mixer.shape(x)
        if self.watched.gates is None:
            self.watched.gates = Moments(self.kinds, found.shape[1])
            self.watched.gates_shape = shape
        if shape != self.watched.gates_shape:
            raise SrbenchError(
                f"{self.site.name} gets maps of several sizes, {self.watched.gates_shape} and "
                f"{shape}",
                "give images of one size",
            )
        self.watched.gates.add(found, self.groups)

    def _add_features(self, before: Tensor, after: Tensor) -> None:
        if self.watched.features is None:
            _, channels, height, width = before.shape
            self.watched.features = FeatureMoments(self.kinds, (channels, height, width))
        self.watched.features.add(before, after, self.groups)
        for group, place in self.first.items():
            self.watched.examples[group] = maps(before[place], after[place])


def _require_understood(site: Site, again: Tensor, output: Tensor) -> None:
    """Raises SrbenchError for a block that computes something else than its kind."""
    near = ROUNDINGS * torch.finfo(output.dtype).eps * output.abs().max()
    is_near = again.shape == output.shape and bool(((again - output).abs() <= near).all())
    if not site.is_its_kind or not is_near:
        raise SrbenchError(
            f"{site.name} is a {type(site.module).__name__} that computes something else than a "
            f"{site.mixer.kind.__name__}",
            "analyze the block of srbench.blocks, without hooks that change it",
        )
