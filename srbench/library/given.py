"""Modules and callables that were given with their inputs, as subjects to count or time."""

import inspect
import re
import reprlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from math import prod
from typing import Any, Literal

import torch
from torch import Tensor, nn

from srbench.conditions import MOST_ELEMENTS, Plan
from srbench.errors import SpecError, SrbenchError, did_you_mean
from srbench.models.plain_module import require_plain
from srbench.models.subject import Function, Given, weights
from srbench.records.timing import AGAIN
from srbench.shapes.call import Call
from srbench.shapes.nested import tensors_within

PLANNED = [one.name for one in fields(Plan)]
BASELINE = "baseline"  # the name of the row that others are compared with, wherever it stands
Shape = Sequence[int] | Sequence[Sequence[int]] | str
SIZE_HINT = "input_size is the shape of one example, without the batch; give integers as tensors"
Kind = Literal["module", "callable"]


@dataclass(frozen=True)
class Asked:
    """The inputs as they were asked for: ``args`` by position and ``keywords`` by name, ``inputs``
    in one argument, or an ``input_size``."""

    args: tuple[Any, ...] = ()
    keywords: Mapping[str, Any] = field(default_factory=dict)
    inputs: Any = None
    input_size: Any = None


def is_given(what: object) -> bool:
    """Whether it is a module or a callable, or several, and not a spec."""
    return isinstance(what, Mapping) or callable(what) or _are_several(what)


def subjects(
    what: Any, asked: Asked, options: Sequence[str], dtype: str | None = None, *, is_timed: bool
) -> list[Given]:
    """The subjects, the baseline first: the one of that name, or else the first.

    If it ``is_timed``, callables are possible, too, and examples have random values. ``options``
    are the names of arguments that inputs cannot have.

    Raises SrbenchError for what cannot be measured, for inputs that are missing, and for inputs
    that a forward does not take.
    """
    named = _named(what)
    for name, one in named.items():
        _require_built(name, one)
    kinds = {name: _kind(name, one, is_timed) for name, one in named.items()}
    kind: Kind = "callable" if "callable" in kinds.values() else "module"
    baseline = BASELINE if BASELINE in named else next(iter(named))
    found = []
    for name in sorted(named, key=lambda name: name != baseline):
        model = _module(name, named[name])
        call = _call(model, asked, is_random=is_timed)
        _require_taken(name, named[name], call, options)
        how = (SIZE_HINT, "zeros") if asked.input_size is not None else ()
        found.append(Given(name, model, call, baseline, kind, dtype, *how))
    return found


def _named(what: Any) -> dict[str, Any]:
    """The modules by the names of their rows: their keys, or their classes."""
    if isinstance(what, Mapping):
        if not what:
            raise SrbenchError("there is nothing to measure", 'give {"name": module, …}')
        for key in what:
            _require_name(key)
        return dict(what)
    several = list(what) if _are_several(what) else [what]
    found: dict[str, Any] = {}
    for one in several:
        own = None if isinstance(one, nn.Module) else getattr(one, "__name__", None)
        name = plain = str(own or type(one).__name__)
        number = 2
        while name in found:
            name, number = f"{plain} ({number})", number + 1
        found[name] = one
    return found


def _require_name(key: object) -> None:
    """Raises SrbenchError for a key that cannot be the name of a row."""
    if not isinstance(key, str) or not key.strip() or not _is_utf8(key):
        raise SrbenchError(f"{reprlib.repr(key)} is not a name", 'give texts: {"mine": module, …}')
    if key.endswith(AGAIN):
        raise SrbenchError(
            f"{reprlib.repr(key)} is the name of a baseline timed again", "give another name"
        )


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _are_several(what: object) -> bool:
    return isinstance(what, (list, tuple)) and bool(what) and all(map(callable, what))


def _kind(name: str, one: Any, is_timed: bool) -> Kind:
    if isinstance(one, type):
        raise SrbenchError(
            f"{name} is a class, not a module", f"give an instance: {one.__name__}(…)"
        )
    if isinstance(one, nn.Module):
        return "module"
    if isinstance(one, str):
        raise SrbenchError(
            f"{name} is a text, not a module", f"build the network: srbench.build({one!r})"
        )
    if not callable(one):
        raise SrbenchError(
            f"{name} is of type {type(one).__name__}, and not a module", "give a torch.nn.Module"
        )
    if not is_timed:
        raise SrbenchError(
            f"{name} is a function, and only modules are counted",
            "give a torch.nn.Module whose forward calls it; srbench.time takes functions, too",
        )
    return "callable"


def _require_built(name: str, one: Any) -> None:
    if isinstance(one, nn.Module) and "_modules" not in vars(one):
        raise SrbenchError(f"{name} is not a whole module", "call super().__init__() first in it")


def _module(name: str, one: Any) -> nn.Module:
    return require_plain(one, name) if isinstance(one, nn.Module) else Function(one)


def _call(model: nn.Module, asked: Asked, is_random: bool) -> Call:
    """The inputs of a call. Raises SrbenchError if they are asked for in two ways."""
    has_inputs = bool(asked.args or asked.keywords or asked.inputs is not None)
    if asked.input_size is not None:
        if has_inputs:
            raise SrbenchError("inputs and input_size are both given", "leave one of the two out")
        return Call(tuple(_tensors(model, shapes(asked.input_size), is_random)))
    args, keywords = asked.args, dict(asked.keywords)
    if isinstance(asked.inputs, Mapping):
        if wrong := [key for key in asked.inputs if not isinstance(key, str)]:
            raise SrbenchError(
                f"{reprlib.repr(wrong[0])} is not the name of an input",
                "inputs is a dict from names to inputs, a tuple, or one input; for a forward that "
                "takes one dict, give (the_dict,)",
            )
        keywords |= asked.inputs
    elif isinstance(asked.inputs, tuple):
        args = (*args, *asked.inputs)
    elif asked.inputs is not None:
        args = (*args, asked.inputs)
    return Call(args, keywords)


