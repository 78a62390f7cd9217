"""Which names a piece of a syntax tree binds in its own scope. No torch here."""

import ast
from collections.abc import Iterable, Iterator

Function = ast.FunctionDef | ast.AsyncFunctionDef
Made = Function | ast.ClassDef


def made(statement: ast.stmt) -> list[str]:
    """The names that a definition or an assignment binds; a name may occur several times."""
    if isinstance(statement, Made):
        return [statement.name]
    targets: list[ast.expr] = []
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    if isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    nodes = [node for target in targets for node in ast.walk(target)]
    return [node.id for node in nodes if isinstance(node, ast.Name) and _stored(node)]


def root(node: ast.AST | None) -> str | None:
    """The name that a chain of attributes, items and calls begins with."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None


def inside(function: Function | ast.Lambda, hidden: frozenset[str]) -> frozenset[str]:
    """The names in the body of a function that are not the module's.

    ``hidden`` are such names in the scopes around the function.
    """
    body = [function.body] if isinstance(function, ast.Lambda) else function.body
    return hidden | _bound(body) | {argument.arg for argument in _arguments(function.args)}


def stored(nodes: Iterable[ast.AST]) -> set[str]:
    """The names that are assigned or deleted in the scope of the nodes."""
    return {name for node in _scope(nodes) if (name := _stored(node))}


def named(nodes: Iterable[ast.AST]) -> set[str]:
    """The names that the nodes bind in any scope, other than by an import."""
    made = {node.name for node in nodes if isinstance(node, Made)}
    arguments = {node.arg for node in nodes if isinstance(node, ast.arg)}
    return made | arguments | {name for node in nodes if (name := _stored(node))}


def _bound(nodes: Iterable[ast.AST]) -> set[str]:
    """The names that are bound or deleted in the scope of the nodes, other than by an import."""
    made = {node.name for node in _scope(nodes) if isinstance(node, Made)}
    return made | stored(nodes)


def _scope(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The nodes that belong to the same scope as these.

    Functions, lambdas and classes are included, but not what is inside them.
    """
    for node in nodes:
        yield node
        if isinstance(node, ast.comprehension):
            yield from _scope([node.iter, *node.ifs])  # its target has its own scope
        elif not isinstance(node, Made | ast.Lambda):
            yield from _scope(ast.iter_child_nodes(node))


def _stored(node: ast.AST) -> str | None:
    match node:
        case (
            ast.Name(id=name, ctx=ast.Store() | ast.Del())
            | ast.ExceptHandler(name=name)
            | ast.MatchAs(name=name)
            | ast.MatchStar(name=name)
            | ast.MatchMapping(rest=name)
        ):
            return name
    return None


def _arguments(said: ast.arguments) -> list[ast.arg]:
    collected = [said.vararg, said.kwarg]
    return [
        *(*said.posonlyargs, *said.args, *said.kwonlyargs),
        *(argument for argument in collected if argument),
    ]
