"""Where modules are, found without importing or running any. No torch here."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from pkgutil import get_importer
from types import ModuleType
from typing import Any

INSTALLED = frozenset({"site-packages", "dist-packages"})


@dataclass(frozen=True)
class Location:
    """A module's file, if it has one, its folders, if it is a package, and what reads its file."""

    file: str | None
    folders: tuple[str, ...]
    loader: Any

    @property
    def is_installed(self) -> bool:
        """Whether it lies among the installed packages."""
        paths = (self.file,) if self.file else self.folders
        return any(not INSTALLED.isdisjoint(Path(path).parts) for path in paths)

    def read(self) -> bytes:
        """The file's content. Raises OSError if it cannot be read."""
        if self.file is None:
            raise FileNotFoundError("the module has no file")
        if hasattr(self.loader, "get_data"):  # it may lie in an archive
            return bytes(self.loader.get_data(self.file))
        return Path(self.file).read_bytes()


def locate(name: str) -> Location | None:
    """Where a module is, imported or not; None if there is no such module."""
    module = sys.modules.get(name)
    if isinstance(module, ModuleType):
        has = vars(module)
        return Location(has.get("__file__"), tuple(has.get("__path__", ())), has.get("__loader__"))
    parent, _, _ = name.rpartition(".")
    around = locate(parent) if parent else None
    if parent and (around is None or not around.folders):
        return None
    specs = _inside(name, around.folders) if around else [PathFinder.find_spec(name)]
    found = [spec for spec in specs if spec]
    if with_file := [spec for spec in found if spec.has_location]:
        spec = with_file[0]
        return Location(spec.origin, tuple(spec.submodule_search_locations or ()), spec.loader)
    folders = [folder for spec in found for folder in spec.submodule_search_locations or ()]
    return Location(None, tuple(folders), None) if found else None


def _inside(name: str, folders: Iterable[str]) -> list[ModuleSpec | None]:
    """What has this name in each folder of a package, which need not be imported."""
    finders = [finder for folder in folders if (finder := get_importer(folder))]
    return [finder.find_spec(name) for finder in finders]
