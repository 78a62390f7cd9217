"""Counts specs one by one."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import torch
from torch import nn

from srbench.comparison import Case, Size, cases
from srbench.conditions import Conditions
from srbench.environment import fingerprint
from srbench.errors import SrbenchError
from srbench.failures import lacks_memory, told
from srbench.measure.flops import CounterFailed, Flops, count_for_real, count_on_shapes
from srbench.measure.params import count_parameters
from srbench.models.assembly import Assembly, Inserted
from srbench.models.build import assemble
from srbench.models.trial import does_not_run, watched
from srbench.records import Counts, ModuleCounts, Record
from srbench.results import Results
from srbench.spec import Spec, backbone_of, settings

FOR_REAL = "was counted in one run on zeros: on shapes alone it does not run"


def count(
    spec: str | Spec,
    *specs: str | Spec,
    variants: Sequence[str] = (),
    input_size: Size | None = None,
    num_classes: int | None = None,
) -> Results:
    """Parameters, MACs and FLOPs of the specs, each beside its baseline.

    A backbone given alone is one row: no variants are added but those asked for.

    Args:
        spec, specs: such as ``"resnet50+sr"``; the baselines are added where they are missing.
        variants: blocks that make one more row per backbone, such as ``"se+sr:memories=4"``.
        input_size: one side, ``(height, width)`` or ``"192x256"``, in pixels; what each network is
            made for if nothing is said, 224 mostly.
        num_classes: the logits of the last layer; likewise, 1000 mostly.

    Raises:
        SrbenchError: for bad input, with the remedy.

    >>> rows = count("resnet18+se", input_size=64)
    >>> [row.spec for row in rows], rows["resnet18+se"].counts.params
    (['resnet18', 'resnet18+se'], 11778592)
    """
    wanted = cases([spec, *specs], variants, (), size=input_size, num_classes=num_classes)
    return Results(list(run(wanted)))


def run(wanted: Sequence[Case], detailed: bool = False) -> Iterator[Record]:
    """Count each spec for one image, in order, as the rows are asked for.

    ``detailed`` counts list every parameter's shape and every module's operators.
    Raises SrbenchError for a spec that cannot be built or run on that input: bad input spoils the
    whole comparison. Any other failure becomes the row's status.
    """
    environment = fingerprint()
    for spec, under in wanted:
        with _without_garbage_collection():  # which takes a sixth of the time, and finds little
            counts, status, said = _count(spec, under, detailed)
        yield Record(
            spec=str(spec),
            baseline=str(spec.baseline),
            input=under.input_shape[1:],
            num_classes=under.num_classes,
            counts=counts,
            environment=environment,
            status=status,
            settings=settings(spec) | said,
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


def _count(
    spec: Spec, under: Conditions, detailed: bool
) -> tuple[Counts | None, str, dict[str, str]]:
    """The counts, the row's status, and what is to be said of the backbone."""
    try:
        assembly, flops, said = assemble_and_count(spec, under)
    except SrbenchError:
        raise
    except CounterFailed as error:
        return None, f"failed: {str(error).splitlines()[0]}", {}
    except Exception as error:
        if lacks_memory(error):
            return None, f"failed: {told(error)}", {}
        raise does_not_run(spec, under, error) from error
    counts = _counts(assembly, flops)
    said |= _auxiliary(spec, assembly.model, flops)
    return (_detailed(counts, assembly.model, flops) if detailed else counts), "ok", said


def _auxiliary(spec: Spec, model: nn.Module, flops: Flops) -> dict[str, str]:
    """How much of the counts is a head that inference does without."""
    head = backbone_of(spec.backbone).auxiliary
    if not head:
        return {}
    params, (macs, _) = count_parameters(model.get_submodule(head)).total, flops.modules[head]
    own = f"holds an auxiliary head, for training alone: {params:,} parameters, {macs:,} MACs"
    return {str(spec.backbone): own}


def assemble_and_count(spec: Spec, under: Conditions) -> tuple[Assembly, Flops, dict[str, str]]:
    """A model and its counts, on shapes, or for real where that fails, which is said.

    Raises SrbenchError for what cannot be built or is no network, and what the forward raises.
    """
    try:
        assembly = assemble(spec, under, initialised=False)
        with watched(spec, assembly, under.num_classes):
            flops = count_on_shapes(assembly.model, torch.empty(under.input_shape))
        return assembly, flops, {}
    except SrbenchError:
        raise
    except Exception:  # whatever it was: the model itself has the last word
        assembly = assemble(spec, under)
        with watched(spec, assembly, under.num_classes):
            flops = count_for_real(assembly.model, torch.zeros(under.input_shape))
        return assembly, flops, {str(spec): FOR_REAL}


def _counts(assembly: Assembly, flops: Flops) -> Counts:
    parameters = count_parameters(assembly.model)
    return Counts(
        params=parameters.total,
        trainable=parameters.trainable,
        buffers=parameters.buffers,
        macs=flops.macs,
        flops=flops.flops,
        macs_torch=flops.macs_torch,
        uncounted=flops.uncounted,
        unknown=flops.unknown,
        modules=tuple(_module_counts(assembly, block, flops) for block in assembly.inserted),
    )


def _detailed(counts: Counts, model: nn.Module, flops: Flops) -> Counts:
    shapes = {name: "x".join(map(str, p.shape)) for name, p in model.named_parameters()}
    return replace(counts, parameters=shapes, operators=flops.operators)


def _module_counts(assembly: Assembly, block: Inserted, flops: Flops) -> ModuleCounts:
    module = assembly.model.get_submodule(block.module)
    return ModuleCounts(
        block.stage,
        block.module,
        str(block.block),
        block.shape,
        count_parameters(module).total,
        *flops.modules[block.module],
    )
