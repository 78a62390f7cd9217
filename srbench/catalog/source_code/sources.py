"""The source of modules, read once for each import. No torch here.

An edit after the import is not what runs. A module that is not imported is read as it is now.
"""

import ast
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from importlib.machinery import SOURCE_SUFFIXES, SourceFileLoader
from pathlib import Path
from types import CodeType

from srbench.catalog.source_code.imports import Path as ImportPath
from srbench.catalog.source_code.imports import imports
from srbench.catalog.source_code.locations import Location, locate
from srbench.catalog.source_code.scopes import made
from srbench.catalog.source_code.user_code import UserCode, is_foreign_to_all


class NoSource(Exception):  # noqa: N818 - it says what is missing
    """The source of a module cannot be found or read."""


@dataclass(frozen=True)
class Source:
    """A module with the content of its file, or None if that cannot be read."""

    name: str
    is_package: bool
    is_python: bool
    content: bytes | None

    @property
    def package(self) -> str:
        """The package that a leading dot in its imports stands for."""
        return self.name if self.is_package else self.name.rpartition(".")[0]

    @cached_property
    def body(self) -> tuple[ast.stmt, ...]:
        """Its statements, without those for scripts only, unless it is run as a script.

        Raises NoSource if it cannot be read or parsed.
        """
        if self.content is None:
            raise NoSource(f"{self.name} cannot be read")
        try:
            with warnings.catch_warnings():  # Python warned when it was imported
                warnings.simplefilter("ignore")
                tree = ast.parse(self.content if self.is_python else b"")
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise NoSource(f"{self.name}: {error}") from error
        return tuple(tree.body if self.name == "__main__" else _kept(tree.body))

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """All nodes of its statements, in one list."""
        return [node for statement in self.body for node in ast.walk(statement)]

    @cached_property
    def imports(self) -> Mapping[str, ImportPath]:
        """What it imports, also within functions, by the name that the import binds."""
        return dict(imports(self.nodes, self.package))

    @cached_property
    def statements(self) -> Mapping[str, ast.stmt]:
        """The definition or the assignment of each of its names."""
        return {name: statement for statement in self.body for name in made(statement)}


_Run = tuple[object, object]
_read: dict[str, tuple[_Run, Source | None]] = {}
_loaded: dict[str, tuple[_Run, bytes]] = {}
_foreign: set[str] = set()


@contextmanager
def watching_imports() -> Iterator[None]:
    """In this context, the source of what is imported is kept as Python reads it.

    A file may be edited while it is still being imported.
    """
    plain = SourceFileLoader.get_code

    def get_code(loader: SourceFileLoader, name: str) -> CodeType | None:
        if module := sys.modules.get(name):
            with suppress(OSError):  # Python will raise it as well
                content = loader.get_data(loader.get_filename(name))
                _loaded[name] = (module, module.__spec__), content
        return plain(loader, name)

    SourceFileLoader.get_code = get_code  # type: ignore[assignment, method-assign]
    try:
        yield
    finally:
        SourceFileLoader.get_code = plain  # type: ignore[method-assign]


def source_of(name: str) -> Source | None:
    """A module's source, as it was at the import if it is imported; None if there is none."""
    module = sys.modules.get(name)
    run = module, getattr(module, "__spec__", None)  # a reload makes a new one
    before = _read.get(name)
    if before and module and before[0][0] is module and before[0][1] is run[1]:
        return before[1]
    found = locate(name)
    source = _source(name, found, run) if found else None
    if before is None or before[1] != source or module:
        _read[name] = run, source
    return _read[name][1]


def read_imported(own: UserCode) -> None:
    """Read the source of all modules imported so far, before it is edited."""
    for name in {*sys.modules} - _foreign:  # nearly all of thousands are known to be foreign
        if own.has(name):
            source_of(name)
        elif is_foreign_to_all(name):
            _foreign.add(name)


def _source(name: str, found: Location, run: _Run) -> Source:
    is_python = found.file is None or Path(found.file).suffix in SOURCE_SUFFIXES
    at, content = _loaded.get(name, (None, b""))
    is_kept = is_python and at is not None and at[0] is run[0] and at[1] is run[1]
    return Source(name, bool(found.folders), is_python, content if is_kept else _content(found))


def _content(found: Location) -> bytes | None:
    if found.file is None and found.folders:
        return b""
    try:
        return found.read()
    except OSError:
        return None


def _kept(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements without ``if __name__ == "__main__":``, but with its ``else``."""
    for statement in body:
        if isinstance(statement, ast.If) and _is_of_a_script(statement.test):
            yield from _kept(statement.orelse)
        else:
            yield statement


def _is_of_a_script(test: ast.expr) -> bool:
    match test:
        case ast.Compare(
            ast.Name("__name__"), [ast.Eq()], [ast.Constant("__main__")]
        ) | ast.Compare(ast.Constant("__main__"), [ast.Eq()], [ast.Name("__name__")]):
            return True
    return False
