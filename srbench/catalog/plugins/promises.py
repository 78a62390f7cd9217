"""Whether calling something makes a module; this is found out without calling it."""

import inspect
import sys
from collections.abc import Callable
from functools import partial
from typing import Any


def makes_a_module(make: Callable[..., Any]) -> bool:
    """Whether it is a subclass of torch.nn.Module, or a function annotated to return a module."""
    if type(make) is partial:  # a subclass of partial may do anything when called
        return makes_a_module(make.func)
    if isinstance(make, type):
        return _is_module(make)
    function = inspect.unwrap(make)
    return _is_module(_returned(function if inspect.isroutine(function) else type(make).__call__))


def is_called_as_it_is_written(make: Callable[..., Any]) -> bool:
    """Whether it is a class or a function, or a partial of one.

    Another instance may have any signature, and do anything when called.
    """
    if type(make) is partial:
        return is_called_as_it_is_written(make.func)
    return isinstance(make, type) or inspect.isroutine(inspect.unwrap(make))


def needs_nothing(make: Callable[..., Any]) -> bool:
    """Whether it is a function written in Python that can be called without arguments, and that
    does not say what it returns."""
    if not inspect.isfunction(make) or "return" in make.__annotations__:
        return False
    parameters = inspect.signature(make).parameters.values()
    return all(p.default is not p.empty for p in parameters)


def _returned(function: Any) -> Any:
    """What a function is annotated to return, or None."""
    function = getattr(function, "__func__", function)  # of a method
    said = getattr(function, "__annotations__", {}).get("return")
    if not isinstance(said, str):
        return said
    # A string after `from __future__ import annotations`: its name is looked up, not evaluated.
    first, *others = said.strip("'\" ").split(".")
    found = getattr(function, "__globals__", {}).get(first)
    for name in others:
        found = getattr(found, name, None)
    return found


def _is_module(cls: Any) -> bool:
    """Whether it is a subclass of torch.nn.Module. If torch is not loaded, nothing is."""
    torch = sys.modules.get("torch.nn")
    return torch is not None and isinstance(cls, type) and issubclass(cls, torch.Module)
