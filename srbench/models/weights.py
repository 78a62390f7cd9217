"""Loading weights of the plain backbone into a variant."""

from collections.abc import Mapping

from torch import Tensor, nn

from srbench.errors import BuildError


def load_backbone_weights(model: nn.Module, state_dict: Mapping[str, Tensor]) -> list[str]:
    """Load a plain (torchvision) state dict into a model with blocks; returns the blocks' own keys,
    which keep the values they have.

    Raises BuildError where a key of the backbone is missing or unexpected, or a shape differs.
    Weights of a variant load with ``model.load_state_dict`` as usual.
    """
    new = {
        f"{name}.{key}"
        for name in getattr(model, "inserted_blocks", ())
        for key in model.get_submodule(name).state_dict()
    }
    try:
        result = model.load_state_dict(dict(state_dict), strict=False)
    except RuntimeError as error:
        raise BuildError(
            "the weights do not fit: " + " ".join(str(error).split()),
            "load weights of the same backbone with the same number of classes",
        ) from error
    wrong = sorted(set(result.missing_keys) - new) + sorted(result.unexpected_keys)
    if wrong:
        shown = ", ".join(wrong[:3]) + (f" and {len(wrong) - 3} more" if len(wrong) > 3 else "")
        raise BuildError(
            f"the weights do not fit: missing or unexpected {shown}",
            "load weights of the plain backbone",
        )
    return sorted(new)
