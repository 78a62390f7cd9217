"""Whether a module is plain: importing it does nothing but bind names.

Only then is a name what its definition says. The rules are what a plain module may do when it is
imported, and what it may not contain anywhere. No torch here.
"""

import ast
import builtins
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from srbench.catalog.source_code.imports import Statement, bound, imports
from srbench.catalog.source_code.scopes import Function, made, named, root
from srbench.catalog.source_code.sources import Source
from srbench.catalog.source_code.unclear_code import is_unclear, is_unclear_at_import
from srbench.catalog.source_code.user_code import UserCode

ACCESSORS = frozenset({"getter", "setter", "deleter"})
SPEAKING = frozenset({"print", "logging", "warnings"})
CHECKING = ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def is_plain(source: Source, own: UserCode) -> bool:
    """Whether the names of a module are what their definitions say. May raise NoSource."""
    return source.is_python and _Module(source, own).is_plain


def calls(source: Source) -> list[ast.stmt]:
    """The calls that a plain module makes for their effect, other than to print, log or warn."""
    return [
        statement
        for statement in source.body
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
        if source.imports.get(name := root(statement.value) or "", (name, ()))[0] not in SPEAKING
    ]


@dataclass(frozen=True)
class _Module:
    source: Source
    own: UserCode

    @property
    def is_plain(self) -> bool:
        return (
            self._has_one_of_each_name()
            and all(self._does_little(one) for one in self.source.body)
            and not any(is_unclear(node, self.mine, self.source) for node in self.source.nodes)
            and all(map(self._is_foreign_import, self._inner_imports))
        )

    @cached_property
    def made(self) -> Counter[str]:
        """The names that it defines, each with the number of times."""
        return Counter(name for statement in self.source.body for name in made(statement))

    @cached_property
    def foreign(self) -> frozenset[str]:
        """The foreign names: imported from foreign modules, or built in."""
        paths = self.source.imports.items()
        imported = {name for name, (module, _) in paths if not self.own.has(module)}
        return frozenset(imported | (set(dir(builtins)) - named(self.source.nodes)))

    @cached_property
    def mine(self) -> frozenset[str]:
        """The names that are not foreign."""
        return frozenset({*self.made, *self.source.imports} - self.foreign)

    @cached_property
    def _inner_imports(self) -> list[Statement]:
        """The imports in functions."""
        functions = (node for node in self.source.nodes if isinstance(node, Function))
        inner = (node for function in functions for node in ast.walk(function))
        return [node for node in inner if isinstance(node, Statement)]

    def _has_one_of_each_name(self) -> bool:
        imported = set(imports(self.source.nodes, self.source.package))
        inner = {name for name, _ in imports(self._inner_imports, self.source.package)}
        return (
            len(imported) == len(self.source.imports)
            and self.made.keys().isdisjoint(self.source.imports)
            and set(self.made.values()) <= {1}
            and inner.isdisjoint(named(self.source.nodes))
        )

    def _is_foreign_import(self, statement: ast.stmt) -> bool:
        if not isinstance(statement, Statement):
            return False
        paths = bound(statement, self.source.package)
        return all(name != "*" and not self.own.has(module) for name, (module, _) in paths)

    def _does_little(self, statement: ast.stmt) -> bool:
        """Whether a statement at module level does only what a plain module may do."""
        match statement:
            case ast.Import() | ast.ImportFrom():
                return all(alias.name != "*" for alias in statement.names)
            case ast.If(test=test) if ast.unparse(test) in CHECKING:
                return all(map(self._is_foreign_import, [*statement.body, *statement.orelse]))
            case ast.Try(handlers=handlers):
                inner = [*statement.body, *statement.orelse, *statement.finalbody]
                inner += [one for handler in handlers for one in handler.body]
                return all(isinstance(x, ast.Pass) or self._is_foreign_import(x) for x in inner)
            case ast.Expr(ast.Call() as call):
                names = {node.id for node in ast.walk(call) if isinstance(node, ast.Name)}
                return self._is_simple(call) and names.isdisjoint(self.mine)
        return self._gives_a_name(statement)

    def _gives_a_name(self, statement: ast.stmt) -> bool:
        """Whether a statement only binds names, or does nothing."""
        match statement:
            case ast.Pass() | ast.Expr(ast.Constant()):
                return True
            case ast.Assign() | ast.AnnAssign():
                return self._has_plain_targets(statement) and self._is_simple(statement)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                said = [statement.args, *([statement.returns] if statement.returns else [])]
                return self._is_simple(*said) and all(
                    map(self._decorates, statement.decorator_list)
                )
            case ast.ClassDef(keywords=keywords):
                kinds = [one.value for one in keywords if one.arg in ("metaclass", None)]
                return (
                    self._is_simple(*statement.bases, *keywords)
                    and all(root(kind) in self.foreign for kind in kinds)
                    and all(map(self._decorates, statement.decorator_list))
                    and all(map(self._gives_a_name, statement.body))
                )
        return False

    def _has_plain_targets(self, statement: ast.Assign | ast.AnnAssign) -> bool:
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        nodes = (node for target in targets for node in ast.walk(target))
        return all(isinstance(x, ast.Name | ast.Tuple | ast.expr_context) for x in nodes)

    def _decorates(self, decorator: ast.expr) -> bool:
        """Whether a decorator is foreign, or a property's getter, setter or deleter."""
        if isinstance(decorator, ast.Attribute) and decorator.attr in ACCESSORS:
            return isinstance(decorator.value, ast.Name) and decorator.value.id not in self.mine
        return root(decorator) in self.foreign and self._is_simple(decorator)

    def _is_simple(self, *nodes: ast.AST) -> bool:
        """Whether evaluating the expressions runs none of the user's own code."""
        return all(
            not isinstance(node, ast.NamedExpr)
            and not is_unclear_at_import(node)
            and (not isinstance(node, ast.Call) or self._calls_what_is_foreign(node))
            for node in _at_once(nodes)
        )

    def _calls_what_is_foreign(self, call: ast.Call) -> bool:
        called: ast.expr = call.func
        while isinstance(called, ast.Attribute):
            called = called.value
        return isinstance(called, ast.Name) and called.id in self.foreign


def _at_once(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """All nodes except those in lambdas, which run later."""
    for node in nodes:
        yield node
        parts = [node.args] if isinstance(node, ast.Lambda) else ast.iter_child_nodes(node)
        yield from _at_once(parts)
