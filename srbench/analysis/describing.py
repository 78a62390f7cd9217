"""From what was seen of the blocks to the numbers behind their figures."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from srbench.analysis import memories
from srbench.analysis.batches import Images
from srbench.analysis.features import FeatureMoments, Maps
from srbench.analysis.mixers import SR, Block, Site
from srbench.analysis.moments import Floats, Integers, Moments, rows
from srbench.analysis.observing import Seen, Watched
from srbench.blocks import SqueezeRemember
from srbench.records.analysis import (
    Example,
    Features,
    GateBlock,
    MemoryBlock,
    MemoryWeights,
    Spread,
)
from srbench.stats.information import PERMUTATIONS, entropy, information


def mean_weights(running: Sequence[Block], seen: Seen) -> Mapping[str, Floats]:
    """The mean weights over all images of every site, by its name."""
    return {site.name: _mean(seen.blocks[site.name]) for block in running for site in block.sites}


def memory_blocks(running: Sequence[Block], seen: Seen, images: Images) -> Iterator[MemoryBlock]:
    """The blocks with memories."""
    for site in _sites(running):
        if site.mixer is SR:
            yield _memory_block(site, seen, images)


def gate_blocks(running: Sequence[Block], seen: Seen) -> Iterator[GateBlock]:
    """The blocks that scale, each gate of CBAM by itself."""
    for site in _sites(running):
        watched = seen.blocks[site.name]
        if watched.gates is not None:
            yield GateBlock(
                site.name,
                site.mixer.title,
                watched.gates_shape,
                _spread(watched.gates),
                *_explained(watched.gates),
            )


def class_names(images: Images, classes: Integers) -> dict[int, str]:
    """The names of all classes that have images, by their numbers."""
    return {int(number): images.names[number] for number in np.unique(classes)}


def _sites(running: Sequence[Block]) -> Iterator[Site]:
    return (site for block in running for site in block.sites)


def _mean(watched: Watched) -> Floats:
    gates = watched.gates
    mean: Floats = watched.weights_of_all.mean(0) if gates is None else gates.whole().mean[0]
    return mean


def _memory_block(site: Site, seen: Seen, images: Images) -> MemoryBlock:
    watched = seen.blocks[site.name]
    weights = watched.weights_of_all
    assert isinstance(site.module, SqueezeRemember)
    assert watched.features is not None
    memory = site.module.memory.detach().cpu().double().numpy()
    return MemoryBlock(
        site.name,
        _memory_weights(weights, seen.classes_of_all, images),
        memories.describe(memory, weights),
        _features(watched.features),
        tuple(
            _example(images.names[images.chosen[group]], seen.number(group), maps)
            for group, maps in sorted(watched.examples.items())
        ),
    )


def _memory_weights(weights: Floats, classes: Integers, images: Images) -> MemoryWeights:
    moments = Moments(images.groups, weights.shape[1])
    moments.add(weights, images.group_of(classes))
    every = np.unique(classes)
    found = information(weights, classes)
    return MemoryWeights(
        _spread(moments),
        tuple(every.tolist()),
        rows(np.stack([weights[classes == number].mean(0) for number in every])),
        float(entropy(weights.mean(0))),
        float(entropy(weights).mean()),
        found.value,
        found.by_chance,
        found.p_value,
        PERMUTATIONS,
    )


def _features(moments: FeatureMoments) -> Features:
    _, height, width = moments.shape
    added, size = moments.sizes.whole().mean[0]
    places = np.concatenate([moments.place.whole().mean, moments.place.mean[:-1]])
    return Features(
        _spread(moments.before),
        _spread(moments.after),
        _spread(moments.difference),
        tuple(rows(one.reshape(height, width)) for one in places),
        float(added / size) if size else None,
    )


def _example(name: str, number: int, maps: Maps) -> Example:
    return Example(name, number, rows(maps.before), rows(maps.after), rows(maps.difference))


def _spread(moments: Moments) -> Spread:
    """All images, then each chosen class; the last group, of other images, has no row."""
    whole = moments.whole()
    mean = np.concatenate([whole.mean, moments.mean[:-1]])
    deviation = np.concatenate([whole.deviation, moments.deviation[:-1]])
    return Spread(
        rows(mean),
        tuple(tuple(None if np.isnan(v) else float(v) for v in row) for row in deviation),
    )


def _explained(gates: Moments) -> tuple[float | None, float | None]:
    """The share of the variance over the images of the chosen classes that lies between them,
    summed over all gates, and its mean over all ways to deal the classes: (K - 1) / (N - 1) for K
    classes and N images, whatever the values. None if there is one class, or nothing varies."""
    chosen = gates.without_last()
    classes, images = int((chosen.count > 0).sum()), int(chosen.count.sum())
    within, between = chosen.variances()
    whole = within + between
    if classes < 2 or not whole > 0:
        return None, None
    return between / whole, (classes - 1) / (images - 1)
