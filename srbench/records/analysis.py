"""What trained blocks do with images: the numbers behind every figure of an analysis."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import prod
from typing import Any, ClassVar

from srbench.records.bounds import LARGEST, require_counts
from srbench.records.schema import STRICT, Kind

ROUNDING = 1e-12  # bits; a difference of two entropies that is closer to 0 is none
MOST_BITS = 64.0  # of any entropy
MEAN, OFF = "mean weights", "off"  # the names of two ablations

Vector = tuple[float, ...]
Matrix = tuple[Vector, ...]


@dataclass(frozen=True)
class AnalysisKey:
    """What distinguishes the analyses of a row: the images, the weights by their digest, and the
    classes that were chosen."""

    __pydantic_config__ = STRICT
    data: str
    weights: str
    classes: tuple[str, ...]


@dataclass(frozen=True)
class Spread:
    """Means and sample standard deviations over images of n values, a row for all images and one
    for each class that was chosen; None where there are too few images."""

    __pydantic_config__ = STRICT
    mean: Matrix
    deviation: tuple[tuple[float | None, ...], ...]


@dataclass(frozen=True)
class MemoryWeights:
    """The softmax weights of P memories, taken as p(memory | image).

    ``spread`` is over images. ``by_class`` are the means of all classes that have images, whose
    numbers are ``classes``. In bits: ``entropy`` of the mean weights, ``image_entropy``, the mean
    entropy of an image's weights, and ``information``, the mutual information of class and memory;
    ``by_chance`` is its mean if the classes are dealt at random, and ``p_value`` the share of such
    deals with as much. Both are None for a single class.
    """

    __pydantic_config__ = STRICT
    spread: Spread
    classes: tuple[int, ...]
    by_class: Matrix
    entropy: float
    image_entropy: float
    information: float
    by_chance: float | None
    p_value: float | None
    permutations: int

    @property
    def in_use(self) -> float:
        """How many memories are in use, as the number of equally likely ones with that entropy."""
        return float(2**self.entropy)

    @property
    def image_information(self) -> float:
        """The mutual information of image and memory, in bits: how much weights vary at all."""
        found = self.entropy - self.image_entropy
        return found if found > ROUNDING else 0.0


@dataclass(frozen=True)
class Memories:
    """What the memories M hold, of shape (C, H, W) each.

    ``activity`` (P, C) are means over the places of a channel, ``maps`` (P, H, W) those over
    channels. ``cosine`` (P, P) is None beside a memory that is zero. ``rank`` is the effective rank
    of all memories, and ``centred_rank`` that of what is left without their mean, None if nothing
    is. ``dead`` and ``duplicates`` are numbers of memories, from 0. ``adaptive_share`` is the part
    of the squared size of the mixture that varies from image to image, and ``spatial_share`` the
    part of the memories' squared size that varies within channels from place to place; None if
    there is no size.
    """

    __pydantic_config__ = STRICT
    activity: Matrix
    maps: tuple[Matrix, ...]
    norms: Vector
    cosine: tuple[tuple[float | None, ...], ...]
    rank: float | None
    centred_rank: float | None
    dead: tuple[int, ...]
    duplicates: tuple[tuple[int, int], ...]
    adaptive_share: float | None
    spatial_share: float | None


@dataclass(frozen=True)
class Features:
    """Feature maps before and after a block, each value a mean over the places of a channel: the
    activation, and the absolute difference. ``place`` is the absolute difference as a mean over
    channels, a map (H, W) for all images and for each class. ``size`` is what the block adds beside
    its input, both as means over images of Euclidean norms; None if the input is always zero."""

    __pydantic_config__ = STRICT
    before: Spread
    after: Spread
    difference: Spread
    place: tuple[Matrix, ...]
    size: float | None


@dataclass(frozen=True)
class Example:
    """An image of a class: its number among the images, and the maps (H, W) before and after the
    block and of the absolute difference, as means over channels."""

    __pydantic_config__ = STRICT
    name: str
    number: int
    before: Matrix
    after: Matrix
    difference: Matrix


@dataclass(frozen=True)
class MemoryBlock:
    """A Squeeze-and-Remember block, by the name of its module."""

    __pydantic_config__ = STRICT
    name: str
    weights: MemoryWeights
    memories: Memories
    features: Features
    examples: tuple[Example, ...]


@dataclass(frozen=True)
class GateBlock:
    """A block that scales: its gates by channel, or by place in a map of ``shape``.

    ``explained`` is the share of the gates' variance over the images of the chosen classes that
    lies between these classes, and ``by_chance`` its mean if the classes are dealt to the images at
    random; None if nothing varies or there is one class.
    """

    __pydantic_config__ = STRICT
    name: str
    title: str
    shape: tuple[int, ...]
    gates: Spread
    explained: float | None
    by_chance: float | None


@dataclass(frozen=True)
class Ablation:
    """What the network does without something: images that are right then, those that it ``gained``
    and ``lost``, and those whose predicted class ``changed``. ``block`` is empty if it is about all
    blocks."""

    __pydantic_config__ = STRICT
    block: str
    name: str
    right: int
    gained: int
    lost: int
    changed: int


@dataclass(frozen=True)
class Analysis:
    """What the blocks of one network do.

    ``images`` were seen, ``right`` of them classified rightly. ``counts`` are images by class, of
    those that were chosen. ``pictures`` are images by class as PNG, in base 64.
    """

    __pydantic_config__ = STRICT
    key: AnalysisKey
    images: int
    right: int
    counts: tuple[int, ...]
    memory_blocks: tuple[MemoryBlock, ...]
    gate_blocks: tuple[GateBlock, ...]
    ablations: tuple[Ablation, ...]
    class_names: Mapping[int, str]
    pictures: Mapping[str, str]
    tested: str = ""
    notes: tuple[str, ...] = ()

    kind: ClassVar[Kind] = "analyzed"
    warnings: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        """Raises ValueError for impossible numbers, and for arrays that do not fit together."""
        require_counts(self.images, self.right, *self.counts)
        if self.images < 1 or self.right > self.images or sum(self.counts) > self.images:
            raise ValueError("the images do not add up")
        for one in self.ablations:
            require_counts(one.right, one.gained, one.lost, one.changed)
            is_sum = one.right == self.right + one.gained - one.lost
            if not is_sum or one.gained + one.lost > one.changed or one.changed > self.images:
                raise ValueError("the images of an ablation do not add up")
        if len(self.counts) != len(self.key.classes):
            raise ValueError("each chosen class must have a count")
        for block in self.memory_blocks:
            if not _fits(block, self):
                raise ValueError(f"the arrays of {block.name} do not fit together")
        for gates in self.gate_blocks:
            if not gates.shape or not _is_spread(
                gates.gates, 1 + len(self.counts), prod(gates.shape)
            ):
                raise ValueError(f"the arrays of {gates.name} do not fit together")

    def flat(self) -> dict[str, Any]:
        """The accuracy as a share, and the numbers of blocks."""
        return {
            "top1": self.right / self.images,
            "images": self.images,
            "memory_blocks": len(self.memory_blocks),
            "gate_blocks": len(self.gate_blocks),
        }

    def how(self) -> dict[str, Any]:
        """Columns of what was analyzed."""
        return {
            "data": self.key.data,
            "weights": self.key.weights,
            "classes": "; ".join(self.key.classes),
        }

    def rest(self) -> dict[str, Any]:
        """What does not fit into a flat row."""
        return {"analysis": asdict(self)}


@dataclass(frozen=True)
class ByImage:
    """What an analysis is made of, a row for each image."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]


