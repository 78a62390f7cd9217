"""Profiles one model: builds it, times its parts, and compares them with the machine's limits."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path

import torch
from torch import nn

from srbench import stats
from srbench.conditions import Setup
from srbench.measure.devices import Device
from srbench.measure.params import count_parameters
from srbench.measure.passes import to_device
from srbench.measure.pinning import BUILDING, pinned
from srbench.measure.profile import Span, bytes_moved, time_parts, write_trace
from srbench.measure.roofline import Limits, measure_limits
from srbench.models import example_inputs
from srbench.models.assembly import Assembly
from srbench.models.feature_shapes import outputs
from srbench.models.stages import stage_units
from srbench.models.subject import FromSpec
from srbench.records import environment
from srbench.records.profile import PartProfile, Profile
from srbench.records.timing import Estimate
from srbench.runner.counting import assemble_and_count
from srbench.shapes.torch_function import NeedsValues
from srbench.spec.cases import Case
from srbench.spec.parse import backbone_of


def profile(
    case: Case,
    setup: Setup,
    device: Device,
    rounds: int,
    trace: Path | None = None,
) -> Profile:
    """Time every part of forward passes as they run; if ``trace`` is given, write a trace there.

    Raises SrbenchError if the model cannot be built, OSError if the trace cannot be written, and
    what the forward raises.
    """
    spec, conditions = case
    assert conditions.image
    subject = FromSpec(case)
    _, counted, _ = assemble_and_count(subject)
    with pinned(setup) as held:
        torch.manual_seed(setup.seed)
        held.begin(str(spec), BUILDING)
        assembly = subject.assemble()
        parts = _parts(case, assembly)
        held.begin(str(spec), "forward")
        model = to_device(
            subject.name,
            assembly.model,
            subject.batch(setup),
            setup,
            device.torch_device,
            subject.dtype(setup),
        )
        with torch.inference_mode():
            dtype = getattr(torch, setup.dtype)
            limits = measure_limits(device.clock, device.torch_device, dtype)
        moved = bytes_moved(model, parts)
        seconds, whole = time_parts(model, parts, device.clock, rounds)
        if trace:
            write_trace(model, parts, device.clock, trace)
        held.end()
    return Profile(
        str(spec),
        conditions.image,
        conditions.num_classes,
        setup,
        stats.median(whole),
        limits.bandwidth,
        limits.rate,
        tuple(
            _part(
                part,
                _parameters(model.model, part),
                setup.batch * sum(counted.of(name)[0] for name in part.modules),
                moved[part],
                stats.median(seconds[part]),
                limits,
            )
            for part in parts
        ),
        {
            **environment.facts(),
            **device.facts,
            **held.flags,
            **held.changes.get((str(spec), "forward"), {}),
        },
    )


def _part(
    part: Span, params: int, macs: int, moved: int, seconds: Estimate, limits: Limits
) -> PartProfile:
    return PartProfile(
        part.name,
        part.stage,
        part.is_block,
        len(part.spans),
        params,
        macs,
        moved,
        seconds,
        limits.seconds(moved, macs),
        limits.is_memory_bound(moved, macs),
    )


def _parts(case: Case, assembly: Assembly) -> list[Span]:
    """The stem, each stage followed by its blocks, and the head, in the order they run."""
    found = stage_units(assembly.model, backbone_of(case.spec.backbone), _ran(case, assembly))
    parts = []
    for name, modules in found.items():
        if modules:
            parts.append(Span(name, name, False, modules, ((modules[0], modules[-1]),)))
        inserted = [block for block in assembly.inserted if _owner(found, block.module) == name]
        for block, alike in groupby(inserted, key=lambda one: str(one.block)):
            names = tuple(one.module for one in alike)
            parts.append(Span(block, name, True, names, tuple((n, n) for n in names)))
    return parts


def _owner(parts: Mapping[str, Sequence[str]], module: str) -> str:
    """The part that a module is in."""
    inside = (
        name
        for name, units in parts.items()
        if any(module == unit or module.startswith(f"{unit}.") for unit in units)
    )
    return next(inside)


def _ran(case: Case, assembly: Assembly) -> Iterable[str]:
    """The modules that run, in order."""
    model = assembly.model.eval()
    try:
        return outputs(model, example_inputs.zeros(case.conditions))
    except NeedsValues:
        return outputs(model, example_inputs.zeros(case.conditions), computed=True)


def _parameters(model: nn.Module, part: Span) -> int:
    return sum(count_parameters(model.get_submodule(name)).total for name in part.modules)