def shapes(size: Any) -> list[tuple[int, ...]]:
    """The shapes in an ``input_size``, without the batch: ``(3, 224, 224)``, ``"3x224x224"``, or a
    list of several. Raises SrbenchError for anything else."""
    if isinstance(size, Tensor):
        raise SpecError("input_size is a tensor", "give it as an input: inputs=x")
    if isinstance(size, str):
        sides = size.lower().split("x")
        size = tuple(int(side) if re.fullmatch("[0-9]{1,12}", side) else side for side in sides)
    if not isinstance(size, Sequence) or not size:
        raise _no_shape(size)
    if all(isinstance(one, (Sequence, str)) for one in size) and not isinstance(size[0], str):
        return [shape for one in size for shape in shapes(one)]
    if not all(type(side) is int and side > 0 for side in size):
        raise _no_shape(size)
    if prod(size) > MOST_ELEMENTS:
        raise SpecError(f"{reprlib.repr(size)} is out of range", "give smaller sides")
    return [tuple(size)]


def _no_shape(size: object) -> SrbenchError:
    return SpecError(
        f"{reprlib.repr(size)} is not the input size of a module",
        "give the shape of one example, without the batch, such as (3, 224, 224)",
    )


def _tensors(
    model: nn.Module, sizes: Sequence[tuple[int, ...]], is_random: bool
) -> Iterator[Tensor]:
    """One example of each shape, on the model's device and in the dtype of its weights."""
    like = next((one for one in weights(model) if one.is_floating_point()), torch.empty(0))
    generator = torch.Generator().manual_seed(0)
    for size in sizes:
        if is_random:
            yield torch.randn((1, *size), generator=generator).to(like.device, like.dtype)
        else:
            yield torch.zeros((1, *size), device=like.device, dtype=like.dtype)


def _require_taken(name: str, one: Any, call: Call, options: Sequence[str]) -> None:
    """Raises SrbenchError for inputs that a forward needs and does not get, or does not take."""
    if isinstance(one, nn.Module) and _takes_more(one):
        return
    function: Callable[..., Any] = one.forward if isinstance(one, nn.Module) else one
    label = f"{name}'s forward" if isinstance(one, nn.Module) else name
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # one of a builtin is not known
        return
    parameters = signature.parameters.values()
    if not any(p.kind is p.VAR_KEYWORD for p in parameters):
        by_name = [
            p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
        ]
        for keyword in call.keywords:
            if keyword not in by_name:
                raise SrbenchError(
                    f"{label} has no argument {keyword!r}",
                    f"give plan=Plan({keyword}=…)"
                    if keyword in PLANNED
                    else did_you_mean(keyword, [*by_name, *options])
                    + f"its arguments: {', '.join(by_name) or 'none'}",
                )
    try:
        bound = signature.bind_partial(*call.args, **call.keywords).arguments
    except TypeError as error:  # too many, or one twice
        raise SrbenchError(
            f"{label} does not take these inputs: {error}", f"its arguments: {signature}"
        ) from error
    optional = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    missing = [
        p.name
        for p in parameters
        if p.default is p.empty and p.kind not in optional and p.name not in bound
    ]
    if missing:
        raise SrbenchError(f"{label} needs {', '.join(map(repr, missing))}", _remedy(missing, call))
    _require_tensors(label, call)


def _takes_more(module: nn.Module) -> bool:
    """Whether a module may take other inputs than its forward: by its own call, or by a hook."""
    return type(module).__call__ is not nn.Module.__call__ or bool(module._forward_pre_hooks)


def _remedy(missing: Sequence[str], call: Call) -> str:
    """What to do about missing inputs."""
    by_name = f"inputs={{{missing[0]!r}: …}}"
    if any(isinstance(one, (list, tuple)) for one in call.args):
        return f"a list is one input: give several one after the other, or {by_name}"
    is_alone = len(missing) == 1 and not call.args and not call.keywords
    image = "; for an image, input_size=(3, 224, 224) is enough" if is_alone else ""
    return f"give it: {by_name}{image}"


def _require_tensors(label: str, call: Call) -> None:
    """Raises SrbenchError for a shape or an array in place of a tensor, and for a second module."""
    for one in (*call.args, *call.keywords.values()):
        if isinstance(one, nn.Module):
            raise SrbenchError(
                f"{label} gets a module, {type(one).__name__}",
                'give several modules by name: {"baseline": a, "mine": b}',
            )
        if _is_shape(one) and not call.tensors:
            raise SrbenchError(
                f"{reprlib.repr(one)} is not a tensor",
                "give a tensor, or the shape of one example as input_size=(3, 224, 224)",
            )
        if type(one).__name__ == "ndarray":
            raise SrbenchError("a numpy array is not a tensor", "give torch.from_numpy(x)")


def _is_shape(value: object) -> bool:
    if isinstance(value, str):
        return re.fullmatch(r"\d+(x\d+)+", value) is not None
    return isinstance(value, (list, tuple)) and bool(value) and all(type(n) is int for n in value)


def home(given: Sequence[Given]) -> str:
    """The device that the first model's tensors, or the inputs, are on."""
    for one in given:
        for tensor in [*weights(one.model), *tensors_within(one.call)]:
            if tensor.device.type != "meta":
                return str(tensor.device)
    return "cpu"
