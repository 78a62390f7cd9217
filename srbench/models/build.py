"""Builds the model of a spec: the backbone, then each block at each of its sites."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import lru_cache, partial

from torch import nn

from srbench.catalog import Backbone, Block
from srbench.catalog.lookup import find_block
from srbench.catalog.plugins.blocks import SHAPE_ARGUMENTS
from srbench.catalog.plugins.imports import resolve
from srbench.catalog.source_code.sources import watching_imports
from srbench.conditions import Conditions
from srbench.errors import FAILURES, BuildError, SrbenchError, lacks_memory, one_line
from srbench.models import example_inputs
from srbench.models.assembly import Assembly, Inserted
from srbench.models.checks import does_not_run, require_runs, require_sound, where
from srbench.models.feature_shapes import Output, feature_map, outputs
from srbench.models.fingerprint import fingerprint, made_of
from srbench.models.plain_module import materialise, require_plain
from srbench.models.sites import find_sites, insert, require_places
from srbench.shapes.on_shapes import on_shapes
from srbench.shapes.torch_function import NeedsValues
from srbench.shapes.uninitialised import blank
from srbench.spec.cases import case_of
from srbench.spec.parse import Part, Spec, backbone_of, parse, values

How = Callable[[], AbstractContextManager[None]]  # on shapes, or for real


def build(
    spec: str | Spec,
    *,
    input_size: str | int | tuple[int, int] | None = None,
    num_classes: int | None = None,
) -> nn.Module:
    """Build the model of a spec, freshly initialised, on the CPU and in training mode.

    Args:
        spec: such as ``"resnet50+sr:memories=2"``.
        input_size: one side, ``(height, width)`` or ``"192x256"``, in pixels; by default the
            network's default input size, mostly 224. A block whose parameters depend on the
            feature map's size (SR) is built for it, and the model then accepts this size only.
        num_classes: the number of logits; by default the network's default, mostly 1000.

    Returns:
        A module that maps (B, 3, H, W) to (B, num_classes), or, for a segmentation network, to
        torchvision's dict. ``model.inserted_blocks`` lists the names of the inserted blocks.

    Raises:
        SrbenchError: for a spec, a size or an option that cannot be built, with the remedy.

    >>> import torch
    >>> build("resnet18+se", input_size=64, num_classes=10)(torch.rand(2, 3, 64, 64)).shape
    torch.Size([2, 10])
    """
    case = case_of(parse(spec), input_size, num_classes)
    assembly = assemble(*case)
    require_runs(case.spec, assembly, case.conditions)
    return assembly.model


def assemble(spec: Spec, conditions: Conditions, initialised: bool = True) -> Assembly:
    """Build a spec. If not ``initialised``, the model is for counting only: its weights have no
    values, and no time is spent on initialising them.

    Raises SrbenchError if the spec cannot be built, and NeedsValues if this cannot be decided
    without values.
    """
    for part in spec.blocks:
        _require_places(spec, part)
    if initialised:
        return _assemble(spec, conditions, nullcontext)
    try:
        with blank():
            return _assemble(spec, conditions, on_shapes)
    except BuildError as error:
        raise NeedsValues("only a run for real shows whether it fails") from error


def _assemble(spec: Spec, conditions: Conditions, how: How) -> Assembly:
    """Blocks are built and checked inside ``how()``: on shapes, SR's memories use no RAM."""
    backbone = backbone_of(spec.backbone)
    shapes = probe(spec.backbone, conditions) if spec.blocks else {}
    model = _build_backbone(spec.backbone, conditions, how)
    plan = [  # complete before the first block is inserted, since that may rename modules
        (part, place, site)
        for part in spec.blocks
        for place, site in _sites(model, spec, backbone, part)
    ]
    with how():
        blocks = [_insert(model, spec, part, site, shapes) for part, _, site in plan]
    if len(set(blocks)) < len(blocks):
        raise BuildError(
            f"{spec}: the same module is at several sites",
            "make the block's class or function return a new module on each call",
        )
    names = {module: name for name, module in model.named_modules()}
    inserted = tuple(
        Inserted(place, names[block], part, feature_map(shapes, site))
        for block, (part, place, site) in zip(blocks, plan, strict=True)
    )
    with how():
        require_sound(spec, model, inserted)
    model.inserted_blocks = [block.module for block in inserted]  # type: ignore[assignment]
    return Assembly(model, inserted, fingerprint(spec, model, inserted), made_of(spec))


