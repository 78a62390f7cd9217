"""What the numbers of an analysis say, in sentences."""

from collections.abc import Iterator, Sequence

from srbench.errors import several, some
from srbench.records.analysis import MEAN, OFF, Analysis, MemoryBlock
from srbench.report.plots.analysis.ablations import difference

LEVEL = 0.05  # of the permutation test
LITTLE = 0.01  # of what a block adds; less varies too little to speak of. This project's choice
NOTHING = 1e-12  # of what a block adds; less is rounding
FLAT = 1e-6  # of the memories' size; what varies less from place to place is rounding


def findings(analysis: Analysis) -> Iterator[str]:
    """What the numbers say of each block with memories, in sentences."""
    for block in analysis.memory_blocks:
        yield from (f"{block.name}: {one}" for one in _of_memories(block, analysis))


def _of_memories(block: MemoryBlock, analysis: Analysis) -> Iterator[str]:
    held = block.memories
    count = len(held.norms)
    if not any(held.norms):
        yield "all memories are zero: the block is fresh, and changes nothing."
        return
    if block.features.size is not None:
        yield f"it adds {_percent(block.features.size)} of the size of its input."
    if count == 1:
        yield "one memory has the weight 1 for every image: the block is a fixed bias."
    elif held.adaptive_share is not None and held.adaptive_share < NOTHING:
        yield "it adds the same to every image: it is a fixed bias."
    elif held.adaptive_share is not None and held.adaptive_share < LITTLE:
        yield (
            f"{_percent(held.adaptive_share)} of what it adds varies from image to image: it is "
            "hardly more than a fixed bias."
        )
    if count > 1:
        yield from _of_classes(block)
    if held.dead:
        yield f"dead, adding less than 1 % of what others do: {_named(held.dead)}."
    for first, second in held.duplicates:
        yield f"the same within 5 %: {_named((first, second))}."
    if held.spatial_share is not None and held.spatial_share < FLAT:
        yield (
            "each channel of a memory is the same at every place: its height and width hold "
            "nothing."
        )
    yield from _of_ablations(block.name, analysis)


def _of_classes(block: MemoryBlock) -> Iterator[str]:
    weights = block.weights
    if weights.p_value is None or weights.by_chance is None:
        yield "all images are of one class: nothing can be said of classes."
        return
    if not weights.image_information:
        yield "its weights are the same for every image."
        return
    vary = f"{weights.image_information:.2g} of {weights.entropy:.2g} bits"
    explains = _percent(weights.information / weights.image_information)
    by_chance = _percent(weights.by_chance / weights.image_information)
    depend = "they depend on the class"
    if weights.p_value > LEVEL:
        depend = "no evidence that they depend on the class"
    yield (
        f"its weights vary by {vary} from image to image, and the class explains {explains} of "
        f"that ({by_chance} by chance, p = {weights.p_value:.3f}): {depend}."
    )


def _of_ablations(name: str, analysis: Analysis) -> Iterator[str]:
    images = several(analysis.images, "image")
    for one in analysis.ablations:
        if one.block == name and one.name in (MEAN, OFF):
            what = "with the same weights for every image" if one.name == MEAN else "without it"
            told = difference(one, analysis.images)
            assert told.low is not None
            assert told.high is not None
            if not one.changed:
                yield f"{what}, no prediction of {images} changes."
            elif told.low <= 0 <= told.high:
                yield (
                    f"{what}, the predicted class of {several(one.changed, 'image')} is another "
                    "one; accuracy: undecided."
                )
            else:
                ends = f"[{100 * told.low:+.2f}, {100 * told.high:+.2f}]"
                yield f"{what}, accuracy changes by {100 * told.value:+.2f} {ends} points."


def _named(memories: Sequence[int]) -> str:
    return some([f"M{number + 1}" for number in memories])


def _percent(share: float) -> str:
    percent = 100 * share
    return f"{percent:.0f} %" if percent >= 100 else f"{percent:.2g} %"