def _fits(block: MemoryBlock, analysis: Analysis) -> bool:
    """Whether the arrays of a block have the shapes that they must have."""
    rows, held, weights = 1 + len(analysis.counts), block.memories, block.weights
    count, found = len(held.norms), block.features
    height, width = _shape(found.place[0]) if found.place else (0, 0)
    spreads = (found.before, found.after, found.difference)
    bits = (weights.entropy, weights.image_entropy, weights.information, weights.by_chance or 0)
    return (
        min(count, height, width, len(held.activity[0]) if held.activity else 0) > 0
        and all(0 <= one <= MOST_BITS for one in bits)
        and len(block.examples) == len(analysis.counts)
        and _is_spread(weights.spread, rows, count)
        and _shape(weights.by_class) == (len(weights.classes), count)
        and set(weights.classes) <= analysis.class_names.keys()
        and all(_is_spread(one, rows, len(held.activity[0])) for one in spreads)
        and len(found.place) == rows
        and all(_shape(one) == (height, width) for one in (*found.place, *held.maps))
        and len(held.maps) == len(held.activity) == count
        and _shape(held.activity) == (count, len(held.activity[0]))
        and _shape(held.cosine) == (count, count)
        and all(0 <= one < count for one in (*held.dead, *sum(held.duplicates, ())))
        and all(
            _shape(one) == (height, width)
            for example in block.examples
            for one in (example.before, example.after, example.difference)
        )
        and all(example.name in analysis.pictures for example in block.examples)
    )


def _is_spread(spread: Spread, rows: int, columns: int) -> bool:
    is_positive = all((value or 0) >= 0 for row in spread.deviation for value in row)
    fits = _shape(spread.mean) == _shape(spread.deviation) == (rows, columns)
    return fits and columns > 0 and is_positive


def _shape(matrix: Sequence[Sequence[float | None]]) -> tuple[int, int]:
    """Rows and columns; no columns if the rows differ in length, or a number is out of range."""
    lengths = {len(row) for row in matrix}
    is_bounded = all(v is None or -LARGEST < v < LARGEST for row in matrix for v in row)
    return len(matrix), lengths.pop() if len(lengths) == 1 and is_bounded else 0
