"""The rows of the catalog: backbones with their stages, and blocks."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from srbench.catalog.options import Option, Value

Place = Literal["branch", "stage"]

OWN_SE = "has SE of its own, which a block comes on top of"


@dataclass(frozen=True)
class Stage:
    """A stage of a network.

    ``module`` is the name of the module whose output is the stage's; ``first`` is the module that
    the stage begins with, if that is a different one. ``branches`` are the modules that end its
    residual branches; in a network without residual branches, the modules that a block follows
    instead. ``*`` in them stands for any one name between two dots. ``without`` has the places that
    the stage lacks, each with the reason.
    """

    name: str
    module: str
    branches: tuple[str, ...] = ()
    first: str = ""
    without: Mapping[Place, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Change:
    """Fields of a backbone's row that change if an option has a certain value."""

    option: str
    value: Value
    fields: Mapping[str, Any] = field(hash=False)


@dataclass(frozen=True)
class Backbone:
    """A network that blocks are put into.

    ``total_stride`` is the side of the input divided by that of the last feature map: an input
    smaller than this would leave a stage nothing to reduce, and is refused. ``input_size`` and
    ``num_classes`` are the network's defaults; ``classes`` is the option that gives the number of
    classes instead. ``only_with_inputs`` says why the network cannot be built for an image alone:
    it does not ask for a number of classes. ``note`` is what a reader of its figures has to know.
    ``auxiliary`` is the module of a head that inference does not use. ``title`` is what papers call
    the network.
    """

    name: str
    family: str
    target: str
    stages: tuple[Stage, ...]
    total_stride: int = 1
    options: tuple[Option, ...] = ()
    input_size: int = 224
    num_classes: int = 1000
    classes: str = ""
    only_with_inputs: str = ""
    note: str = ""
    auxiliary: str = ""
    title: str = ""
    changes: tuple[Change, ...] = ()

    @property
    def stage_names(self) -> tuple[str, ...]:
        return tuple(stage.name for stage in self.stages)

    def stage(self, name: str) -> Stage:
        """The stage of that name."""
        return next(stage for stage in self.stages if stage.name == name)

    def conditions(self, options: Mapping[str, Value]) -> "Backbone":
        """The row with the changes that these options make."""
        changes = [c.fields for c in self.changes if options.get(c.option) == c.value]
        return replace(self, **{key: value for fields in changes for key, value in fields.items()})


@dataclass(frozen=True)
class Block:
    """A block that goes on each residual branch (``branch``) or after a stage (``stage``).

    ``title`` is what papers call it in a table.
    """

    name: str
    target: str
    place: Place
    options: tuple[Option, ...]
    summary: str = ""
    source: str = ""
    title: str = ""
