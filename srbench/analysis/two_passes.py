"""Puts an analysis together: one pass that watches the blocks, and one that ablates them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import nn

from srbench.analysis.ablating import Change, Outcome, ablate, changes
from srbench.analysis.batches import Images, Processes, no_images, require_same
from srbench.analysis.describing import class_names, gate_blocks, mean_weights, memory_blocks
from srbench.analysis.mixers import SR, Block
from srbench.analysis.moments import Floats, Integers
from srbench.analysis.network import blocks_of, digest, in_evaluation, require_uncompiled, unwrapped
from srbench.analysis.observing import Seen, watch
from srbench.analysis.picture import picture
from srbench.errors import SrbenchError, some
from srbench.records.analysis import Ablation, Analysis, AnalysisKey, ByImage

Step = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Found:
    """An analysis, and what it is made of image by image, in their order: the classes (N,), which
    are right (N,), the weights of each block's memories (N, P) by its name, and which are right
    under each ablation, (N,)."""

    analysis: Analysis
    classes: Integers
    right: NDArray[np.bool_]
    weights: dict[str, Floats]
    ablated: list[NDArray[np.bool_]]

    @property
    def by_image(self) -> ByImage:
        """A row for each image: its class, what is right, and the weights of its memories."""
        names = [self.analysis.class_names[number] for number in self.classes.tolist()]
        columns = ["image", "class", "right"]
        parts = [range(len(names)), names, self.right.astype(int).tolist()]
        for one, bits in zip(self.analysis.ablations, self.ablated, strict=True):
            columns.append(f"right: {one.block or 'all blocks'} {one.name}")
            parts.append(bits.astype(int).tolist())
        for block, weights in self.weights.items():
            for memory, values in enumerate(weights.T.tolist(), start=1):
                columns.append(f"weight: {block} M{memory}")
                parts.append(values)
        return ByImage(columns, list(zip(*parts, strict=True)))


def analyze(
    model: nn.Module,
    images: Images,
    data: str,
    tested: str = "",
    is_ablated: bool = True,
    processes: Processes | None = None,
    step: Step = lambda pass_name, done, each: None,
) -> Found:
    """Analyze the blocks of a model: what they do with the images, and whether it matters.

    The model is used as it is, in evaluation mode; its modes are restored and all hooks removed.
    Memory does not depend on the number of images, but for their classes, the weights of memories,
    and a bit for each ablation. ``data`` names the images, and ``tested`` says which of them they
    are. ``step`` is called after each batch with ``"watching"`` or ``"ablating"``, the forward
    passes of single images that it took, and those that each image takes in all.

    Raises SrbenchError for a model without such blocks, for images that it does not take, and for a
    class without images.
    """
    together = processes or Processes()
    plain = unwrapped(model)
    require_uncompiled(plain)
    found = blocks_of(plain)
    with in_evaluation(plain):
        sites = [site for block in found for site in block.sites]
        runs = 1 + len(changes(found)) if is_ablated else 0  # of each image in the second pass
        seen = watch(plain, sites, images, lambda n: step("watching", n, 1 + runs))
        seen = seen.gathered(together)
        _require_images(images, seen)
        notes = {block: _unused(block, seen) for block in found}
        running = [block for block in found if not notes[block]]
        _require_running(running, notes.values())
        wanted = changes(running) if is_ablated else []
        outcomes: list[Outcome] = []
        if wanted:
            means = mean_weights(running, seen)
            keys, right, outcomes = ablate(
                plain, wanted, means, images, lambda n: step("ablating", runs * n, 1 + runs)
            )
            require_same(seen.keys, together.in_order(keys))
            seen.right = together.in_order(right)
            outcomes = [_gathered(one, together) for one in outcomes]
    right_of_all = np.concatenate(seen.right)
    ablated = [np.concatenate(one.right) for one in outcomes]
    chosen = [images.names[number] for number in images.chosen]
    analysis = Analysis(
        AnalysisKey(data, digest(plain), tuple(chosen)),
        len(right_of_all),
        int(right_of_all.sum()),
        tuple(int((seen.classes_of_all == number).sum()) for number in images.chosen),
        tuple(memory_blocks(running, seen, images)),
        tuple(gate_blocks(running, seen)),
        tuple(map(_ablation, wanted, outcomes, ablated, [right_of_all] * len(wanted))),
        class_names(images, seen.classes_of_all),
        {chosen[group]: picture(seen.first[group].image) for group in sorted(seen.first)},
        tested,
        tuple(note for note in notes.values() if note),
    )
    weights = {
        site.name: seen.blocks[site.name].weights_of_all
        for block in running
        for site in block.sites
        if site.mixer is SR
    }
    return Found(analysis, seen.classes_of_all, right_of_all, weights, ablated)


def _ablation(
    change: Change, outcome: Outcome, after: NDArray[np.bool_], before: NDArray[np.bool_]
) -> Ablation:
    gained, lost = int((after & ~before).sum()), int((before & ~after).sum())
    return Ablation(change.block, change.name, int(after.sum()), gained, lost, outcome.changed)


def _gathered(outcome: Outcome, together: Processes) -> Outcome:
    return Outcome(together.in_order(outcome.right), sum(together.gather(outcome.changed)))


def _unused(block: Block, seen: Seen) -> str:
    """Why a block is left out; nothing for one that every image passes."""
    images = len(seen.classes_of_all)
    least = min(seen.blocks[site.name].images for site in block.sites)
    if least == images:
        return ""
    return f"{block.name} runs for {least} of {images} images, and is left out"


def _require_running(running: Sequence[Block], notes: Iterable[str]) -> None:
    if not running:
        raise SrbenchError(
            f"no block runs for every image: {some(list(notes))}", "give a network that uses them"
        )


def _require_images(images: Images, seen: Seen) -> None:
    """Raises SrbenchError if there is no image, or a chosen class has none."""
    if not seen.classes:
        raise no_images()
    there = set(seen.classes_of_all.tolist())
    lacking = [images.names[number] for number in images.chosen if number not in there]
    if lacking:
        raise SrbenchError(
            f"the images have none of class {some(lacking)}",
            f"choose among the classes {some([images.names[number] for number in sorted(there)])}",
        )
