"""Whole modules as text, for code that has to run before it is known what a name stands for.

No torch here.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence

from srbench.catalog.source_code.dependencies import closure, folders
from srbench.catalog.source_code.imports import Path, Statement, bound, modules
from srbench.catalog.source_code.sources import NoSource, Source
from srbench.catalog.source_code.syntax import Writer
from srbench.catalog.source_code.user_code import UserCode

ASKING = (b"__doc__", b"getdoc", b"__annotations__", b"annotations(", b"type_hints", b"signature(")
"""How code reads docstrings and the annotations of arguments."""


def module_texts(own: UserCode, sources: Sequence[Source], roots: Iterable[Path]) -> Iterator[str]:
    """The roots, and the whole of some modules and of the packages that they are in.

    Modules are numbered in the order in which they are found, and referred to by number.
    """
    inside = folders(sources)
    found = closure(own, [*(source.name for source in sources), *inside], strings=True)
    numbers = {source.name: number for number, source in enumerate(found)}
    asks = any(way in (source.content or b"") for source in found for way in ASKING)
    writer = Writer(imports=True, sayings=asks)
    yield "whole\n"
    for module, names in roots:
        yield f"{_reference(module, numbers)}.{'.'.join(names)}\n"
    for name in inside:  # code may ask for any of them by name
        yield f"{name.partition('.')[2]}={_reference(name, numbers)}\n"
    for source in found:
        yield from _text(source, writer, numbers)
        yield "\n"


def _text(source: Source, writer: Writer, numbers: Mapping[str, int]) -> Iterator[str]:
    if not source.is_python:
        yield hashlib.sha256(_content(source)).hexdigest()
    for statement in source.body:
        for piece in writer.written(statement):
            if isinstance(piece, Statement):
                yield from _imported(piece, source.package, numbers)
            else:
                yield piece if isinstance(piece, str) else ".".join(piece)
        yield ";"


def _content(source: Source) -> bytes:
    if source.content is None:
        raise NoSource(f"{source.name} cannot be read")
    return source.content


def _imported(statement: Statement, package: str, numbers: Mapping[str, int]) -> Iterator[str]:
    """What an import binds, and the modules that it may run."""
    for name, (module, names) in bound(statement, package):
        yield f"{name}={'.'.join((_reference(module, numbers), *names))},"
    for module in modules(statement, package):
        yield f"{numbers.get(module)},"


def _reference(module: str, numbers: Mapping[str, int]) -> str:
    return f"#{numbers[module]}" if module in numbers else f"@{module}"
