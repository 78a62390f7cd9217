"""Networks of timm: ``timm:NAME``, with the stages that timm's own feature information names."""

import difflib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from srbench.catalog import OWN_SE, Backbone, Stage
from srbench.errors import SpecError
from srbench.failures import FAILURES

if TYPE_CHECKING:
    from torch import nn


def backbone(name: str, model: str) -> Backbone:
    """The row of a network of timm.

    Residual branches end with the last of a unit's numbered norms, ``bn2`` or ``bn3``; a network
    without such norms has no place for a block but its stages and what ``after`` names.
    Raises SpecError where timm, or the network in it, is missing.
    """
    from srbench.blank import blank  # loads torch

    target = "srbench.plugins.timm_models:build"
    try:
        with blank():
            built = _make(model)
    except SpecError:
        raise
    except FAILURES:  # building it as a row says why, and leaves the others
        return Backbone(name, "timm", target, ())
    size = built.pretrained_cfg.get("input_size", (3, 224, 224))[-1]
    return Backbone(
        name,
        "timm",
        target,
        tuple(_stages(built)),
        input_size=size,
        num_classes=built.pretrained_cfg.get("num_classes") or 1000,
        note=OWN_SE if _has_se(built) else "",
    )


def build(name: str, num_classes: int) -> Any:
    """The network ``timm:NAME``, without pretrained weights."""
    return _make(name.partition(":")[2], num_classes=num_classes)


def _make(model: str, **arguments: Any) -> Any:
    try:
        import timm
    except ImportError as error:
        raise SpecError(
            f"timm:{model} needs timm: {error}", "install it: pip install 'srbench[timm]'"
        ) from error
    if not timm.is_model(model):
        known = timm.list_models()
        near = difflib.get_close_matches(model, known, n=1)
        raise SpecError(
            f"timm has no model {model!r}",
            (f"did you mean timm:{near[0]}? " if near else "") + "timm.list_models() lists them",
        )
    return timm.create_model(model, pretrained=False, **arguments)


def _stages(model: "nn.Module") -> list[Stage]:
    order = [name for name, _ in model.named_modules()]
    told = [entry.get("module", "") for entry in _feature_info(model)]
    modules = [name for name in told if name and name in order]
    containers = [name for name in modules if any(model.get_submodule(name).children())]
    ends: dict[str, list[str]] = {name: [] for name in containers or modules}
    for unit, norm in _last_norms(model):
        inside = (
            name
            for name in ends
            if unit == name or unit.startswith(f"{name}.") or order.index(unit) < order.index(name)
        )
        stage = next(inside, None)
        if stage:
            ends[stage].append(norm)
    ends = {name: branches for name, branches in ends.items() if branches} or ends
    return [Stage(name, name, tuple(branches)) for name, branches in ends.items()]


def _has_se(model: "nn.Module") -> bool:
    """Whether it has one of timm's modules of squeeze-and-excitation."""
    return any(type(m).__name__ in ("SEModule", "SqueezeExcite") for m in model.modules())


def _feature_info(model: "nn.Module") -> list[dict[str, Any]]:
    found = getattr(model, "feature_info", [])
    return list(getattr(found, "info", found))


def _last_norms(model: "nn.Module") -> Iterator[tuple[str, str]]:
    """Residual units with the last of their numbered norms."""
    for name, module in model.named_modules():
        norms = [child for child in ("bn2", "bn3") if hasattr(module, child)]
        if name and norms:
            yield name, f"{name}.{norms[-1]}"
