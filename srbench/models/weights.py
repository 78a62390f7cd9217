"""Loading weights into a model: its own, or those of the plain backbone into a variant."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from srbench.errors import BuildError
from srbench.models.sites import plain_keys


def load_backbone_weights(model: nn.Module, state_dict: Mapping[str, Tensor]) -> list[str]:
    """Load a plain (torchvision) state dict into a model with blocks; returns the blocks' keys,
    whose values do not change.

    Nothing is loaded if keys or shapes are wrong.

    Raises BuildError if a key of the backbone is missing or unexpected, if a shape differs, and for
    weights of a variant: load these with ``model.load_state_dict`` as usual.
    """
    new, own, keys = _block_keys(model), model.state_dict(), _backbone_keys(model)
    if state_dict.keys() != keys.keys() and not new.isdisjoint(state_dict):
        raise BuildError(
            "these are weights of a variant, including its blocks",
            "load them with model.load_state_dict(weights)",
        )
    wrong = sorted(state_dict.keys() ^ keys.keys())
    wrong += sorted(
        key for key in state_dict.keys() & keys if own[keys[key]].shape != state_dict[key].shape
    )
    if wrong:
        shown = ", ".join(wrong[:3]) + (f" and {len(wrong) - 3} more" if len(wrong) > 3 else "")
        raise BuildError(
            f"the weights do not fit: {shown} is missing, unexpected or of another shape",
            "load weights of the plain backbone with the same number of classes",
        )
    model.load_state_dict({keys[key]: value for key, value in state_dict.items()}, strict=False)
    return sorted(new)


def load_weights(model: nn.Module, state_dict: Mapping[str, Tensor]) -> None:
    """Load a model's own state dict, or that of its plain backbone; the blocks then stay as they
    are. Nothing is loaded if keys or shapes are wrong.

    Raises BuildError that names the first key that does not fit.
    """
    own = model.state_dict()
    every, backbone = {key: key for key in own}, _backbone_keys(model)
    fits_better = len(backbone.keys() & state_dict.keys()) > len(every.keys() & state_dict.keys())
    keys = backbone if fits_better or state_dict.keys() == backbone.keys() else every
    for key in dict.fromkeys((*keys, *state_dict)):
        if wrong := _mismatch(key, keys, own, state_dict):
            raise BuildError(
                f"these are weights of another model: {wrong}",
                "name the spec, the input size and the number of classes that they were trained "
                "with",
            )
    model.load_state_dict({keys[key]: value for key, value in state_dict.items()}, strict=False)


def _mismatch(
    key: str,
    keys: Mapping[str, str],
    own: Mapping[str, Tensor],
    state_dict: Mapping[str, Tensor],
) -> str:
    if key not in state_dict:
        return f"{key} is missing"
    if key not in keys:
        return f"{key} is unexpected"
    here, there = own[keys[key]], state_dict[key]
    if there.layout is not torch.strided or there.is_meta or there.is_quantized:
        return f"{key} is no ordinary tensor"
    if here.shape != there.shape:
        return f"{key} has the shape {tuple(there.shape)}, not {tuple(here.shape)}"
    is_alike = here.is_complex() == there.is_complex() and (
        here.is_floating_point() == there.is_floating_point()
    )
    return "" if is_alike else f"{key} is of {there.dtype}, not {here.dtype}"


def _block_keys(model: nn.Module) -> set[str]:
    """The keys of the inserted blocks."""
    return {
        f"{name}.{key}"
        for name in getattr(model, "inserted_blocks", ())
        for key in model.get_submodule(name).state_dict()
    }


def _backbone_keys(model: nn.Module) -> dict[str, str]:
    """The model's keys by those of its plain backbone."""
    new = _block_keys(model)
    return {plain: key for plain, key in plain_keys(model).items() if key not in new}
