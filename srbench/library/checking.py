"""Arguments of the library's functions, as people write them."""

import reprlib
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from srbench.conditions import Input
from srbench.errors import SrbenchError, did_you_mean
from srbench.models.subject import texts
from srbench.shapes.call import Call
from srbench.spec.parse import Spec


def require_types(**arguments: tuple[Any, type, str]) -> None:
    """Raises SrbenchError for an argument that is given and is not of its type; each has its value,
    type, and how it is written."""
    for name, (value, kind, written) in arguments.items():
        if value is not None and not (isinstance(value, kind) and type(value) is not bool):
            raise SrbenchError(f"{name} is {_short(value)}", f"give {written}")


def require_specs(specs: Sequence[Any]) -> None:
    """Raises SrbenchError for anything that is neither a spec nor its text."""
    for one in specs:
        if not isinstance(one, (str, Spec)):
            raise SrbenchError(
                f"an object of type {type(one).__name__} is not a spec",
                'give specs one after the other, such as "resnet50+sr", and their inputs as '
                "inputs=…; or a module, and then its inputs",
            )


def require_none(options: Mapping[str, Any], why: str) -> None:
    """Raises SrbenchError for an option that is given, although it has no meaning here."""
    for name, value in options.items():
        if value is not None and value != ():
            raise SrbenchError(f"{name} is given, but {why}", f"leave {name} out")


def require_known(keywords: Mapping[str, Any], known: Sequence[str]) -> None:
    """Raises SrbenchError for keywords that a function does not have."""
    for name in keywords:
        raise SrbenchError(
            f"unknown argument {name!r}",
            f"{did_you_mean(name, known)}the arguments are {', '.join(known)}",
        )


def as_variants(variants: Sequence[str] | str | None) -> Sequence[str]:
    """The variants; a single one may be given without a list. Raises SrbenchError for others."""
    found = (variants,) if isinstance(variants, str) else variants or ()
    if not isinstance(found, Sequence) or not all(isinstance(one, str) for one in found):
        raise SrbenchError(f"variants is {_short(found)}", 'give a list, such as ["se", "sr"]')
    return tuple(found)


def as_inputs(inputs: Any) -> tuple[Input, ...]:
    """The inputs of a spec: texts such as ``"int64:1x128"``, or tensors, of which only dtype and
    shape count. A dict has them by name, a tuple or list by position.

    Raises SrbenchError for anything else.
    """
    if inputs is None:
        return ()
    if not isinstance(inputs, (Mapping, list, tuple)):
        inputs = (inputs,)
    named = inputs.items() if isinstance(inputs, Mapping) else (("", one) for one in inputs)
    return tuple(Input.parse(_text(name, one)) for name, one in named)


def _text(name: str, one: Any) -> str:
    if isinstance(one, Tensor):
        (one,) = texts(Call((one,)))
    if not isinstance(one, str):
        raise SrbenchError(
            f"an object of type {type(one).__name__} is not an input of a spec",
            'give tensors, or texts such as "1x1x16000" and "int64:1x128"',
        )
    return f"{name}={one}" if name else one


def as_name(argument: str, value: Any) -> str | None:
    """``torch.float16`` or ``torch.device("cuda")`` by its name. Raises SrbenchError for another
    kind of value."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, (torch.dtype, torch.device)):
        return str(value).removeprefix("torch.")
    raise SrbenchError(f"{argument} is {_short(value)}", "give its name")


def _short(value: object) -> str:
    return "a tensor" if isinstance(value, Tensor) else reprlib.repr(value)
