"""The user's own modules that some modules may depend on. No torch here."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from srbench.catalog.source_code.imports import Statement, absolute, modules
from srbench.catalog.source_code.locations import locate
from srbench.catalog.source_code.sources import NoSource, Source, source_of
from srbench.catalog.source_code.user_code import NEVER, UserCode


def closure(own: UserCode, roots: Iterable[str], strings: bool = False) -> list[Source]:
    """The roots, all that they import anywhere, and so on, in the order in which they are found.

    With ``strings``, also all that they name in a string: ``"module"``, ``"module.Class"``.
    Raises NoSource if a root does not exist, or if a module cannot be read.
    """
    found: dict[str, Source] = {}
    waiting = [name for root in roots for name in _with_packages(root)]
    for name in waiting:
        if own.has(name) and source_of(name) is None:
            raise NoSource(f"{name} does not exist")
    for name in waiting:  # the list grows meanwhile
        source = source_of(name) if name not in found and own.has(name) else None
        if source is not None:
            found[name] = source
            waiting += _imported(source)
            waiting += _named(source) if strings else []
    return list(found.values())


def folders(sources: Iterable[Source]) -> list[str]:
    """The modules in the folders of the packages that some modules belong to, if not installed."""
    tops = dict.fromkeys(source.name.partition(".")[0] for source in sources)
    inside = (name for top in tops if top not in NEVER for name in _inside(top))
    return [name for name in inside if _can_be_imported(name)]


def _can_be_imported(module: str) -> bool:
    """Whether a module in a package is where Python finds it, and is valid Python."""
    try:
        source = source_of(module)
        return source is not None and isinstance(source.body, tuple)
    except NoSource:
        return False


def _inside(package: str) -> list[str]:
    found = locate(package)
    if found is None or found.is_installed:
        return []
    files = (
        file.relative_to(folder).with_suffix("").parts
        for folder in found.folders
        for file in Path(folder).rglob("*.py")
    )
    named = {parts[:-1] if parts[-1] == "__init__" else parts for parts in files}
    return [
        ".".join((package, *parts)) for parts in sorted(named) if all(map(str.isidentifier, parts))
    ]


def _imported(source: Source) -> Iterator[str]:
    for node in source.nodes:
        if isinstance(node, Statement):
            for module in modules(node, source.package):
                yield from _with_packages(module)


def _named(source: Source) -> Iterator[str]:
    for node in source.nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            name = absolute(node.value, source.package)
            if all(map(str.isidentifier, name.split("."))):
                yield from filter(_has_a_file, _with_packages(name))


def _with_packages(name: str) -> list[str]:
    """A module and the packages that contain it, outermost first."""
    parts = name.split(".")
    return [".".join(parts[: end + 1]) for end in range(len(parts))]


def _has_a_file(name: str) -> bool:
    found = locate(name)
    return found is not None and found.file is not None
