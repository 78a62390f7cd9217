"""Third-party blocks: packages list them under the entry point group ``srbench.blocks``.

A block is an ``nn.Module`` class that maps (B, C, H, W) to (B, C, H, W). Its constructor takes,
by name, ``channels``, ``height`` and ``width`` as far as it asks for them; its further arguments
need a default, and are the block's options where that is an int, float, bool or str. A class
attribute ``place`` says where it goes: ``"branch"`` (the end of every residual branch, if it says
nothing) or ``"stage"``.
"""

import inspect
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

from srbench.catalog import BLOCKS, Block
from srbench.errors import SpecError
from srbench.options import Flag, Integer, Number, Option, Stages, Text

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "srbench.blocks"
SHAPE_ARGUMENTS = ("channels", "height", "width")


def block_names() -> list[str]:
    """Names of the third-party blocks that are installed; a built-in name cannot be taken."""
    return sorted({entry.name for entry in _entries()} - BLOCKS.keys())


def hidden_names() -> list[str]:
    """Names of third-party blocks that cannot be used, since srbench has a block so called."""
    return sorted({entry.name for entry in _entries()} & BLOCKS.keys())


def origin(name: str) -> str:
    """The packages (name and version) that bring a third-party block; one, if all is well."""
    return ", ".join(sorted({_package(entry) for entry in _entries() if entry.name == name}))


@cache
def load_block(name: str) -> Block:
    """Import a third-party block and read its options from its constructor.

    Raises SpecError where the import fails or an argument has neither a default nor a name
    that srbench fills.
    """
    entry = _entry(name)
    try:
        cls = entry.load()
        place: Any = getattr(cls, "place", "branch")
        options = tuple(_options(cls))
    except SpecError:
        raise
    except Exception as error:
        raise SpecError(
            f"block {name!r} of {origin(name)} cannot be loaded: {type(error).__name__}: {error}",
            "repair or uninstall that package; the other blocks work without it",
        ) from error
    if place not in ("branch", "stage"):
        raise SpecError(
            f"block {name!r} of {origin(name)} asks for the place {place!r}",
            "its class attribute `place` must be 'branch' or 'stage'",
        )
    return Block(name, entry.value, place, options, source=origin(name))


def _entries() -> "Iterable[EntryPoint]":
    from importlib.metadata import entry_points  # slow to import, and rarely needed

    return entry_points(group=GROUP)


def _entry(name: str) -> "EntryPoint":
    found = [entry for entry in _entries() if entry.name == name]
    if len({entry.value for entry in found}) > 1:
        raise SpecError(
            f"several packages bring a block called {name!r}: "
            + ", ".join(sorted(_package(entry) for entry in found)),
            "uninstall all but one of them",
        )
    return found[0]


def _package(entry: "EntryPoint") -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else "unknown package"


def _options(cls: type) -> list[Option]:
    parameters = inspect.signature(cls).parameters.values()
    found: list[Option] = []
    for parameter in parameters:
        if parameter.name in SHAPE_ARGUMENTS or parameter.kind in (
            parameter.VAR_POSITIONAL,
            parameter.VAR_KEYWORD,
        ):
            continue
        if parameter.default is parameter.empty or parameter.name == Stages().name:
            raise SpecError(
                f"{cls.__name__}'s argument {parameter.name!r} has no default, or is srbench's own",
                "give it a default and a name other than stage; "
                "only channels, height and width are filled in",
            )
        option = _option(parameter.name, parameter.default)
        found += [option] if option else []
    return [*found, Stages()]


def _option(name: str, default: Any) -> Option | None:
    """An option for a default that a spec can write; others keep what they are."""
    if type(default) not in (bool, int, float, str):
        return None  # nor a subclass: a spec could not write it
    if isinstance(default, bool):
        return Flag(name, default, "")
    if isinstance(default, int):
        return Integer(name, default, "", minimum=None)
    if isinstance(default, float):
        return Number(name, default, "")
    return Text(name, default, "")
