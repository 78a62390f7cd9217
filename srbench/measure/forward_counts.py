"""The counts of a forward pass: MACs by the dispatcher, FLOPs by fvcore, and how they differ."""

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from operator import is_
from typing import Any

import torch
from torch import nn

from srbench.measure.fvcore_flops import (
    IN_FLOPS,
    FvcoreFailed,
    FvcoreFlops,
    TracerFailed,
    fvcore_flops,
)
from srbench.measure.macs.conventions import Operator, shown_name
from srbench.measure.macs.watching import Watching, watching
from srbench.measure.second_opinion import differences
from srbench.measure.unused import idle, unregistered
from srbench.records.counts import MOST_PASSES, Difference
from srbench.shapes.call import Call
from srbench.shapes.copies import blank_copy, real_copy
from srbench.shapes.on_shapes import on_shapes
from srbench.shapes.torch_function import NeedsValues

CONTAINERS = frozenset({dict, OrderedDict, list, tuple, set})


@dataclass(frozen=True)
class ForwardCounts:
    """Counts of one forward pass, as `srbench.records.counts.Counts` describes them, and whether it
    ran on shapes alone."""

    macs: int
    flops: int | None
    macs_fvcore: int | None
    activations: int
    uncounted: Mapping[str, int]
    unknown: Mapping[str, int]
    disguised: Mapping[str, int]
    differences: tuple[Difference, ...]
    fvcore_failed: str
    idle: Mapping[str, int]
    unregistered: Mapping[str, int]
    passes: tuple[int, ...]
    operators: Mapping[str, int]
    _watch: Watching = field(repr=False, compare=False)
    _fvcore: FvcoreFlops | None = field(repr=False, compare=False)
    is_on_shapes: bool = field(default=False, compare=False)

    def of(self, module: str) -> tuple[int, int | None]:
        """The MACs and the FLOPs of a module and of all modules inside it."""
        return self._watch.of(module), self._flops.of(module) if self._flops else None

    @property
    def own_macs(self) -> dict[str, int]:
        """The MACs of the operators that each module calls itself, not in a submodule."""
        return {name: sum(own.values()) for name, own in self._watch.macs.items()}

    @property
    def own_flops(self) -> dict[str, int] | None:
        """The same of the FLOPs."""
        if not self._flops:
            return None
        return {name: sum(own.values()) for name, own in self._flops.operators.items()}

    @property
    def own_activations(self) -> Mapping[str, int]:
        """The same of the activations."""
        return self._watch.activations

    @property
    def total_of_fvcore(self) -> int | None:
        """What fvcore counts, although it may lack some products; None if it failed."""
        return self._fvcore.of("") if self._fvcore else None

    @property
    def _flops(self) -> FvcoreFlops | None:
        return self._fvcore if self.flops is not None else None


def count_forward(model: nn.Module, /, *inputs: Any, **keywords: Any) -> ForwardCounts:
    """Count one forward pass in evaluation mode, on shapes alone or, if that fails, for real.

    The model and its inputs are not changed: copies of them are counted. Raises what the forward
    raises.
    """
    call = Call(inputs, keywords)
    try:
        blank = blank_copy(model), blank_copy(call)
        return count_on_shapes(blank[0], *blank[1].args, **blank[1].keywords)
    except Exception:  # a real forward tells whether the model itself fails
        real = real_copy(model), real_copy(call)
        return count_for_real(real[0], *real[1].args, **real[1].keywords)


def count_on_shapes(model: nn.Module, /, *inputs: Any, **keywords: Any) -> ForwardCounts:
    """Count without arithmetic. Do not use the model or the inputs afterwards: their values are
    meaningless.

    Raises NeedsValues if the model's control flow depends on values.
    """
    call = Call(inputs, keywords).forget_values()

    def trace(output: object) -> FvcoreFlops:
        with on_shapes():
            return fvcore_flops(model, call, output)

    try:
        # When a trace fails, what is left of it in its thread makes the next one fail, too.
        with on_shapes(), ThreadPoolExecutor(1) as thread:
            found = _count(model, call, lambda output: thread.submit(trace, output).result())
    except TracerFailed as error:
        raise NeedsValues(str(error)) from error
    if any(one.operator == "conv" for one in found.differences):
        raise NeedsValues("fvcore's trace lacks convolutions")  # as in torch.vmap
    return replace(found, is_on_shapes=True)


