"""Networks that are not built into srbench."""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from srbench.catalog import Backbone, Stage
from srbench.catalog.plugins import timm_models
from srbench.catalog.plugins.entry_points import BACKBONE_GROUP, providers, target
from srbench.catalog.plugins.imports import asked, default, load, options, usable
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


def build(name: str, num_classes: int, /, **arguments: Any) -> Any:
    """Build the network listed under that name, or called ``module:attribute``."""
    at = name if ":" in name else target(BACKBONE_GROUP, name)
    return load(at, f"model {name}", CLASSES)(num_classes=num_classes, **arguments)


def _backbone(name: str, at: str, label: str, source: str) -> Backbone:
    with usable(label):
        return _row(name, at, label, source)


def _row(name: str, at: str, label: str, source: str) -> Backbone:
    make = load(at, label, CLASSES)
    if not asked(make, [CLASSES], any_keyword=True):
        raise SpecError(
            f"{label} has no argument {CLASSES}", f"add the argument {CLASSES} to its constructor"
        )
    classes = default(make, CLASSES)
    return Backbone(
        name,
        source,
        "srbench.catalog.plugins.backbones:build",
        tuple(_stages(make, label)),
        options=tuple(options(make, (CLASSES,), label)),
        input_size=_number(make, "input_size", 224, label),
        num_classes=classes if type(classes) is int and classes > 0 else 1000,
    )


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
