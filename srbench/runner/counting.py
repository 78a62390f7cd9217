"""Counts subjects one by one."""

import gc
import logging
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import Any

import torch
from torch import nn

from srbench.errors import BuildError, SrbenchError, lacks_memory, one_line, require_failure
from srbench.measure.conventions.totals import totals
from srbench.measure.forward_counts import ForwardCounts, count_for_real, count_on_shapes
from srbench.measure.layers import layers
from srbench.measure.malloc import return_freed_memory
from srbench.measure.memory_from_shapes import Network, memory_use
from srbench.measure.params import count_parameters, parameter_bytes
from srbench.measure.torch_settings import kept
from srbench.models.assembly import Assembly, Inserted
from srbench.models.build import assemble_uninitialised
from srbench.models.subject import FromSpec, Subject
from srbench.records import environment
from srbench.records.counts import MOST_PASSES, Counts, ModuleCounts
from srbench.records.memory_use import OPTIMIZER, MemoryUse
from srbench.records.record import UNKNOWN, MadeOf, Record
from srbench.shapes.call import Call
from srbench.shapes.copies import blank_copy
from srbench.shapes.on_shapes import on_shapes
from srbench.shapes.torch_function import NeedsValues
from srbench.spec.cases import Case

LOG = logging.getLogger(__name__)
# Records hold these notes, and are compared word by word: a new wording is a change of records.
FOR_REAL = "was counted in one run on {}: on shapes alone it does not run"
AUXILIARY = "holds an auxiliary head, for training alone"


@dataclass(frozen=True)
class Extras:
    """What is worked out beside the counts, which takes its time: with ``details``, every
    parameter's shape and every module's operators; with ``memory``, the bytes that inference and
    training need, with an ``optimizer``; with ``layers``, every module; with ``conventions``, the
    totals of other tools."""

    details: bool = False
    memory: bool = False
    layers: bool = False
    conventions: bool = False
    optimizer: str = OPTIMIZER

    @classmethod
    def needed(cls, names: Collection[str], details: bool = False) -> "Extras":
        """What fields of `Counts` need, of those that not every record has."""
        return cls(details, memory="memory" in names, conventions="conventions" in names)


def run(wanted: Iterable[Case], extras: Extras = Extras()) -> Iterator[Record]:
    """Count each spec, as `count` does."""
    return count(map(FromSpec, wanted), extras)


def count(wanted: Iterable[Subject], extras: Extras = Extras()) -> Iterator[Record]:
    """Count each subject, in order and lazily: a network for one image, or for its inputs.

    An error while a model is built or run becomes the row's status, and does not affect the others.
    """
    facts = environment.facts()
    for subject in wanted:
        with _without_garbage_collection():  # it takes a sixth of the time, and finds little
            found = _count(subject, extras)
        return_freed_memory()  # of one network after the other, it would pile up
        row = subject.row()
        row["settings"] = row.get("settings", {}) | found.said
        yield Record(
            **row,
            counts=found.counts,
            environment=facts,
            status=found.status,
            fingerprint=found.fingerprint,
            made=environment.now(),
            parts=found.parts,
        )


def require_counted(record: Record) -> Record:
    """The record. Raises BuildError, with the reason, if it has no counts."""
    if record.counts is None:
        why = record.status.removeprefix("failed: ")
        raise BuildError(why if why.startswith(record.spec) else f"{record.spec}: {why}")
    return record


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@dataclass(frozen=True)
class _Counted:
    """The counts, the row's status, notes on the spec or its backbone, and the fingerprint."""

    counts: Counts | None
    status: str = "ok"
    said: dict[str, str] = field(default_factory=dict)
    fingerprint: str = UNKNOWN
    parts: tuple[MadeOf, ...] = ()


@kept()
def _count(subject: Subject, extras: Extras) -> _Counted:
    try:
        assembly, forward, said = assemble_and_count(subject)
        counts = _with_extras(_counts(assembly, forward), subject, assembly.model, forward, extras)
        said |= _auxiliary(subject, assembly.model, forward)
        return _Counted(counts, "ok", said, assembly.fingerprint, assembly.parts)
    except BaseException as error:
        require_failure(error)
        LOG.debug("%s failed", subject.name, exc_info=True)
        reason = _reason(subject, error).removeprefix(f"{subject.name}: ")
        return _Counted(None, f"failed: {reason}")


