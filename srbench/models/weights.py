"""Loading weights of the plain backbone into a variant."""

from collections.abc import Mapping

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
    new = {
        f"{name}.{key}"
        for name in getattr(model, "inserted_blocks", ())
        for key in model.get_submodule(name).state_dict()
    }
    own = model.state_dict()
    keys = {plain: key for plain, key in plain_keys(model).items() if key not in new}
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
