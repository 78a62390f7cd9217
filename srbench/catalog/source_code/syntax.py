"""A syntax tree as text: what the code does, regardless of its layout. No torch here.

The text is the same on every version of Python, unlike `ast.dump`, which writes fields that newer
versions add.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from srbench.catalog.source_code.imports import Statement
from srbench.catalog.source_code.scopes import Function, inside, stored

Chain = tuple[str, ...]
"""A name and the attributes after it: ``nn.init.zeros_``."""

Written = str | Chain | Statement

SKIPPED = frozenset({"ctx", "kind", "type_comment"})
SAID = frozenset(
    {(ast.arg, "annotation"), (ast.FunctionDef, "returns"), (ast.AsyncFunctionDef, "returns")}
)
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


@dataclass(frozen=True)
class Writer:
    """Writes trees without positions and ``pass``.

    Imports are written only with ``imports``; docstrings and the annotations of functions only with
    ``sayings``.
    """

    imports: bool
    sayings: bool

    def written(self, node: ast.AST, hidden: frozenset[str] = frozenset()) -> Iterator[Written]:
        """The tree in pieces, in order: a chain if its name may be the module's, an import as it
        is, otherwise text. ``hidden`` are the names that functions around the node bind."""
        if self._is_left_out(node):
            return
        if isinstance(node, Statement):
            yield node
        elif chain := _chain(node):
            yield ".".join(chain) if chain[0] in hidden else chain
        elif isinstance(node, ast.Constant):
            yield _constant(node.value)
        else:
            yield f"{type(node).__name__}("
            for name, value in self._fields(node):
                yield f"{name}="
                yield from self._value(value, _hidden(node, name, hidden))
                yield ","
            yield ")"

    def _value(self, value: Any, hidden: frozenset[str]) -> Iterator[Written]:
        if isinstance(value, list):
            for one in value:
                yield from self._value(one, hidden)
                yield ";"
        elif isinstance(value, ast.AST):
            yield from self.written(value, hidden)
        else:
            yield str(value)

    def _fields(self, node: ast.AST) -> Iterator[tuple[str, Any]]:
        """The fields that are not empty. Those that a newer Python adds are empty if unused."""
        for name, value in ast.iter_fields(node):
            if name in SKIPPED or (not self.sayings and (type(node), name) in SAID):
                continue
            if isinstance(node, ast.JoinedStr):
                value = _joined(value)
            if isinstance(value, list):
                value = [one for one in value if not self._is_left_out(one)]
            if value is not None and value != []:
                yield name, value

    def _is_left_out(self, node: Any) -> bool:
        match node:
            case ast.Pass():
                return True
            case ast.Import() | ast.ImportFrom():
                return not self.imports
            case ast.Expr(ast.Constant(str())):
                return not self.sayings
        return False


def _joined(parts: list[ast.expr]) -> list[ast.expr]:
    """The parts of an f-string, with the text between two values as one part.

    Versions of Python split it differently.
    """
    found: list[ast.expr] = []
    for part in parts:
        match found, part:
            case [*_, ast.Constant(str(before))], ast.Constant(str(text)):
                found[-1] = ast.Constant(before + text)
            case _:
                found.append(part)
    return [part for part in found if not (isinstance(part, ast.Constant) and part.value == "")]


def _constant(value: Any) -> str:
    """Type and value. ascii() ignores Unicode versions, and hex() writes an int of any length."""
    return f"{type(value).__name__}:{hex(value) if type(value) is int else ascii(value)}"


def _chain(node: ast.AST) -> Chain | None:
    """The names of ``a.b.c`` or of ``a``, if ``a`` is looked up; otherwise None."""
    attributes: list[str] = []
    while isinstance(node, ast.Attribute):
        attributes.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        return (node.id, *reversed(attributes))
    return None


def _hidden(node: ast.AST, field: str, hidden: frozenset[str]) -> frozenset[str]:
    """The names in a field of a node that are not the module's.

    ``hidden`` are such names in the scopes around the node.
    """
    if isinstance(node, Function | ast.Lambda) and field == "body":
        return inside(node, hidden)
    if isinstance(node, Comprehension):
        first, *_ = node.generators  # the first iterable is evaluated outside
        outside = {one.id for one in ast.walk(first.iter) if isinstance(one, ast.Name)}
        return hidden | (stored([one.target for one in node.generators]) - outside)
    return hidden
