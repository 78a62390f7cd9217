"""What installed packages list under srbench's entry points."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from srbench.errors import SpecError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

BLOCK_GROUP = "srbench.blocks"
BACKBONE_GROUP = "srbench.backbones"


def names(group: str) -> list[str]:
    """Every name that a package lists in a group; nothing is imported."""
    return sorted({entry.name for entry in _entries(group)})


def providers(group: str, name: str) -> str:
    """The packages (name and version) that list a name; normally only one."""
    found = {_package(entry) for entry in _entries(group) if entry.name == name}
    return ", ".join(sorted(found))


def target(group: str, name: str) -> str:
    """The ``module:attribute`` that a name stands for. Raises SpecError if it is ambiguous."""
    found = [entry for entry in _entries(group) if entry.name == name]
    if len({entry.value for entry in found}) > 1:
        raise SpecError(
            f"several packages provide {name!r}: " + ", ".join(sorted(map(_package, found))),
            "uninstall all but one of them",
        )
    return f"{found[0].module}:{found[0].attr}"


def _entries(group: str) -> "Iterable[EntryPoint]":
    from importlib.metadata import entry_points  # slow to import, and rarely needed

    try:
        return entry_points(group=group)
    except Exception as error:  # the metadata of a package may be damaged in any way
        raise SpecError(
            f"the entry points of {_damaged()} cannot be read: {type(error).__name__}: {error}",
            "install that package again, or uninstall it",
        ) from error


def _damaged() -> str:
    """The first package whose entry points cannot be read."""
    from importlib.metadata import distributions

    for package in distributions():
        try:
            _ = package.entry_points
        except Exception:
            return f"{package.name} {package.version}"
    return "a package"


def _package(entry: "EntryPoint") -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else "unknown package"
