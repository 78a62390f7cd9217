"""Blocks in a folder's Python files, found by reading their syntax: nothing is imported."""

import importlib.util
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from srbench.catalog.lookup import is_ours
from srbench.tables.start.block_syntax import NAME, blocks_in

MOST_FILES = 500
SKIPPED_FILES = re.compile(r"(test_.*|.*_test|setup|conftest|noxfile|__main__)\.py")
SKIPPED_FOLDERS = {"test", "tests", "build", "dist", "node_modules", "__pycache__"}
OTHERS = ("pyvenv.cfg", ".git")  # in a folder of other people's code, or of another version
SOURCES = "src"  # a folder whose packages are importable only if they are installed


class Candidate(NamedTuple):
    """What seems to be a block: its spec, and where it is defined."""

    spec: str
    file: str
    line: int


class Hidden(NamedTuple):
    """A file with blocks that no spec can name, since its module's name means something else."""

    file: str
    means: str


@dataclass(frozen=True)
class Found:
    """The blocks of a folder, and the files whose blocks cannot be named."""

    candidates: tuple[Candidate, ...] = ()
    hidden: tuple[Hidden, ...] = ()


def find(folder: Path) -> Found:
    """The blocks in the folder's files and in those of its packages, one level below.

    Files that are not Python, tests and hidden folders are skipped.
    """
    candidates: list[Candidate] = []
    hidden: list[Hidden] = []
    for number, (module, path) in enumerate(_modules(folder)):
        if number == MOST_FILES:
            break
        name = path.relative_to(folder).as_posix()
        found = [Candidate(f"{module}:{block}", name, line) for block, line in blocks_in(path)]
        if found and (means := _means_otherwise(module, folder)):
            hidden.append(Hidden(name, means))
        else:
            candidates += found
    return Found(tuple(candidates), tuple(hidden))


def _modules(folder: Path) -> Iterator[tuple[str, Path]]:
    """The modules that a spec could name, and their files."""
    yield from _files(folder, "")
    for inner in _folders(folder):
        if inner.name != SOURCES or (inner / "__init__.py").is_file():
            yield from _files(inner, inner.name)
            continue
        yield from _installed(_files(inner, ""))
        for package in _folders(inner):
            yield from _installed(_files(package, package.name))


def _installed(modules: Iterator[tuple[str, Path]]) -> Iterator[tuple[str, Path]]:
    return ((name, path) for name, path in modules if _places(name.partition(".")[0]) is not None)


def _files(folder: Path, package: str) -> Iterator[tuple[str, Path]]:
    try:
        paths = sorted(folder.glob("*.py"))
    except OSError:
        return
    for path in paths:
        stem = "" if path.stem == "__init__" else path.stem
        module = ".".join(filter(None, (package, stem)))
        is_named = module and all(NAME.fullmatch(part) for part in module.split("."))
        if is_named and path.is_file() and not SKIPPED_FILES.fullmatch(path.name):
            yield module, path


def _folders(folder: Path) -> list[Path]:
    try:
        inner = sorted(path for path in folder.iterdir() if path.is_dir())
    except OSError:
        return []
    return [
        path
        for path in inner
        if NAME.fullmatch(path.name)
        and path.name not in SKIPPED_FOLDERS
        and not any((path / mark).exists() for mark in OTHERS)
    ]


def _means_otherwise(module: str, folder: Path) -> str:
    """What the module's name means instead of the folder's file; empty if it means that file.

    The packages in src/ mean what is installed, which may be a copy.
    """
    top, _, below = module.partition(".")
    if not below and is_ours(top):
        return f"srbench's own {top}"
    places = _places(top)
    own = [path for path in (folder / f"{top}.py", folder / top) if path.exists()]
    if places is None or not own:
        return ""
    found = [place for place in places if place.exists()]
    if any(path.samefile(place) for path in own for place in found):
        return ""
    return f"another module {top}{f' ({found[0]})' if found else ''}"


def _places(top: str) -> tuple[Path, ...] | None:
    """Where Python finds a module: its file, or a package's folders; None if it finds none, and
    empty for a module without a file."""
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    folders = spec.submodule_search_locations
    names = [spec.origin] if folders is None else [*folders]
    return tuple(Path(name) for name in names if name)
