"""Networks that are not built into srbench."""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from srbench.catalog import Backbone, Stage
from srbench.catalog.plugins import timm_models
from srbench.catalog.plugins.entry_points import BACKBONE_GROUP, providers, target
from srbench.catalog.plugins.fusing import FUSE, TRAINING_FORM, can_fuse, fused
from srbench.catalog.plugins.imports import NOT_KNOWN, asked, default, load, options, usable
from srbench.catalog.plugins.promises import makes_a_module
from srbench.catalog.types import Change
from srbench.errors import SpecError

CLASSES = "num_classes"


@cache
def load_backbone(name: str) -> Backbone:
    """The network that a package lists under that name. Raises SpecError if it cannot be used.

    A package that fails to import does not affect the others.
    """
    source = providers(BACKBONE_GROUP, name)
    at = target(BACKBONE_GROUP, name)
    return _backbone(name, at, f"model {name!r} of {source}", source)


@cache
def backbone_at(name: str) -> Backbone:
    """The network called ``module:attribute`` or ``timm:NAME``.

    Raises SpecError if it cannot be used.
    """
    module, _, attribute = name.partition(":")
    if module == "timm":
        return timm_models.backbone(name, attribute)
    return _backbone(name, name, f"model {name}", module)


def build(name: str, num_classes: int | None, /, **arguments: Any) -> Any:
    """Build the network listed under that name, or called ``module:attribute``."""
    at = name if ":" in name else target(BACKBONE_GROUP, name)
    make = load(at, f"model {name}", CLASSES)
    is_fused = can_fuse(make) and arguments.pop(FUSE.name)
    if num_classes is not None:
        arguments[CLASSES] = num_classes
    return fused(make(**arguments)) if is_fused else make(**arguments)


def _backbone(name: str, at: str, label: str, source: str) -> Backbone:
    with usable(label):
        return _row(name, at, label, source)


def _row(name: str, at: str, label: str, source: str) -> Backbone:
    make = load(at, label, CLASSES)
    classes = default(make, CLASSES)
    own = options(make, (CLASSES,), label)
    fuses = can_fuse(make)
    if fuses and any(option.name == FUSE.name for option in own):
        raise SpecError(
            f"{label} has both a method and an argument called fuse", "rename one of the two"
        )
    return Backbone(
        name,
        source,
        "srbench.catalog.plugins.backbones:build",
        tuple(_stages(make, label)),
        options=(*own, FUSE) if fuses else tuple(own),
        input_size=_number(make, "input_size", 224, label),
        num_classes=classes if type(classes) is int and classes > 0 else 1000,
        only_with_inputs=_only_with_inputs(make),
        note=TRAINING_FORM if fuses else "",
        changes=(Change(FUSE.name, True, {"note": ""}),) if fuses else (),
    )


def _only_with_inputs(make: Callable[..., Any]) -> str:
    if asked(make, [CLASSES], any_keyword=True):
        return ""
    return f"has no argument {CLASSES}" if makes_a_module(make) else NOT_KNOWN


def _stages(make: Callable[..., Any], label: str) -> Iterable[Stage]:
    """The stages from the attributes ``stages`` and ``branches``, if it has them."""
    said = getattr(make, "stages", ())
    modules = dict(said) if isinstance(said, Mapping) else _alike(said)
    branch = getattr(make, "branches", "")
    if (
        modules is None
        or not _are_names([*modules, *modules.values()])
        or len(set(modules.values())) < len(said)
        or not isinstance(branch, str)
    ):
        raise SpecError(
            f"{label} has invalid `stages` or `branches`",
            "`stages` must be a tuple of module names, or a dict from stage names to module names; "
            "`branches` must be one name within a stage, such as *.bn2",
        )
    for name, module in modules.items():
        yield Stage(name, module, (f"{module}.{branch}",) if branch else ())


def _alike(said: Any) -> dict[str, str] | None:
    """Stages with the names of their modules, or None if ``said`` is no tuple or list."""
    return {name: name for name in said} if isinstance(said, (tuple, list)) else None


def _are_names(values: Iterable[Any]) -> bool:
    """Whether a spec can contain these names."""
    return all(isinstance(v, str) and re.fullmatch(r"[\w-]+(\.[\w-]+)*", v) for v in values)


def _number(make: Callable[..., Any], name: str, usual: int, label: str) -> int:
    value = getattr(make, name, usual)
    if type(value) is not int or value < 1:
        raise SpecError(
            f"{label} has the {name} {value!r}", "it must be a whole number of pixels, 1 or more"
        )
    return value
