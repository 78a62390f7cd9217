"""Where a network's residual branches end, found by watching it run on shapes.

A residual addition is x + f(x), or g(x) + f(x) with a projection g. The shortcut is x, or is
computed from it step by step; the branch contains a nonlinearity, is computed from x alone and in
the module that adds, and is deeper than the shortcut. Other additions are not residual: those of
feature maps of other resolutions, and of parallel convolutions that can be fused into one, as in
RepVGG.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from torch import nn

from srbench.shapes.dataflow import Flow, Result

WEIGHTS = frozenset({"convolution", "addmm", "mm", "bmm", "baddbmm"})
LINEAR = WEIGHTS - {"bmm", "baddbmm"} | {
    *("add", "sub", "mul", "div", "neg", "sum", "mean", "cat", "stack", "clone", "copy", "split"),
    *("avg_pool2d", "_adaptive_avg_pool2d", "constant_pad_nd", "_unsafe_view"),
}
SCALES = frozenset({"mul", "div", "slice", "clone"})


@dataclass(frozen=True)
class Unit:
    """A module that adds a branch to its shortcut.

    ``end`` is the module that returns the branch; "" if no module that runs once returns it, or if
    it is not a feature map, (B, C, H, W). ``shape`` is the branch's, including the batch.
    """

    module: str
    end: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class _Addition:
    """A residual addition's unit, its sum, and all results in its branch."""

    unit: Unit
    added: Result
    branch: list[Result]


def residual_units(model: nn.Module, flow: Flow) -> list[Unit]:
    """A network's residual units, in the order in which their branches end.

    A unit that has no shortcut because it changes the size ends as others of its class do.
    """
    additions = [one for result in flow.results if (one := _addition(flow, result))]
    inside = {result.number for one in additions for result in one.branch}
    # An addition in a branch is a part of it, such as an attention with its own shortcut.
    found = [one.unit for one in additions if one.added.number not in inside]
    found += _without_shortcut(model, flow, found)
    return in_order(flow, found)


def in_order(flow: Flow, units: Iterable[Unit]) -> list[Unit]:
    """Units in the order in which their branches end."""
    return sorted(units, key=lambda unit: flow.order[unit.end or unit.module])


def _addition(flow: Flow, added: Result) -> _Addition | None:
    """The residual addition with this sum; None if it is not one."""
    if added.operator != "add" or len(added.sources) != 2 or not added.call.module:
        return None
    one, other = added.sources
    if len(added.shape) < 3 or not one.shape == other.shape == added.shape:
        return None
    branch = _branch(one, other, added.call.start) or _branch(other, one, added.call.start)
    if not branch or not _is_all(flow.returned.get(added.call.module), added, branch):
        return None
    end, result = _end(flow, branch[-1], added.call.module)
    is_map = result.is_map or (result.channels is None and added.is_map)
    return _Addition(Unit(added.call.module, end if is_map else "", result.shape), added, branch)


def _branch(shortcut: Result, branch: Result, start: int) -> list[Result]:
    """All results in a branch, from its origin on; empty if the two are not such a pair."""
    for origin, weights, is_norm in _steps_back(shortcut):
        _, *made = _back_to([origin], branch, start) or [origin]
        if made:
            layers = any(r.operator in WEIGHTS or "pool" in r.operator for r in made)
            is_deeper = _depth(made) > weights if weights else layers
            return made if is_deeper and not is_norm and any(map(_is_nonlinear, made)) else []
    return []


def _steps_back(shortcut: Result) -> Iterator[tuple[Result, int, bool]]:
    """The results that a shortcut is computed from, step by step backwards, each with the number of
    layers with weights up to there, and whether the shortcut is a norm alone: that is not a
    projection, but is fused with the parallel convolutions.

    A part of the channels is not a shortcut.
    """
    result, weights, has_norm = shortcut, 0, False
    yield result, 0, False
    while len(result.sources) == 1:
        (source,) = result.sources
        weights += result.operator in WEIGHTS
        has_norm |= "norm" in result.operator
        if result.operator not in WEIGHTS and _channels(result) < _channels(source):
            return
        result = source
        yield result, weights, has_norm and not weights


def _is_all(returned: Result | None, added: Result, branch: list[Result]) -> bool:
    """Whether a module returns only what is computed from the sum and parts of the branch."""
    return not returned or bool(_back_to([added, *branch], returned, added.call.start))


def _channels(result: Result) -> int:
    return 0 if result.channels is None else result.shape[result.channels]


def _back_to(stops: list[Result], result: Result, start: int) -> list[Result]:
    """A result and all that it is computed from, back to the stops, in the order computed; empty if
    it also depends on another result from before the module's call."""
    numbers = {stop.number for stop in stops}
    made: dict[int, Result] = {}
    waiting = [result]
    while waiting:
        one = waiting.pop()
        if one.number in made:
            continue
        if one.number < start and one.number not in numbers:
            return []
        made[one.number] = one
        if one.number not in numbers:
            waiting += one.sources
    return [made[number] for number in sorted(made)] if numbers & made.keys() else []


def _depth(made: list[Result]) -> int:
    """The largest number of successive layers with weights."""
    depths: dict[int, int] = {}
    for result in made:
        before = max((depths.get(source.number, 0) for source in result.sources), default=0)
        depths[result.number] = before + (result.operator in WEIGHTS)
    return max(depths.values(), default=0)


def _is_nonlinear(result: Result) -> bool:
    if result.operator == "mul" and len(result.sources) > 1:
        return True
    return not (result.operator in LINEAR or "batch_norm" in result.operator or result.is_view)


def _end(flow: Flow, branch: Result, unit: str) -> tuple[str, Result]:
    """The module inside the unit that returns the branch first, if need be before it is scaled.

    Modules that run more than once are left out.
    """
    result, own = branch, f"{unit}."
    while True:
        returned_by = (name for name in result.returned_by if flow.runs[name] == 1)
        inside = [name for name in returned_by if name.startswith(own)]
        if inside:
            children = [name for name in inside if "." not in name.removeprefix(own)]
            return (children or inside[-1:])[0], result
        if result.operator not in SCALES or len(result.sources) != 1:
            return "", branch
        (result,) = result.sources


def _without_shortcut(model: nn.Module, flow: Flow, found: list[Unit]) -> Iterator[Unit]:
    """The other units of the same classes, if they have a nonlinearity too."""
    known = {unit.module for unit in found}
    ends: dict[type, list[list[str]]] = {}
    for name in dict.fromkeys(unit.module for unit in found):
        own = [unit.end.removeprefix(name) for unit in found if unit.module == name]
        kinds = ends.setdefault(type(model.get_submodule(name)), [[] for _ in own])
        for kind, end in zip(kinds, own, strict=False):
            kind.append(end)
    for name, module in model.named_modules():
        if name not in known and name in flow.returned and _has_nonlinearity(flow, name):
            for kind in ends.get(type(module), []):
                inside = [name + end for end in kind if end and name + end in flow.returned]
                yield unit_at(flow, name, max(inside, key=flow.order.__getitem__, default=name))


def _has_nonlinearity(flow: Flow, module: str) -> bool:
    inside = (r for r in flow.results if f"{r.call.module}.".startswith(f"{module}."))
    return any(map(_is_nonlinear, inside))


def unit_at(flow: Flow, module: str, end: str) -> Unit:
    """A unit that ends with a certain module."""
    result = flow.returned[end]
    is_map = result is not None and result.is_map
    return Unit(module, end if is_map else "", result.shape if result else ())