def count_for_real(model: nn.Module, /, *inputs: Any, **keywords: Any) -> ForwardCounts:
    """Count forward passes that are really computed. The model stays in evaluation mode and keeps
    the changes that its forward makes to it."""

    call = Call(inputs, keywords)

    def trace(output: object) -> FvcoreFlops:
        try:
            return fvcore_flops(model, call, output)
        except TracerFailed as error:
            raise FvcoreFailed(str(error)) from error

    with torch.no_grad():
        return _count(model, call, trace)


def _count(model: nn.Module, call: Call, trace: Callable[[Any], FvcoreFlops]) -> ForwardCounts:
    model.eval()
    fvcore, failed = None, ""
    with operators_apart():
        passes, output = _passes(model, call)
        try:
            fvcore = trace(output)
        except FvcoreFailed as error:
            failed = str(error)
    watch = passes[-1]
    apart = differences(watch.macs, fvcore.macs_by_module()) if fvcore else ()
    flops = fvcore if not apart else None
    macs = tuple(one.of("") for one in passes)
    return ForwardCounts(
        macs[-1],
        flops.of("") if flops else None,
        fvcore.macs if fvcore else None,
        watch.activations.total(),
        _named(watch.uncounted, IN_FLOPS if flops else ()),
        _named(watch.unknown),
        _by_name(watch.disguised),
        apart,
        failed,
        idle(model, set().union(*(one.used for one in passes))),
        unregistered(model, watch.unregistered),
        macs if len(set(macs)) > 1 else (),
        _by_name(flops.operators if flops else watch.macs),
        watch,
        fvcore,
    )


def _named(calls: Counter[Operator], but: Iterable[str] = ()) -> dict[str, int]:
    """The number of calls by the names that people know, in the order of the names."""
    found = Counter[str]()
    for func, number in calls.items():
        found[shown_name(func)] += number
    return {name: number for name, number in sorted(found.items()) if name.strip("_") not in but}


def _by_name(by_module: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    return {
        f"{module} {operator}".strip(): number
        for module, operators in by_module.items()
        for operator, number in operators.items()
        if number
    }


def _passes(model: nn.Module, call: Call) -> tuple[list[Watching], Any]:
    """Passes until one leaves the model's attributes as they are, or two in a row run the same, and
    what the last returned."""
    passes: list[Watching] = []
    while len(passes) < MOST_PASSES:
        before = _attributes(model)
        with watching(model) as watch:
            output = call(model)
        passes.append(watch)
        if _are_the_same(before, _attributes(model)) or _run_the_same(*passes[-2:]):
            break
    return passes, output


def _run_the_same(*passes: Watching) -> bool:
    ran = [(one.macs, one.uncounted, one.unknown) for one in passes]
    return len(ran) == 2 and ran[0] == ran[1]


def _attributes(model: nn.Module) -> list[Any]:
    """The values of all attributes of a model's modules, and what lists and dicts in them hold."""
    found: list[Any] = []
    for module in model.modules():
        values = vars(module).values()
        found += values
        for value in values:
            if type(value) in CONTAINERS and value:
                found += value
                if isinstance(value, dict):
                    found += value.values()
    return found


def _are_the_same(before: list[Any], after: list[Any]) -> bool:
    return len(before) == len(after) and all(map(is_, before, after))


@contextmanager
def operators_apart() -> Iterator[None]:
    """Without nn.MultiheadAttention's fast path, which is one operator for a whole layer."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)
