"""The digest of definitions and of everything that they are made from. No torch here."""

import ast
import hashlib
import sys
from collections.abc import Iterable, Iterator, Sequence
from types import FunctionType

from srbench.catalog.source_code.dependencies import closure
from srbench.catalog.source_code.imports import Path
from srbench.catalog.source_code.plain_modules import calls, is_plain
from srbench.catalog.source_code.references import Definition, Piece, References, UnclearCode
from srbench.catalog.source_code.sources import NoSource, Source, source_of
from srbench.catalog.source_code.syntax import Writer
from srbench.catalog.source_code.user_code import UserCode
from srbench.catalog.source_code.whole_modules import module_texts

PLAIN = Writer(imports=False, sayings=False)


class Definitions:
    """The definitions in the user's own modules, as text."""

    def __init__(self, own: UserCode) -> None:
        self.own = own
        self._references = References(own)
        self._closures: dict[tuple[str, ...], tuple[list[Source], bool]] = {}
        self._pieces: dict[Definition, list[Piece]] = {}

    @property
    def are_stale(self) -> bool:
        """Whether a module has been imported again since it was read."""
        found = {source for sources, _ in self._closures.values() for source in sources}
        return any(source_of(source.name) is not source for source in found)

    def digest(self, said: Iterable[str], roots: Sequence[Path]) -> str:
        """SHA-256, in hexadecimal, of ``said``, of the roots and of all that the roots lead to.

        If all modules that may be involved are plain, that is the definitions that names refer to,
        directly or through other definitions; otherwise it is these modules as a whole. File names
        do not count. Raises NoSource if a module cannot be read.
        """
        sources, are_plain = self._closure(module for module, _ in roots)
        try:
            if are_plain:
                return _sha256(said, self._followed(sources, roots))
        except UnclearCode:
            pass
        return _sha256(said, module_texts(self.own, sources, roots))

    def are_plain(self, modules: Iterable[str]) -> bool:
        """Whether some modules are plain, and all of the user's own that they may depend on."""
        return self._closure(modules)[1]

    def _closure(self, modules: Iterable[str]) -> tuple[list[Source], bool]:
        roots = tuple(dict.fromkeys(modules))
        if roots not in self._closures:
            sources = closure(self.own, roots)
            are_plain = all(is_plain(source, self.own) for source in sources)
            self._closures[roots] = sources, are_plain
        return self._closures[roots]

    def _followed(self, sources: Sequence[Source], roots: Iterable[Path]) -> Iterator[str]:
        """The roots, the definitions behind them and the calls that modules make when imported.

        Definitions are numbered in the order in which they are found.
        """
        order: dict[Definition, int] = {}
        texts: list[Iterable[Piece]] = [self._references.of_path(root) for root in roots]
        texts += [self._written(source, call) for source in sources for call in calls(source)]
        for pieces in texts:  # the list grows with what is found
            for piece in pieces:
                if isinstance(piece, Definition):
                    if piece not in order:
                        order[piece] = len(order)
                        texts.append(self._text(piece))
                    yield f"#{order[piece]}"
                else:
                    yield piece
            yield "\n"

    def _text(self, definition: Definition) -> list[Piece]:
        if definition not in self._pieces:
            source = source_of(definition.module)
            assert source is not None, "a definition is found in a source"
            written = self._written(source, source.statements[definition.name])
            self._pieces[definition] = list(written)
        return self._pieces[definition]

    def _written(self, source: Source, statement: ast.stmt) -> Iterator[Piece]:
        for piece in PLAIN.written(statement):
            if isinstance(piece, tuple):
                yield from self._references.of_name(source, piece) or [".".join(piece)]
            elif isinstance(piece, str):
                yield piece


def definition_path(made: type | FunctionType) -> Path:
    """Where a class or a function is defined.

    If its module does not know it by its own name, this is the module's name for it; if the module
    has none, the module alone.
    """
    module, name = module_name(made), _name(made)
    source = source_of(module)
    known = {*source.statements, *source.imports} if source and source.is_python else set()
    held = vars(sys.modules[module]).items() if module in sys.modules else ()
    aliases = (alias for alias, value in held if value is made)
    return module, tuple(one for one in (name, *aliases) if one in known)[:1]


def module_name(made: type | FunctionType) -> str:
    """The module that a class or a function was made in, even if a decorator names another.

    Raises NoSource if there is none.
    """
    module: object
    if isinstance(made, FunctionType):
        module = made.__globals__.get("__name__")
        is_there = module in sys.modules
    else:
        module, is_there = made.__module__, True
    if not isinstance(module, str) or not is_there:
        raise NoSource("a class or a function has no module")
    return module


def _name(made: type | FunctionType) -> str:
    """Its name at the top of its module, or the name of what it was made in there."""
    full = made.__code__.co_qualname if isinstance(made, FunctionType) else made.__qualname__
    return full.partition(".")[0]


def _sha256(*parts: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        for piece in part:
            digest.update(piece.encode())
        digest.update(b"\n")
    return digest.hexdigest()
