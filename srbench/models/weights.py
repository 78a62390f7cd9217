"""Loading weights of the plain backbone into a variant."""

from collections.abc import Mapping

from torch import Tensor, nn

from srbench.errors import BuildError
from srbench.models.surgery import Site


def load_backbone_weights(model: nn.Module, state_dict: Mapping[str, Tensor]) -> list[str]:
    """Load a plain (torchvision) state dict into a model with blocks; returns the blocks' own keys,
    which keep the values they have.

    Nothing is loaded where keys or shapes are wrong.

    Raises BuildError where a key of the backbone is missing or unexpected, where a shape differs,
    and for weights of a variant: those load with ``model.load_state_dict`` as usual.
    """
    new = {
        f"{name}.{key}"
        for name in getattr(model, "inserted_blocks", ())
        for key in model.get_submodule(name).state_dict()
    }
    if not new.isdisjoint(state_dict):
        raise BuildError(
            "these are weights of a variant, with blocks of their own",
            "load them with model.load_state_dict(weights)",
        )
    own = model.state_dict()
    keys = {_in_variant(model, key): key for key in state_dict}
    wrong = sorted(set(state_dict) - set(keys.values()))  # one parameter under two names
    wrong += sorted(keys[key] for key in keys.keys() - own.keys())
    wrong += sorted(own.keys() - keys.keys() - new)
    wrong += sorted(
        key for k, key in keys.items() if k in own and own[k].shape != state_dict[key].shape
    )
    if wrong:
        shown = ", ".join(wrong[:3]) + (f" and {len(wrong) - 3} more" if len(wrong) > 3 else "")
        raise BuildError(
            f"the weights do not fit: {shown} is missing, unexpected or of another shape",
            "load weights of the plain backbone with the same number of classes",
        )
    model.load_state_dict(dict(state_dict), strict=False)
    return sorted(new)


def _in_variant(model: nn.Module, key: str) -> str:
    """The key that a plain backbone's parameter has in the model."""
    module, _, parameter = key.rpartition(".")
    for name, site in model.named_modules():
        if isinstance(site, Site) and (module == name or module.startswith(f"{name}.")):
            return f"{name}.0{module[len(name) :]}.{parameter}"
    return key
