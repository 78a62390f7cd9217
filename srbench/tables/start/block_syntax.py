"""What seems to be a block in a file, by its syntax: nothing is imported."""

import ast
import re
import warnings
from collections.abc import Iterator
from pathlib import Path

FIRST = "channels"  # the argument that a block of its own begins with
FILLED = {FIRST, "height", "width"}  # srbench fills these in
RESERVED = {"stage", "after"}
LARGEST = 2**20  # bytes of a file
NAME = re.compile(r"[A-Za-z_]\w*")  # as a spec accepts it
Definition = ast.FunctionDef | ast.AsyncFunctionDef


def blocks_in(path: Path) -> Iterator[tuple[str, int]]:
    """The names and lines of what seem to be blocks in a file; none if it is not Python."""
    try:
        if path.stat().st_size > LARGEST:
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of its strings, which are not ours to correct
            tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return
    yield from _File(tree).blocks()


class _File:
    """The classes and the functions of a file, by their syntax."""

    def __init__(self, tree: ast.Module) -> None:
        self._body = tree.body
        self._classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}

    def blocks(self) -> Iterator[tuple[str, int]]:
        for node in self._body:
            if not isinstance(node, ast.ClassDef | ast.FunctionDef):
                continue
            is_public = NAME.fullmatch(node.name) and not node.name.startswith("_")
            if is_public and (
                self._is_block(node) if isinstance(node, ast.ClassDef) else self._makes_one(node)
            ):
                yield node.name, node.lineno

    def _makes_one(self, node: ast.FunctionDef) -> bool:
        return self._names_module(node.returns) and _fits(node.args, 0)

    def _is_block(self, node: ast.ClassDef) -> bool:
        bases = self._with_bases(node)
        forward, constructor = (_method(bases, name) for name in ("forward", "__init__"))
        return (
            self._is_module(node)
            and forward is not None
            and _takes_one(forward.args)
            and (constructor is None or _fits(constructor.args, 1))
        )

    def _is_module(self, node: ast.ClassDef) -> bool:
        return any(_last(base) == "Module" for one in self._with_bases(node) for base in one.bases)

    def _with_bases(self, node: ast.ClassDef) -> list[ast.ClassDef]:
        """A class and its bases in the same file, the nearest first."""
        found = [node]
        for one in found:
            bases = (self._classes.get(_last(base)) for base in one.bases)
            found += [base for base in bases if base is not None and base not in found]
        return found

    def _names_module(self, annotation: ast.expr | None) -> bool:
        """Whether an annotation is nn.Module, or one of the file's own modules."""
        own = self._classes.get(name := _last(annotation))
        return name == "Module" or (own is not None and self._is_module(own))


def _last(node: ast.expr | None) -> str:
    """The last name of ``torch.nn.Module``, also if it is in quotes; empty for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value.strip().rpartition(".")[2]
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _method(classes: list[ast.ClassDef], name: str) -> Definition | None:
    methods = (node for one in classes for node in one.body if isinstance(node, Definition))
    return next((node for node in methods if node.name == name), None)


def _fits(arguments: ast.arguments, skipped: int) -> bool:
    """Whether srbench can call it: ``channels`` comes first, and all others have a default.

    ``skipped`` is the number of arguments before the first, such as self.
    """
    listed = [*arguments.posonlyargs, *arguments.args]
    without = {one.arg for one in listed[skipped : len(listed) - len(arguments.defaults)]}
    keywords = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    without |= {one.arg for one, default in keywords if default is None}
    names = [one.arg for one in (*listed[skipped:], *arguments.kwonlyargs)]
    by_position = {one.arg for one in arguments.posonlyargs}
    return (
        names[:1] == [FIRST]
        and FIRST not in by_position
        and without <= FILLED
        and not {*names} & RESERVED
    )


def _takes_one(arguments: ast.arguments) -> bool:
    """Whether a method can be called with one tensor."""
    listed = [*arguments.posonlyargs, *arguments.args]
    needed = len(listed) - len(arguments.defaults)
    return needed <= 2 <= len(listed) or (arguments.vararg is not None and needed <= 2)
