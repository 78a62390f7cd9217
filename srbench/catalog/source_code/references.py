"""What a name in a plain module refers to, followed through imports to its definition.

No torch here.
"""

from dataclasses import dataclass
from typing import NamedTuple

from srbench.catalog.source_code.imports import Path
from srbench.catalog.source_code.sources import NoSource, Source, source_of
from srbench.catalog.source_code.user_code import UserCode


class UnclearCode(Exception):  # noqa: N818 - it says how the code is
    """What a name refers to is known only by running the code."""


class Definition(NamedTuple):
    """A name at the top of a module."""

    module: str
    name: str


Piece = str | Definition
"""A piece of text, or a definition that the text refers to at this point."""


@dataclass(frozen=True)
class References:
    """Follows names in the user's own modules. For foreign names, it gives the full name."""

    own: UserCode

    def of_path(self, path: Path, seen: frozenset[Path] = frozenset()) -> list[Piece]:
        """What ``from module import name`` and attributes of that refer to."""
        module, names = path
        if not self.own.has(module):
            return ["@" + ".".join((module, *names))]
        source = source_of(module)
        if source is None:
            raise NoSource(f"{module} does not exist")
        if not names or path in seen:
            raise UnclearCode(f"{module} is used as a whole")
        if self._is_submodule(source, names[0]):
            return self.of_path((f"{module}.{names[0]}", names[1:]), seen | {path})
        if found := self.of_name(source, names, seen | {path}):
            return found
        raise UnclearCode(f"{module} does not define {names[0]}")

    def _is_submodule(self, source: Source, name: str) -> bool:
        """Whether a package's name is a module in it, not something imported from that module."""
        inner = f"{source.name}.{name}"
        if not source.is_package or source_of(inner) is None:
            return False
        where = source.imports.get(name, (source.name, ()))[0]
        if name in source.statements or where not in (source.name, inner):
            raise UnclearCode(f"{source.name} has two meanings of {name}")
        return where == source.name

    def of_name(
        self, source: Source, names: tuple[str, ...], seen: frozenset[Path] = frozenset()
    ) -> list[Piece]:
        """What a name of a module and its attributes refer to; empty if there is no such name."""
        name, *attributes = names
        if name in source.statements:
            return [Definition(source.name, name), *(f".{one}" for one in attributes)]
        if name in source.imports:
            module, inside = source.imports[name]
            return self.of_path((module, (*inside, *attributes)), seen)
        return []
