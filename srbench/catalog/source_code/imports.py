"""What import statements bind, and what they import. No torch here."""

import ast
from collections.abc import Iterable, Iterator

Path = tuple[str, tuple[str, ...]]
"""A module's name, and the names to look up in it, each in the one before."""

Statement = ast.Import | ast.ImportFrom


def bound(node: Statement, package: str) -> Iterator[tuple[str, Path]]:
    """The names that a statement binds, including ``*``, each with what it stands for.

    ``package`` is what a leading dot stands for.
    """
    for alias in node.names:
        if isinstance(node, ast.ImportFrom):
            yield alias.asname or alias.name, (_module(node, package), (alias.name,))
        elif alias.asname:
            yield alias.asname, (alias.name, ())
        else:
            top = alias.name.partition(".")[0]
            yield top, (top, ())


def modules(node: Statement, package: str) -> Iterator[str]:
    """The modules that a statement imports, or may import: ``from a import b`` may mean ``a.b``."""
    for alias in node.names:
        if isinstance(node, ast.Import):
            yield alias.name
        else:
            module = _module(node, package)
            yield from (module, f"{module}.{alias.name}")


def imports(nodes: Iterable[ast.AST], package: str) -> list[tuple[str, Path]]:
    """What the import statements among the nodes bind."""
    return [one for node in nodes if isinstance(node, Statement) for one in bound(node, package)]


def absolute(name: str, package: str) -> str:
    """A module's full name; leading dots are relative to a package."""
    level = len(name) - len(name.lstrip("."))
    if not level:
        return name
    parts = package.split(".")
    around = parts[: len(parts) - level + 1]
    return ".".join([*around, name[level:]] if name[level:] else around)


def _module(node: ast.ImportFrom, package: str) -> str:
    """The full name of the module that names are imported from."""
    return absolute("." * node.level + (node.module or ""), package)