@kept()
def fingerprint_of(case: Case) -> str:
    """The fingerprint that a case's record would have; `UNKNOWN` if it cannot be built."""
    try:
        with _without_garbage_collection():
            return assemble_uninitialised(*case).fingerprint
    except BaseException as error:  # counting it reports why
        require_failure(error)
        LOG.debug("%s failed", case.spec, exc_info=True)
        return UNKNOWN


def _reason(subject: Subject, error: BaseException) -> str:
    if isinstance(error, SrbenchError) or lacks_memory(error):
        return one_line(error)
    return one_line(subject.does_not_run(error))


def _auxiliary(subject: Subject, model: nn.Module, forward: ForwardCounts) -> dict[str, str]:
    """A note on how much of the counts is a head that inference does not use."""
    head = subject.auxiliary
    if not head:
        return {}
    params, (macs, _) = count_parameters(model.get_submodule(head)).total, forward.of(head)
    own = f"{AUXILIARY}: {params:,} parameters, {macs:,} MACs"
    return {subject.baseline: own}


@kept()
def assemble_and_count(subject: Subject) -> tuple[Assembly, ForwardCounts, dict[str, str]]:
    """A model and its counts: on shapes, or, if that fails, for real and with a note.

    Raises SrbenchError if it cannot be built or does not run as it should, and what the forward
    raises.
    """
    try:
        assembly = subject.assemble(initialised=False)
        inputs = subject.inputs(initialised=False)
        return assembly, _counted(subject, assembly, inputs, count_on_shapes), {}
    except SrbenchError:
        raise
    except Exception as error:  # of any kind: a run for real decides
        assembly = subject.assemble()
        forward = _counted(subject, assembly, subject.inputs(), count_for_real)
        why = str(error) if isinstance(error, NeedsValues) else one_line(error)
        return assembly, forward, {subject.name: f"{FOR_REAL.format(subject.values)} ({why})"}


def _counted(
    subject: Subject, assembly: Assembly, inputs: Call, counter: Callable[..., ForwardCounts]
) -> ForwardCounts:
    with subject.watched(assembly):
        return counter(assembly.model, *inputs.args, **inputs.keywords)


def _counts(assembly: Assembly, forward: ForwardCounts) -> Counts:
    parameters = count_parameters(assembly.model)
    return Counts(
        params=parameters.total,
        trainable=parameters.trainable,
        buffers=parameters.buffers,
        macs=forward.macs,
        flops=forward.flops,
        macs_fvcore=forward.macs_fvcore,
        activations=forward.activations,
        param_dtypes=parameter_bytes(assembly.model),
        uncounted=forward.uncounted,
        unknown=forward.unknown,
        disguised=forward.disguised,
        differences=forward.differences,
        fvcore_failed=forward.fvcore_failed,
        idle=forward.idle,
        unregistered=forward.unregistered,
        passes=forward.passes,
        modules=tuple(_module_counts(assembly, block, forward) for block in assembly.inserted),
    )


def _with_extras(
    counts: Counts, subject: Subject, model: nn.Module, forward: ForwardCounts, extras: Extras
) -> Counts:
    found: dict[str, Any] = {}
    if extras.details:
        found["parameters"] = {n: "x".join(map(str, p.shape)) for n, p in model.named_parameters()}
        found["operators"] = forward.operators
    is_real = not forward.is_on_shapes
    if extras.layers:
        how = torch.no_grad if is_real else on_shapes
        found["layers"] = layers(model, subject.inputs(initialised=is_real), forward, how)
    if extras.conventions:
        how = torch.no_grad if is_real else partial(on_shapes, is_known_to_run=True)
        inputs = subject.inputs(initialised=is_real)
        found["conventions"] = totals(model, inputs, forward, how)
    if extras.memory and len(forward.passes) >= MOST_PASSES:
        found["memory"] = MemoryUse(missing=("no two passes run the same",))
    elif extras.memory:
        built = cache(lambda: subject.assemble(initialised=False).model)
        network = Network(
            lambda: blank_copy(built()),  # in a fraction of the time of building it
            lambda: subject.inputs(initialised=False),
        )
        found["memory"] = memory_use(network, extras.optimizer)
    return replace(counts, **found)


def _module_counts(assembly: Assembly, block: Inserted, forward: ForwardCounts) -> ModuleCounts:
    module = assembly.model.get_submodule(block.module)
    return ModuleCounts(
        block.stage,
        block.module,
        str(block.block),
        block.shape,
        count_parameters(module).total,
        *forward.of(block.module),
    )
