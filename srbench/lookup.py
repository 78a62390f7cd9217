"""Finding a model, a block or an option by name, with the nearest name where there is none."""

import difflib
from collections.abc import Iterable

from srbench import plugins
from srbench.catalog import BACKBONES, BLOCKS, Backbone, Block
from srbench.errors import SpecError
from srbench.options import Option


def find_backbone(name: str) -> Backbone:
    """The backbone of that name. Raises SpecError with the nearest name."""
    if name not in BACKBONES:
        raise SpecError(f"unknown model {name!r}", _suggestion(name, BACKBONES, "srbench models"))
    return BACKBONES[name]


def find_block(name: str) -> Block:
    """The built-in or third-party block of that name. Raises SpecError with the nearest name."""
    if name in BLOCKS:
        return BLOCKS[name]
    names = plugins.block_names()
    if name not in names:
        raise SpecError(
            f"unknown block {name!r}", _suggestion(name, [*BLOCKS, *names], "srbench blocks")
        )
    return plugins.load_block(name)


def find_option(name: str, options: tuple[Option, ...], owner: str) -> Option:
    """The option of that name among an owner's. Raises SpecError with those there are."""
    for option in options:
        if option.name == name:
            return option
    known = ", ".join(option.name for option in options) or "none"
    raise SpecError(f"{owner} has no option {name!r}", f"its options: {known}")


def _suggestion(name: str, names: Iterable[str], listing: str) -> str:
    near = difflib.get_close_matches(name.lower(), list(names), n=1)
    return (f"did you mean {near[0]}? " if near else "") + f"`{listing}` lists them all"
