"""Importing what ``module:attribute`` names, and what its constructor takes."""

import difflib
import importlib
import importlib.util
import inspect
import os
import sys
from collections.abc import Callable, Collection
from contextlib import redirect_stdout
from typing import Any

from srbench.errors import SpecError
from srbench.options import Flag, Integer, Number, Option, Text

OURS = ("stage", "after")


def load(name: str, what: str) -> Callable[..., Any]:
    """The class or function that ``module:attribute`` names.

    The working directory is searched last, so that one's own file is found and hides nothing.
    ``what`` is what an error calls it. Raises SpecError where there is no such thing, or importing
    it fails.
    """
    module, _, attribute = name.partition(":")
    found = _attribute(_module(module, what), attribute, what)
    if not callable(found) or (not isinstance(found, type) and hasattr(found, "forward")):
        raise SpecError(
            f"{what} is not a class or a function that makes a module", "name the class itself"
        )
    return found  # type: ignore[no-any-return]


def resolve(target: str) -> Any:
    """What ``module:attribute`` names, once it is known to be there."""
    module, _, path = target.partition(":")
    found: Any = importlib.import_module(module)
    for name in path.split("."):
        found = getattr(found, name)
    return found


def options(make: Callable[..., Any], filled: Collection[str], what: str) -> list[Option]:
    """The arguments of a constructor that a spec can write, with their defaults.

    ``filled`` are those that srbench gives. Raises SpecError for another one without a default.
    """
    found = []
    for parameter in _parameters(make, what):
        if parameter.name in filled or parameter.kind in (
            parameter.VAR_POSITIONAL,
            parameter.VAR_KEYWORD,
        ):
            continue
        if parameter.default is parameter.empty or parameter.name in OURS:
            reason = "is srbench's own" if parameter.name in OURS else "has no default"
            raise SpecError(
                f"{what} needs {parameter.name!r}, an argument that {reason}",
                f"srbench fills in {', '.join(filled)}: call it so if that is what it is, "
                "or give it a default" + (" and another name" if parameter.name in OURS else ""),
            )
        option = _option(parameter.name, parameter.default)
        found += [option] if option else []
    return found


def asked(make: Callable[..., Any], names: Collection[str], any_keyword: bool = False) -> list[str]:
    """Those of the names that a constructor takes; with ``any_keyword`` also by ``**keywords``."""
    parameters = _parameters(make, "it")
    known = {parameter.name for parameter in parameters}
    keywords = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
    return [name for name in names if name in known or (any_keyword and keywords)]


def default(make: Callable[..., Any], name: str) -> Any:
    """An argument's default, or None where it has none."""
    found = [p.default for p in _parameters(make, "it") if p.name == name]
    return None if not found or found[0] is inspect.Parameter.empty else found[0]


def _module(module: str, what: str) -> Any:
    here = os.getcwd()
    if here not in sys.path:
        sys.path.append(here)
    top = module.partition(".")[0]
    if top not in sys.modules and importlib.util.find_spec(top) is None:
        raise SpecError(
            f"{what} cannot be imported: there is no module {top!r}",
            "is it installed, or in the folder that srbench is called in? write module:Class",
        )
    try:
        with redirect_stdout(sys.stderr):  # what it prints is nobody's data
            return importlib.import_module(module)
    except (Exception, SystemExit) as error:
        raise SpecError(
            f"{what} cannot be imported: {type(error).__name__}: {error}",
            "repair that package; everything else works without it",
        ) from error


def _attribute(module: Any, path: str, what: str) -> Any:
    found = module
    for name in path.split("."):
        if not hasattr(found, name):
            near = difflib.get_close_matches(name, dir(found), n=1)
            raise SpecError(
                f"{what} cannot be imported: {getattr(found, '__name__', found)} has no {name!r}",
                f"did you mean {near[0]}?" if near else "write module:Class",
            )
        found = getattr(found, name)
    return found


def _parameters(make: Callable[..., Any], what: str) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(make).parameters.values())
    except (TypeError, ValueError) as error:
        raise SpecError(f"{what} does not tell its arguments: {error}", "write it in Python") from (
            error
        )


def _option(name: str, value: Any) -> Option | None:
    """An option for a default that a spec can write; others keep what they are."""
    if type(value) not in (bool, int, float, str):
        return None  # nor a subclass: a spec could not write it
    if isinstance(value, bool):
        return Flag(name, value, "")
    if isinstance(value, int):
        return Integer(name, value, "", minimum=None)
    if isinstance(value, float):
        return Number(name, value, "")
    return Text(name, value, "")
