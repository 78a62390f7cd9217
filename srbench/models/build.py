"""From a spec to a module: the backbone, then each block at each of its sites."""

import copy
import inspect
from contextlib import nullcontext
from dataclasses import dataclass
from functools import lru_cache
from pkgutil import resolve_name

import torch
from torch import nn

from srbench.above_dispatch import NeedsValues
from srbench.catalog import Backbone, Block
from srbench.conditions import Conditions, conditions
from srbench.errors import BuildError, SrbenchError
from srbench.lookup import find_backbone, find_block
from srbench.models.probe import output_shapes
from srbench.models.surgery import find_sites, insert
from srbench.options import Value
from srbench.plugins import SHAPE_ARGUMENTS
from srbench.shapes import Recording, on_shapes
from srbench.spec import Part, Spec, defaults, parse


@dataclass(frozen=True)
class Inserted:
    """One block in a built model: its stage, its name there, its spec and its input (C, H, W)."""

    stage: str
    module: str
    block: Part
    shape: tuple[int, int, int]


@dataclass(frozen=True)
class Assembly:
    """A built model and the blocks that were put into it, in the spec's order."""

    model: nn.Module
    inserted: tuple[Inserted, ...]


def build(
    spec: str | Spec, *, input_size: str | int | tuple[int, int] = 224, num_classes: int = 1000
) -> nn.Module:
    """The model that a spec names, freshly initialised, on the CPU and in training mode.

    Args:
        spec: such as ``"resnet50+sr:memories=2"``.
        input_size: one side, ``(height, width)`` or ``"192x256"``, in pixels. A block whose
            parameters depend on the feature map's size (SR) is built for it, and the model then
            takes this size only.
        num_classes: the logits of the last layer.

    Returns:
        A module that maps (B, 3, H, W) to (B, num_classes). ``model.inserted_blocks`` names the
        blocks put into it.

    Raises:
        SrbenchError: for a spec, a size or an option that cannot be built, with the remedy.

    >>> import torch
    >>> build("resnet18+se", input_size=64, num_classes=10)(torch.rand(2, 3, 64, 64)).shape
    torch.Size([2, 10])
    """
    return assemble(parse(spec), conditions(input_size, num_classes)).model


def assemble(spec: Spec, under: Conditions, initialised: bool = True) -> Assembly:
    """Build a spec. Not ``initialised``, it serves to be counted: no weight has a value, and
    nothing is spent on giving it one.

    Raises SrbenchError for what cannot be built, and NeedsValues where a block, not initialised,
    needs values in its constructor.
    """
    backbone = find_backbone(spec.backbone.name)
    shapes = site_shapes(spec.backbone, under) if spec.blocks else {}
    with nullcontext() if initialised else on_shapes(Recording()):
        model = _build_backbone(spec.backbone, under)
        inserted = tuple(
            _insert(model, spec, part, stage, site, shapes[site])
            for part in spec.blocks
            for stage, site in _sites(model, backbone, part)
        )
        kinds: dict[tuple[Part, tuple[int, int, int]], Inserted] = {}
        for block in inserted:  # one of each kind: alike blocks with alike inputs fail alike
            kinds.setdefault((block.block, block.shape), block)
        for block in kinds.values():
            try:
                _require_same_shape(model.get_submodule(block.module), spec, block)
            except BuildError as error:
                if initialised:
                    raise
                raise NeedsValues("only a run for real tells whether it fails") from error
    model.inserted_blocks = [block.module for block in inserted]  # type: ignore[assignment]
    if len({model.get_submodule(block.module) for block in inserted}) < len(inserted):
        raise BuildError(
            f"{spec}: one and the same module stands at several sites",
            "the block's class must make a new module each time it is called",
        )
    return Assembly(model, inserted)


def require_buildable(spec: Spec, under: Conditions) -> None:
    """Raises SrbenchError where `assemble` would; takes no time and no memory, mostly."""
    try:
        assemble(spec, under, initialised=False)
    except NeedsValues:
        assemble(spec, under)


