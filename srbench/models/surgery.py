"""Where a block goes, and the cut that puts it there without forking a network's forward."""

import re
from typing import Any

from torch import Tensor, nn

from srbench.catalog import Backbone, Place
from srbench.errors import BuildError


class Site(nn.Sequential):
    """A module of the backbone, followed by the blocks put at its output.

    The module's state-dict keys gain ``.0``. Weights saved from the plain backbone load all the
    same: keys without it are renamed on the way in.
    """

    def _load_from_state_dict(
        self, state_dict: dict[str, Tensor], prefix: str, *args: Any, **kwargs: Any
    ) -> None:
        for key in self[0].state_dict():
            if prefix + key in state_dict:
                state_dict[f"{prefix}0.{key}"] = state_dict.pop(prefix + key)
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)


def find_sites(model: nn.Module, backbone: Backbone, place: Place, stage: str) -> list[str]:
    """Names of the modules whose output a block follows in one stage, in the network's order.

    ``stage`` places name the stage itself; ``branch`` places the last norm of each of its residual
    blocks. Raises BuildError when nothing matches.
    """
    names = [name for name, _ in model.named_modules()]
    if place == "stage":
        wanted, sites = stage, [name for name in names if name == stage]
    else:
        wanted = f"{stage}.*.{backbone.branch}"
        sites = [name for name in names if re.fullmatch(wanted.replace("*", r"\d+"), name)]
    if not sites:
        raise BuildError(
            f"{backbone.name} has no {wanted} to put a block after",
            "this is a mistake in srbench's catalog: please report it",
        )
    return sites


def insert(model: nn.Module, site: str, block: nn.Module) -> str:
    """Put a block at the output of the module called ``site``; returns the block's own name.

    A Sequential (a stage, or a site that has a block already) takes it at its end, which changes
    no key; any other module is wrapped together with it in a `Site`.
    """
    module = model.get_submodule(site)
    if not isinstance(module, nn.Sequential):
        parent, _, child = site.rpartition(".")
        module = Site(module)
        setattr(model.get_submodule(parent), child, module)
    module.append(block)
    return f"{site}.{len(module) - 1}"
