"""Import what ``module:attribute`` names, and find out which arguments its constructor has."""

import importlib
import importlib.util
import inspect
import os
import sys
import traceback
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

from srbench.catalog.options import Option, option_like
from srbench.catalog.plugins.promises import (
    is_called_as_it_is_written,
    makes_a_module,
    needs_nothing,
)
from srbench.errors import SpecError, SrbenchError, did_you_mean, one_line, require_failure

NOT_KNOWN = "is not known to make a module, so it is not called"
OURS = ("stage", "after")


@contextmanager
def usable(label: str) -> Iterator[None]:
    """Raises SpecError if inspecting a class or function outside srbench raises anything."""
    try:
        yield
    except SrbenchError:
        raise
    except BaseException as error:
        require_failure(error)
        raise SpecError(
            f"{label} cannot be used: {one_line(error)}", "`srbench --debug …` shows where it fails"
        ) from error


def load(name: str, label: str, number_of_classes: str = "") -> Callable[..., Any]:
    """The class or function that ``module:attribute`` names, after checking that it may be called.

    The working directory is searched last, so that a file in it is found but hides no other module.
    ``label`` is its name in error messages. ``number_of_classes`` is the argument by which a
    network gets its number of classes; a function of Python that needs no argument may make a
    network, too, and is called only if a command says what the network gets.

    Raises SpecError if there is no such class or function, if importing it fails, or if it is not
    known to make a module: anyone's layout may name any function.
    """
    module, _, attribute = name.partition(":")
    found = _attribute(_module(module, label), attribute, label)
    if not callable(found) or (not isinstance(found, type) and hasattr(found, "forward")):
        raise SpecError(
            f"{label} is not a class or a function that makes a module", "name the class itself"
        )
    names_classes = (
        number_of_classes
        and is_called_as_it_is_written(found)
        and asked(found, [number_of_classes])
    )
    is_meant = number_of_classes and needs_nothing(found)
    if not (names_classes or is_meant or makes_a_module(found)):
        raise SpecError(
            f"{label} {NOT_KNOWN}",
            "a class must inherit from torch.nn.Module; annotate a function: def f(…) -> nn.Module"
            + (f", or give it the argument {number_of_classes}" if number_of_classes else ""),
        )
    return found  # type: ignore[no-any-return]


def resolve(target: str) -> Any:
    """The object that ``module:attribute`` names, which must exist."""
    module, _, path = target.partition(":")
    found: Any = importlib.import_module(module)
    for name in path.split("."):
        found = getattr(found, name)
    return found


def options(make: Callable[..., Any], filled: Collection[str], label: str) -> list[Option]:
    """The arguments of a constructor that a spec can write, with their defaults.

    ``filled`` are those that srbench fills in. Raises SpecError for another one without a default.
    """
    found = []
    for parameter in _parameters(make, label):
        if parameter.name in filled or parameter.kind in (
            parameter.VAR_POSITIONAL,
            parameter.VAR_KEYWORD,
        ):
            continue
        if parameter.default is parameter.empty or parameter.name in OURS:
            reason = "is reserved by srbench" if parameter.name in OURS else "has no default"
            raise SpecError(
                f"{label} needs {parameter.name!r}, an argument that {reason}",
                f"srbench fills in {', '.join(filled)}: use such a name if it means the same, "
                "or give it a default" + (" and another name" if parameter.name in OURS else ""),
            )
        option = option_like(parameter.name, parameter.default)
        found += [option] if option else []
    return found


def asked(make: Callable[..., Any], names: Collection[str], any_keyword: bool = False) -> list[str]:
    """The names that a constructor accepts; with ``any_keyword``, also through ``**keywords``."""
    parameters = _parameters(make, "it")
    known = {parameter.name for parameter in parameters}
    keywords = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
    return [name for name in names if name in known or (any_keyword and keywords)]


def default(make: Callable[..., Any], name: str) -> Any:
    """An argument's default, or None if it has none."""
    found = [p.default for p in _parameters(make, "it") if p.name == name]
    return None if not found or found[0] is inspect.Parameter.empty else found[0]


def _module(module: str, label: str) -> Any:
    here = os.getcwd()
    if here not in sys.path:
        sys.path.append(here)
    top = module.partition(".")[0]
    if top not in sys.modules and importlib.util.find_spec(top) is None:
        raise SpecError(
            f"{label} cannot be imported: there is no module {top!r}",
            "install it, or run this command in the folder that it is in; the form is module:Class",
        )
    from srbench.catalog.source_code.sources import read_imported, watching_imports
    from srbench.catalog.source_code.user_code import (
        UserCode,  # here, so that listings need not load it
    )

    try:
        with redirect_stdout(sys.stderr), watching_imports():  # stdout is for data
            found = importlib.import_module(module)
    except BaseException as error:
        require_failure(error)
        raise SpecError(
            f"{label} cannot be imported: {one_line(error)}{_position(error)}",
            "fix that module; `srbench --debug …` shows the traceback; commands that do not name "
            "it still work",
        ) from error
    read_imported(UserCode(frozenset({top})))
    return found


def _position(error: BaseException) -> str:
    """Where an import failed: the last line outside importlib and srbench, if any."""
    own = str(Path(__file__).parents[2])
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if "importlib" not in frame.filename and not frame.filename.startswith(own)
    ]
    return f" ({frames[-1].filename} line {frames[-1].lineno})" if frames else ""


def _attribute(module: Any, path: str, label: str) -> Any:
    found = module
    for name in path.split("."):
        if not hasattr(found, name):
            raise SpecError(
                f"{label} cannot be imported: {_described(found)} has no {name!r}",
                did_you_mean(name, dir(found)).strip() or "write module:Class",
            )
        found = getattr(found, name)
    return found


def _described(found: Any) -> str:
    """A module or a class by its name; a module also with its file."""
    file = getattr(found, "__file__", None)
    return f"{getattr(found, '__name__', found)}{f' ({file})' if file else ''}"


def _parameters(make: Callable[..., Any], label: str) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(make).parameters.values())
    except (TypeError, ValueError) as error:
        raise SpecError(f"{label} has no readable signature: {error}", "write it in Python") from (
            error
        )
