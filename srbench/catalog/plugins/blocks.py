"""Blocks that are not built into srbench."""

from functools import cache
from typing import Any

from srbench.catalog import Block
from srbench.catalog.options import After, Stages
from srbench.catalog.plugins.entry_points import BLOCK_GROUP, origin, target
from srbench.catalog.plugins.imports import load, options, usable
from srbench.errors import SpecError

SHAPE_ARGUMENTS = ("channels", "height", "width")


@cache
def load_block(name: str) -> Block:
    """The block that a package lists under that name. Raises SpecError if it cannot be used."""
    source = origin(BLOCK_GROUP, name)
    return _block(name, target(BLOCK_GROUP, name), f"block {name!r} of {source}", source)


@cache
def block_at(name: str) -> Block:
    """The block called ``module:attribute``. Raises SpecError if it cannot be used."""
    return _block(name, name, f"block {name}", name.partition(":")[0])


def _block(name: str, at: str, what: str, source: str) -> Block:
    with usable(what):
        return _row(name, at, what, source)


def _row(name: str, at: str, what: str, source: str) -> Block:
    cls = load(at, what)
    place: Any = getattr(cls, "place", "branch")
    if place not in ("branch", "stage"):
        raise SpecError(
            f"{what} has the unknown place {place!r}",
            "its class attribute `place` must be 'branch' or 'stage'",
        )
    own = (*options(cls, SHAPE_ARGUMENTS, what), Stages(), After())
    return Block(name, at, place, own, source=source)
