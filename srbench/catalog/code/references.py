"""What a name in plain modules refers to, followed through imports to where it is defined.

No torch here.
"""

from dataclasses import dataclass
from typing import NamedTuple

from srbench.catalog.code.imports import Path
from srbench.catalog.code.own import Own
from srbench.catalog.code.sources import NoSource, Source, source_of


class Unclear(Exception):  # noqa: N818 - it says how the code is
    """Only running the code tells what a name refers to."""


class Definition(NamedTuple):
    """A name at the top of a module."""

    module: str
    name: str


Piece = str | Definition
"""A piece of text, or in its place a definition that it refers to."""


@dataclass(frozen=True)
class References:
    """Follows names in one's own modules. Of foreign ones it tells the full name."""

    own: Own

    def of_path(self, path: Path, seen: frozenset[Path] = frozenset()) -> list[Piece]:
        """What ``from module import name`` and attributes of that refer to."""
        module, names = path
        if not self.own.has(module):
            return ["@" + ".".join((module, *names))]
        source = source_of(module)
        if source is None:
            raise NoSource(f"{module} is not there")
        if not names or path in seen:
            raise Unclear(f"{module} is used as a whole")
        if self._is_submodule(source, names[0]):
            return self.of_path((f"{module}.{names[0]}", names[1:]), seen | {path})
        if found := self.of_name(source, names, seen | {path}):
            return found
        raise Unclear(f"{module} does not say what {names[0]} is")

    def _is_submodule(self, source: Source, name: str) -> bool:
        """Whether a package's name is a module in it; what it imports of that may have its name."""
        inner = f"{source.name}.{name}"
        if not source.is_package or source_of(inner) is None:
            return False
        where = source.imports.get(name, (source.name, ()))[0]
        if name in source.statements or where not in (source.name, inner):
            raise Unclear(f"{source.name} has two of {name}")
        return where == source.name

    def of_name(
        self, source: Source, names: tuple[str, ...], seen: frozenset[Path] = frozenset()
    ) -> list[Piece]:
        """What a name of a module and attributes of it refer to; nothing if it has none."""
        name, *attributes = names
        if name in source.statements:
            return [Definition(source.name, name), *(f".{one}" for one in attributes)]
        if name in source.imports:
            module, inside = source.imports[name]
            return self.of_path((module, (*inside, *attributes)), seen)
        return []
