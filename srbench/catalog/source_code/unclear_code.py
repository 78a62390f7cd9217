"""What makes it unclear, anywhere in a module, what its names stand for. No torch here."""

import ast
import re

from srbench.catalog.source_code.scopes import root
from srbench.catalog.source_code.sources import Source

# Parts of Python that look names up by their text, run text, or change other objects.
NAMES = frozenset(
    {
        *("builtins", "ctypes", "gc", "importlib", "inspect", "pkgutil", "pydoc", "runpy"),
        *("compile", "delattr", "eval", "exec", "globals", "locals", "setattr", "vars"),
    }
)
# As attributes, some of these mean something else: re.compile, model.eval.
ATTRIBUTES = NAMES - {"compile", "eval"} | {
    *("import_module", "delitem", "setitem", "iadd", "iconcat", "f_globals", "f_builtins"),
    *("get_type_hints", "get_annotations"),
    # of other packages, which import what a string names
    *("get_class", "get_method", "get_object", "import_string", "instantiate", "locate"),
    *("resolve_name",),
}
OF_SYS = frozenset({"modules", "meta_path", "path_hooks", "path_importer_cache", "_getframe"})
# Special names that do no more than ordinary names.
DUNDERS = frozenset(
    {
        *("__all__", "__author__", "__call__", "__class__", "__enter__", "__exit__", "__file__"),
        *("__func__", "__getitem__", "__init__", "__iter__", "__len__", "__name__", "__next__"),
        *("__post_init__", "__qualname__", "__repr__", "__self__", "__slots__", "__str__"),
        *("__version__", "__future__"),
    }
)
# Methods that Python calls although the code does not call them.
HOOKS = frozenset({"__class_getitem__", "__init_subclass__", "__prepare__", "__set_name__"})
# Methods that change the object that they belong to.
MUTATORS = frozenset(
    {
        *("add", "append", "appendleft", "clear", "discard", "extend", "extendleft", "insert"),
        *("pop", "popitem", "popleft", "remove", "reverse", "setdefault", "sort", "update"),
    }
)
# What calls a function that it is given, and so runs it at import.
CALLERS = frozenset({"accumulate", "filter", "filterfalse", "map", "reduce", "starmap", "tree_map"})
REGISTERS = re.compile("register|custom_op$|impl$")

DUNDER = re.compile("__.*__")


def is_unclear(node: ast.AST, mine: frozenset[str], source: Source) -> bool:
    """Whether a node makes its module unclear. ``mine`` are the names that are not foreign."""
    match node:
        case ast.Global():
            return True
        case ast.Name(name):
            return name in NAMES or _is_magic(name)
        case ast.alias(name):
            parts = {*name.split("."), node.asname or ""}
            return not parts.isdisjoint(NAMES | ATTRIBUTES | OF_SYS) or any(map(_is_magic, parts))
        case ast.ImportFrom(module=str(module)):
            return not NAMES.isdisjoint(module.split("."))
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            at_top = node in source.body and DUNDER.fullmatch(name) is not None
            return name in HOOKS or at_top
        case ast.ClassDef():
            return any(isinstance(one, ast.Import | ast.ImportFrom) for one in node.body)
        case ast.Call(ast.Name("getattr" | "hasattr"), [first, *_]):
            return root(first) in mine
        case ast.Subscript(ctx=ast.Store() | ast.Del()):
            return _is_of_a_module(root(node), mine, source)
        case ast.Attribute():
            return _is_unclear_attribute(node, mine, source)
    return False


def is_unclear_at_import(node: ast.AST) -> bool:
    """Whether a node that runs at import may run the user's own code, or register it elsewhere."""
    match node:
        case ast.Name(name) | ast.Attribute(attr=name):
            return name in CALLERS or REGISTERS.match(name) is not None
        case ast.keyword(arg="key"):  # sorted(…, key=…)
            return True
    return False


def _is_unclear_attribute(node: ast.Attribute, mine: frozenset[str], source: Source) -> bool:
    name, owner = node.attr, root(node)
    if not isinstance(node.ctx, ast.Load):
        return _is_of_a_module(owner, mine, source)
    if name in OF_SYS:
        return source.imports.get(owner or "", ("", ()))[0] == "sys"
    if name in MUTATORS:
        return owner in mine or owner in ("dict", "list", "set")
    return name in ATTRIBUTES or _is_magic(name)


def _is_of_a_module(name: str | None, mine: frozenset[str], source: Source) -> bool:
    """Whether a name belongs to this module, or is imported."""
    return name in mine or name in source.imports


def _is_magic(name: str) -> bool:
    return DUNDER.fullmatch(name) is not None and name not in DUNDERS
