"""Find models, blocks and options by name; an unknown name gets the nearest as a suggestion."""

from collections.abc import Iterable

from srbench.catalog import BACKBONES, BLOCKS, SIZED, Backbone, Block, plugins
from srbench.catalog.options import Option
from srbench.errors import UnknownNameError, did_you_mean


def find_backbone(name: str) -> Backbone:
    """The backbone of that name: built-in, from another package, or ``module:attribute``.

    Raises SpecError for an unknown name, with the nearest one.
    """
    if name in BACKBONES:
        return BACKBONES[name]
    if ":" in name:
        from srbench.catalog.plugins.backbones import (
            backbone_at,  # here, so that listings need not load it
        )

        return backbone_at(name)
    if sized := next((found for one in SIZED if (found := one.find(name))), None):
        return sized
    names = plugins.names(plugins.BACKBONE_GROUP)
    if name in names:
        from srbench.catalog.plugins.backbones import load_backbone

        return load_backbone(name)
    listing = [*BACKBONES, *names]
    raise UnknownNameError(f"unknown model {name!r}", _suggestion(name, listing, "srbench models"))


def find_block(name: str) -> Block:
    """The block of that name: built-in, from another package, or ``module:attribute``.

    Raises SpecError for an unknown name, with the nearest one.
    """
    if name in BLOCKS:
        return BLOCKS[name]
    if ":" in name:
        from srbench.catalog.plugins.blocks import block_at

        return block_at(name)
    names = plugins.names(plugins.BLOCK_GROUP)
    if name in names:
        from srbench.catalog.plugins.blocks import load_block

        return load_block(name)
    listing = [*BLOCKS, *names]
    raise UnknownNameError(f"unknown block {name!r}", _suggestion(name, listing, "srbench blocks"))


def is_ours(name: str) -> bool:
    """Whether srbench has a block or a network of that name."""
    return name in BLOCKS or name in BACKBONES or any(one.matches(name) for one in SIZED)


def find_option(name: str, options: tuple[Option, ...], owner: str) -> Option:
    """The owner's option of that name. Raises SpecError for an unknown one, with a list of all."""
    for option in options:
        if option.name == name:
            return option
    known = [option.name for option in options]
    raise UnknownNameError(
        f"{owner} has no option {name!r}",
        f"{did_you_mean(name, known)}its options: {', '.join(known) or 'none'}",
    )


def _suggestion(name: str, names: Iterable[str], listing: str) -> str:
    guess = did_you_mean(name.lower(), names)
    return f"{guess}`{listing}` lists them all; write your own as module:Class"
