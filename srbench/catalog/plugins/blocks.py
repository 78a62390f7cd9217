"""Blocks that are not built into srbench."""

from functools import cache
from typing import Any

from srbench.catalog import Block
from srbench.catalog.options import After, Stages
from srbench.catalog.plugins.entry_points import BLOCK_GROUP, providers, target
from srbench.catalog.plugins.imports import load, options, usable
from srbench.errors import SpecError

SHAPE_ARGUMENTS = ("channels", "height", "width")


@cache
def load_block(name: str) -> Block:
    """The block that a package lists under that name. Raises SpecError if it cannot be used."""
    source = providers(BLOCK_GROUP, name)
    return _block(name, target(BLOCK_GROUP, name), f"block {name!r} of {source}", source)


@cache
def block_at(name: str) -> Block:
    """The block called ``module:attribute``. Raises SpecError if it cannot be used."""
    return _block(name, name, f"block {name}", name.partition(":")[0])


def _block(name: str, at: str, label: str, source: str) -> Block:
    with usable(label):
        return _row(name, at, label, source)


def _row(name: str, at: str, label: str, source: str) -> Block:
    cls = load(at, label)
    place: Any = getattr(cls, "place", "branch")
    if place not in ("branch", "stage"):
        raise SpecError(
            f"{label} has the unknown place {place!r}",
            "its class attribute `place` must be 'branch' or 'stage'",
        )
    own = (*options(cls, SHAPE_ARGUMENTS, label), Stages(), After())
    return Block(name, at, place, own, source=source)
