"""What a word of a name can mean."""

from enum import Enum, auto
from typing import NamedTuple

from srbench.spec.parse import Part

Options = tuple[tuple[str, str], ...]


class Network(NamedTuple):
    """A network, with options and blocks if its name has them, and a note about the reading.

    ``needs`` is the option that the name is wrong without. ``problem`` says why it has no spec
    although it is known.
    """

    name: str
    options: Options = ()
    blocks: tuple[str, ...] = ()
    note: str = ""
    needs: str = ""
    problem: str = ""


class Inserted(NamedTuple):
    """Blocks that one word means."""

    parts: tuple[Part, ...]


class Setting(NamedTuple):
    """An option of the network that a word stands for."""

    key: str
    value: str


class Head(NamedTuple):
    """A segmentation network without its backbone."""

    name: str


class Mark(Enum):
    """Words that name no part of a model."""

    PLUS = auto()  # joins parts
    BASELINE = auto()  # the network as it is
    FAMILY = auto()  # "ResNet" behind the depth, as in "R50 ResNet"
    CIFAR = auto()  # the data set, which only some networks are made for
    OF_BLOCK = auto()  # behind a block: "SE block"
    REMARK = auto()  # changes nothing


Meaning = Network | Inserted | Setting | Head | Mark
