"""From a spec to a module: the backbone, then each block at each of its sites."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import lru_cache

from torch import nn

from srbench.catalog import Backbone, Block
from srbench.catalog.code.sources import watching_imports
from srbench.catalog.lookup import find_block
from srbench.catalog.plugins.blocks import SHAPE_ARGUMENTS
from srbench.catalog.plugins.imports import resolve
from srbench.conditions import Conditions
from srbench.errors import FAILURES, BuildError, SrbenchError, lacks_memory, told
from srbench.models.assembly import Assembly, Inserted
from srbench.models.checks import does_not_run, require_runs, require_sound, where
from srbench.models.fingerprint import fingerprint, made_of
from srbench.models.probe import Output, feature_map, outputs
from srbench.models.sites import find_sites, insert, require_places
from srbench.shapes.recording import Recording, on_shapes
from srbench.shapes.torch_function import NeedsValues
from srbench.shapes.uninitialised import blank
from srbench.spec.cases import case_of
from srbench.spec.parse import Part, Spec, backbone_of, parse, values


def build(
    spec: str | Spec,
    *,
    input_size: str | int | tuple[int, int] | None = None,
    num_classes: int | None = None,
) -> nn.Module:
    """The model that a spec names, freshly initialised, on the CPU and in training mode.

    Args:
        spec: such as ``"resnet50+sr:memories=2"``.
        input_size: one side, ``(height, width)`` or ``"192x256"``, in pixels; by default what the
            network is made for, 224 mostly. A block whose parameters depend on the feature
            map's size (SR) is built for it, and the model then takes this size only.
        num_classes: the logits of the last layer; likewise, 1000 mostly.

    Returns:
        A module that maps (B, 3, H, W) to (B, num_classes), or of a segmentation network to
        torchvision's dict. ``model.inserted_blocks`` names the blocks put into it.

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
    """Build a spec. Not ``initialised``, it serves to be counted: no weight has a value, and
    nothing is spent on giving it one.

    Raises SrbenchError for what cannot be built, and NeedsValues where it cannot be told without
    values.
    """
    for part in spec.blocks:
        _require_places(spec, part)
    if initialised:
        return _assemble(spec, conditions, nullcontext)
    try:
        with blank():
            return _assemble(spec, conditions, lambda: on_shapes(Recording()))
    except BuildError as error:
        raise NeedsValues("only a run for real tells whether it fails") from error


def _assemble(
    spec: Spec, conditions: Conditions, how: Callable[[], AbstractContextManager[None]]
) -> Assembly:
    """``how`` is what blocks are made and tried in: on shapes, memories take no memory."""
    backbone = backbone_of(spec.backbone)
    shapes = probe(spec.backbone, conditions) if spec.blocks else {}
    model = _build_backbone(spec.backbone, conditions)
    plan = [  # complete before the first block is put in, which may rename modules
        (part, place, site)
        for part in spec.blocks
        for place, site in _sites(model, spec, backbone, part)
    ]
    with how():
        blocks = [_insert(model, spec, part, site, shapes) for part, _, site in plan]
    if len(set(blocks)) < len(blocks):
        raise BuildError(
            f"{spec}: one and the same module stands at several sites",
            "the block's class must make a new module each time it is called",
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
    """Build a spec to look at what it is made of; takes no time and no memory, mostly.

    Raises SrbenchError where `assemble` does.
    """
    try:
        return assemble(spec, conditions, initialised=False)
    except NeedsValues:
        return assemble(spec, conditions)


def require_buildable(spec: Spec, conditions: Conditions) -> Assembly:
    """The same, once it is known to run. Raises SrbenchError where it does not run as it should."""
    assembly = assemble_uninitialised(spec, conditions)
    require_runs(spec, assembly, conditions)
    return assembly


def _build_backbone(part: Part, conditions: Conditions) -> nn.Module:
    backbone = backbone_of(part)
    if min(conditions.height, conditions.width) < backbone.total_stride:
        side = backbone.total_stride
        raise BuildError(
            f"an input of {conditions.height}x{conditions.width} is too small for {part}, "
            f"whose stages divide each side by {side}",
            f"use --input-size {side} or more",
        )
    options = values(part, backbone.options, backbone)
    try:
        with watching_imports():
            model: nn.Module = resolve(backbone.target)(
                part.name, conditions.num_classes, **options
            )
    except SrbenchError:
        raise
    except FAILURES as error:  # a network of someone else's may raise anything
        raise BuildError(
            f"{part} with {conditions.num_classes} classes cannot be built: {told(error)}",
            "change its options, or ask for fewer classes; `srbench --debug` shows where it fails",
        ) from error
    if not isinstance(model, nn.Module):
        raise BuildError(f"{part} is a {type(model).__name__}", "a network is a torch.nn.Module")
    return model


@lru_cache(maxsize=64)
def probe(part: Part, conditions: Conditions) -> dict[str, Output]:
    """What every module of a backbone returns, by its name: blocks keep the shape.

    Raises BuildError where the network does not run on that input.
    """
    try:
        with blank():
            model = _build_backbone(part, conditions)
        try:
            return outputs(model.eval(), conditions.input_shape)
        except NeedsValues:
            model = _build_backbone(part, conditions)
            return outputs(model.eval(), conditions.input_shape, computed=True)
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
    """Says of which spec an error is."""
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
    """The block with its options, and with those of channels, height, width that it asks for."""
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
            f"{at}: {told(error)}",
            f"change the block's options ({_options_of(block)}), or where it is put",
        ) from error
    if not isinstance(module, nn.Module):
        raise BuildError(f"{at}: it is a {type(module).__name__}", "a block is a torch.nn.Module")
    return module


def _options_of(block: Block) -> str:
    return ", ".join(option.name for option in block.options)