def assemble_uninitialised(spec: Spec, conditions: Conditions) -> Assembly:
    """Build a spec to inspect the model. In most cases this takes almost no time and no memory.

    Raises SrbenchError where `assemble` does.
    """
    try:
        return assemble(spec, conditions, initialised=False)
    except NeedsValues:
        return assemble(spec, conditions)


def require_buildable(spec: Spec, conditions: Conditions) -> Assembly:
    """As `assemble_uninitialised`, and check that the model runs.

    Raises SrbenchError if it cannot be built, or does not run as it should.
    """
    assembly = assemble_uninitialised(spec, conditions)
    require_runs(spec, assembly, conditions)
    return assembly


def _build_backbone(part: Part, conditions: Conditions, how: How) -> nn.Module:
    backbone = backbone_of(part)
    if conditions.image and min(conditions.image[1:]) < backbone.total_stride:
        side = backbone.total_stride
        raise BuildError(
            f"an input of {conditions} is too small for {part}, "
            f"whose stages divide each side by {side}",
            f"use --input-size {side} or more",
        )
    options = values(part, backbone.options, backbone)
    try:
        with watching_imports(), how():
            model = require_plain(
                resolve(backbone.target)(part.name, conditions.num_classes, **options), str(part)
            )
        materialise(model, partial(example_inputs.zeros, conditions), how)
    except (SrbenchError, NeedsValues):
        raise
    except FAILURES as error:  # a third-party network may raise anything
        raise BuildError(
            f"{part}{_with_classes(conditions)} cannot be built: {one_line(error)}",
            "change its options, or ask for fewer classes; `srbench --debug` shows where it fails",
        ) from error
    return model


def _with_classes(conditions: Conditions) -> str:
    return "" if conditions.num_classes is None else f" with {conditions.num_classes} classes"


@lru_cache(maxsize=64)
def probe(part: Part, conditions: Conditions) -> dict[str, Output]:
    """What every module of a backbone returns, by its name; blocks keep these shapes.

    Raises BuildError if the network does not run on that input.
    """
    try:
        try:
            with blank():
                model = _build_backbone(part, conditions, on_shapes)
            return outputs(model.eval(), example_inputs.zeros(conditions))
        except NeedsValues:
            model = _build_backbone(part, conditions, nullcontext)
            return outputs(model.eval(), example_inputs.zeros(conditions), computed=True)
    except SrbenchError:
        raise
    except FAILURES as error:
        if lacks_memory(error):
            raise
        raise does_not_run(part, conditions, error) from error


def _require_places(spec: Spec, part: Part) -> None:
    backbone, block = backbone_of(spec.backbone), find_block(part.name)
    with _told_of(spec):
        require_places(backbone, block.place, values(part, block.options, backbone))


def _sites(
    model: nn.Module, spec: Spec, backbone: Backbone, part: Part
) -> Iterator[tuple[str, str]]:
    block = find_block(part.name)
    with _told_of(spec):
        yield from find_sites(model, backbone, block.place, values(part, block.options, backbone))


@contextmanager
def _told_of(spec: Spec) -> Iterator[None]:
    """Prefixes the message of a BuildError with the spec."""
    try:
        yield
    except BuildError as error:
        raise BuildError(f"{spec}: {error.message}", error.hint) from error


def _insert(
    model: nn.Module, spec: Spec, part: Part, site: str, shapes: Mapping[str, Output]
) -> nn.Module:
    try:
        shape = feature_map(shapes, site)
    except BuildError as error:
        raise BuildError(f"{spec}: block {part}: {error.message}", error.hint) from error
    block = _build_block(spec, part, site, shape)
    insert(model, site, block)
    return block


def _build_block(spec: Spec, part: Part, site: str, shape: tuple[int, int, int]) -> nn.Module:
    """The block with its options, and the input sizes that its constructor has as arguments."""
    block = find_block(part.name)
    options = values(part, block.options, backbone_of(spec.backbone))
    for own in ("stage", "after"):
        options.pop(own)
    constructor = resolve(block.target)
    asked = inspect.signature(constructor).parameters
    sizes = zip(SHAPE_ARGUMENTS, shape, strict=True)
    at = where(spec, part, site, shape)
    try:
        with watching_imports():
            module = constructor(**{k: v for k, v in sizes if k in asked}, **options)
    except (SrbenchError, NeedsValues):
        raise
    except FAILURES as error:
        raise BuildError(
            f"{at}: {one_line(error)}",
            f"change the block's place or its options: {_options_of(block)}",
        ) from error
    if not isinstance(module, nn.Module):
        raise BuildError(
            f"{at}: it is a {type(module).__name__}", "make it return a torch.nn.Module"
        )
    return module


def _options_of(block: Block) -> str:
    return ", ".join(option.name for option in block.options)
