"""Counts specs one by one."""

import gc
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import torch
from torch import nn

from srbench.conditions import Conditions
from srbench.errors import SrbenchError, lacks_memory, one_line, require_failure
from srbench.measure.forward_counts import ForwardCounts, count_for_real, count_on_shapes
from srbench.measure.malloc import return_freed_memory
from srbench.measure.params import count_parameters
from srbench.measure.torch_settings import kept
from srbench.models.assembly import Assembly, Inserted
from srbench.models.build import assemble, assemble_uninitialised
from srbench.models.checks import does_not_run, watched
from srbench.records import environment
from srbench.records.counts import Counts, ModuleCounts
from srbench.records.record import UNKNOWN, MadeOf, Record
from srbench.records.results import Results
from srbench.shapes.torch_function import NeedsValues
from srbench.spec.cases import Case, Size, cases, usual
from srbench.spec.parse import Spec, backbone_of, settings

LOG = logging.getLogger(__name__)
# Records hold these notes, and are compared word by word: a new wording is a change of records.
FOR_REAL = "was counted in one run on zeros: on shapes alone it does not run"
AUXILIARY = "holds an auxiliary head, for training alone"


def count(
    spec: str | Spec,
    *specs: str | Spec,
    variants: Sequence[str] = (),
    input_size: Size | None = None,
    num_classes: int | None = None,
) -> Results:
    """Count the parameters, MACs and FLOPs of specs and of their baselines.

    A backbone given alone is one row: only the ``variants`` given are added.

    Args:
        spec, specs: such as ``"resnet50+sr"``; missing baselines are added.
        variants: blocks that add one more row per backbone, such as ``"se+sr:memories=4"``.
        input_size: one side, ``(height, width)`` or ``"192x256"``, in pixels; by default
            each network's default input size, mostly 224.
        num_classes: the number of logits; by default each network's default, mostly 1000.

    Returns:
        One record per row. A row that cannot be built or run has no counts, and its ``status`` says
        why.

    Raises:
        SrbenchError: for bad input, with the remedy.

    >>> rows = count("resnet18+se", input_size=64)
    >>> [row.spec for row in rows], rows["resnet18+se"].counts.params
    (['resnet18', 'resnet18+se'], 11778592)
    """
    wanted = cases([spec, *specs], variants, (), size=input_size, num_classes=num_classes)
    return Results(list(run(wanted)))


def run(wanted: Sequence[Case], detailed: bool = False) -> Iterator[Record]:
    """Count each spec for one image, in order and lazily.

    ``detailed`` counts list every parameter's shape and every module's operators. An error while a
    model is built or run becomes the row's status, and does not affect the others.
    """
    facts = environment.facts()
    for spec, conditions in wanted:
        with _without_garbage_collection():  # it takes a sixth of the time, and finds little
            found = _count(spec, conditions, detailed)
        return_freed_memory()  # of one network after the other, it would pile up
        yield Record(
            spec=str(spec),
            baseline=str(spec.baseline),
            input=conditions.input_shape[1:],
            num_classes=conditions.num_classes,
            counts=found.counts,
            environment=facts,
            status=found.status,
            settings=settings(spec) | found.said,
            fingerprint=found.fingerprint,
            made=environment.now(),
            parts=found.parts,
            usual=usual(spec),
        )


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
def _count(spec: Spec, conditions: Conditions, detailed: bool) -> _Counted:
    try:
        assembly, forward, said = assemble_and_count(spec, conditions)
        counts = _counts(assembly, forward)
        if detailed:
            counts = _detailed(counts, assembly.model, forward)
        said |= _auxiliary(spec, assembly.model, forward)
        return _Counted(counts, "ok", said, assembly.fingerprint, assembly.parts)
    except BaseException as error:
        require_failure(error)
        LOG.debug("%s failed", spec, exc_info=True)
        return _Counted(
            None, f"failed: {_reason(spec, conditions, error).removeprefix(f'{spec}: ')}"
        )


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


def _reason(spec: Spec, conditions: Conditions, error: BaseException) -> str:
    if isinstance(error, SrbenchError) or lacks_memory(error):
        return one_line(error)
    return one_line(does_not_run(spec, conditions, error))


def _auxiliary(spec: Spec, model: nn.Module, forward: ForwardCounts) -> dict[str, str]:
    """A note on how much of the counts is a head that inference does not use."""
    head = backbone_of(spec.backbone).auxiliary
    if not head:
        return {}
    params, (macs, _) = count_parameters(model.get_submodule(head)).total, forward.of(head)
    own = f"{AUXILIARY}: {params:,} parameters, {macs:,} MACs"
    return {str(spec.backbone): own}


@kept()
def assemble_and_count(
    spec: Spec, conditions: Conditions
) -> tuple[Assembly, ForwardCounts, dict[str, str]]:
    """A model and its counts: on shapes, or, if that fails, for real and with a note.

    Raises SrbenchError if it cannot be built or is not a network, and what the forward raises.
    """
    try:
        assembly = assemble(spec, conditions, initialised=False)
        with watched(spec, assembly, conditions.num_classes):
            forward = count_on_shapes(assembly.model, torch.empty(conditions.input_shape))
        return assembly, forward, {}
    except SrbenchError:
        raise
    except Exception as error:  # of any kind: a run for real decides
        assembly = assemble(spec, conditions)
        with watched(spec, assembly, conditions.num_classes):
            forward = count_for_real(assembly.model, torch.zeros(conditions.input_shape))
        why = str(error) if isinstance(error, NeedsValues) else one_line(error)
        return assembly, forward, {str(spec): f"{FOR_REAL} ({why})"}


def _counts(assembly: Assembly, forward: ForwardCounts) -> Counts:
    parameters = count_parameters(assembly.model)
    return Counts(
        params=parameters.total,
        trainable=parameters.trainable,
        buffers=parameters.buffers,
        macs=forward.macs,
        flops=forward.flops,
        macs_fvcore=forward.macs_fvcore,
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


def _detailed(counts: Counts, model: nn.Module, forward: ForwardCounts) -> Counts:
    shapes = {name: "x".join(map(str, p.shape)) for name, p in model.named_parameters()}
    return replace(counts, parameters=shapes, operators=forward.operators)


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
