"""Networks of timm: ``timm:NAME``, with the stages and residual branches found in a run."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from srbench.catalog import OWN_SE, Backbone, Stage
from srbench.catalog.plugins.fusing import FUSE, TRAINING_FORM
from srbench.catalog.plugins.timm_stages import stages
from srbench.catalog.types import Change
from srbench.errors import FAILURES, SpecError, did_you_mean, to_install

if TYPE_CHECKING:
    from torch import nn

FUSING = ("reparameterize", "switch_to_deploy", "fuse")


def backbone(name: str, model: str) -> Backbone:
    """The row of a network of timm.

    Its stages, and the modules in them that blocks follow, are found in a run on shapes (see
    `timm_stages`). Raises SpecError if timm, or the network in it, is missing.
    """
    target = "srbench.catalog.plugins.timm_models:build"
    try:
        built = _on_shapes(model)
    except SpecError:
        raise
    except FAILURES:  # building it reports why, and fails only its own row
        return Backbone(name, "timm", target, ())
    size = built.pretrained_cfg.get("input_size", (3, 224, 224))[-1]
    own_se = OWN_SE if _has_se(built) else ""
    row = Backbone(
        name,
        "timm",
        target,
        _stages(built, size),
        input_size=size,
        num_classes=built.pretrained_cfg.get("num_classes") or 1000,
        note=own_se,
    )
    if not _can_be_fused(built):
        return row
    fused = Change(FUSE.name, True, {"stages": _fused_stages(model, size), "note": own_se})
    note = f"{own_se}; {TRAINING_FORM}" if own_se else TRAINING_FORM
    return replace(row, options=(FUSE,), changes=(fused,), note=note)


def build(name: str, num_classes: int, fuse: bool = False) -> Any:
    """The network ``timm:NAME``, without pretrained weights; with ``fuse`` in the form that is
    deployed, by timm's ``reparameterize_model``."""
    model = _make(name.partition(":")[2], num_classes=num_classes)
    return _fused(model) if fuse else model


def _fused_stages(model: str, size: int) -> tuple[Stage, ...]:
    from srbench.shapes.on_shapes import on_shapes
    from srbench.shapes.uninitialised import blank

    try:
        with blank(), on_shapes():
            fused = _fused(_make(model).eval())
        return _stages(fused.to("meta"), size)
    except FAILURES:  # building it reports why
        return ()


def _fused(model: "nn.Module") -> "nn.Module":
    import torch
    from timm.utils.model import reparameterize_model

    with torch.no_grad():
        fused: nn.Module = reparameterize_model(model)
    return fused


def _can_be_fused(model: "nn.Module") -> bool:
    """Whether a module has one of the methods that timm's ``reparameterize_model`` calls."""
    return any(hasattr(m, name) for m in model.modules() for name in FUSING)


def _make(model: str, **arguments: Any) -> Any:
    try:
        import timm
    except ImportError as error:
        raise SpecError(f"timm:{model} needs timm: {error}", to_install("timm")) from error
    if not timm.is_model(model):
        known = [f"timm:{name}" for name in timm.list_models()]
        raise SpecError(
            f"timm has no model {model!r}",
            f"{did_you_mean(f'timm:{model}', known)}timm.list_models() lists them",
        )
    return timm.create_model(model, pretrained=False, **arguments)


def _on_shapes(model: str) -> Any:
    """The network on the meta device."""
    import torch

    from srbench.shapes.uninitialised import blank

    with blank(), torch.device("meta"):
        return _make(model).eval()


def _stages(model: "nn.Module", size: int) -> tuple[Stage, ...]:
    import torch

    from srbench.shapes.dataflow import watch

    try:
        flow = watch(model, torch.empty(1, 3, size, size, device="meta"))
    except FAILURES:  # it may still run for real
        return ()
    return stages(model, flow)


def _has_se(model: "nn.Module") -> bool:
    """Whether it contains one of timm's squeeze-and-excitation modules."""
    return any(type(m).__name__ in ("SEModule", "SqueezeExcite") for m in model.modules())