def _build_backbone(part: Part, under: Conditions) -> nn.Module:
    backbone = find_backbone(part.name)
    if min(under.height, under.width) < backbone.total_stride:
        side = backbone.total_stride
        raise BuildError(
            f"an input of {under.height}x{under.width} is too small for {part.name}, "
            f"whose stages divide each side by {side}",
            f"use --input-size {side} or more",
        )
    options = defaults(backbone.options, backbone) | dict(part.options)
    try:
        model: nn.Module = resolve_name(backbone.target)(part.name, under.num_classes, **options)
    except (RuntimeError, MemoryError) as error:
        raise BuildError(
            f"{part} with {under.num_classes} classes cannot be built: {error}",
            "ask for fewer classes or a smaller widen",
        ) from error
    return model


@lru_cache(maxsize=64)
def site_shapes(part: Part, under: Conditions) -> dict[str, tuple[int, ...]]:
    """The feature map's shape at every site that any block could take: blocks keep the shape."""
    backbone = find_backbone(part.name)
    with on_shapes(Recording()):
        model = _build_backbone(part, under)
    sites = [
        site
        for stage in backbone.stages
        for place in ("branch", "stage")
        for site in find_sites(model, backbone, place, stage)
    ]
    return output_shapes(model.eval(), sites, under.input_shape)


def _sites(model: nn.Module, backbone: Backbone, part: Part) -> list[tuple[str, str]]:
    block = find_block(part.name)
    stages = _options(block, backbone, part)["stage"]
    assert isinstance(stages, tuple)
    return [
        (stage, site)
        for stage in stages
        for site in find_sites(model, backbone, block.place, stage)
    ]


def _options(block: Block, backbone: Backbone, part: Part) -> dict[str, Value]:
    return defaults(block.options, backbone) | dict(part.options)


def _insert(
    model: nn.Module, spec: Spec, part: Part, stage: str, site: str, shape: tuple[int, ...]
) -> Inserted:
    channels, height, width = shape
    block = _build_block(spec, part, site, (channels, height, width))
    return Inserted(stage, insert(model, site, block), part, (channels, height, width))


def _build_block(spec: Spec, part: Part, site: str, shape: tuple[int, int, int]) -> nn.Module:
    """The block with its options, and with those of channels, height, width that it asks for."""
    block = find_block(part.name)
    options = _options(block, find_backbone(spec.backbone.name), part)
    options.pop("stage")
    constructor = resolve_name(block.target)
    asked = inspect.signature(constructor).parameters
    sizes = zip(SHAPE_ARGUMENTS, shape, strict=True)
    where = _where(spec, part, site, shape)
    try:
        module: nn.Module = constructor(**{k: v for k, v in sizes if k in asked}, **options)
    except (SrbenchError, NeedsValues):
        raise
    except (Exception, SystemExit) as error:
        raise BuildError(
            f"{where}: {type(error).__name__}: {error}",
            f"change the block's options, or where it is put; "
            f"`srbench blocks` lists the options of {part.name}",
        ) from error
    return module


def _require_same_shape(block: nn.Module, spec: Spec, inserted: Inserted) -> None:
    """Run a copy of the block alone, so that one that fails is known by its name and its place.

    Inside `on_shapes` it runs on shapes, otherwise for real.
    """
    shape = inserted.shape
    where = _where(spec, inserted.block, inserted.module.rpartition(".")[0], shape)
    hint = "a block maps (B, C, H, W) to the same shape; `srbench --debug` shows where it fails"
    try:
        with torch.no_grad():
            output = copy.deepcopy(block).eval()(torch.zeros(1, *shape))
    except NeedsValues:
        raise
    except (Exception, SystemExit) as error:
        raise BuildError(f"{where}: {type(error).__name__}: {error}", hint) from error
    found = tuple(getattr(output, "shape", ()))
    if found != (1, *shape):
        raise BuildError(f"{where}: it changes (1, {str(shape)[1:-1]}) to {found}", hint)


def _where(spec: Spec, part: Part, site: str, shape: tuple[int, int, int]) -> str:
    return f"{spec}: block {part} at {site}, {'x'.join(map(str, shape))}"
