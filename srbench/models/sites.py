"""Where a block goes, and how it is inserted there without a change of the network's forward."""

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard

from torch import Tensor, nn

from srbench.catalog import Backbone, Place
from srbench.catalog.options import Value
from srbench.errors import BuildError, alternatives

LOOK_UP: Mapping[Place, str] = {
    "branch": "look up in the network's forward which modules return a feature map (B, C, H, W) "
    "that is added to a shortcut, and name all of them with after=",
    "stage": "look up in the network's forward which module returns the feature map (B, C, H, W) "
    "that you want, and name it with after=",
}


class Site(nn.Sequential):
    """A module of the backbone, followed by the blocks inserted at its output.

    The module's state-dict keys gain ``.0``. Weights saved from the plain backbone still load: keys
    without it are renamed while loading. A site accepts the same arguments as its module.
    """

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        module, *blocks = self
        output = module(*args, **kwargs)
        for block in blocks:
            output = block(output)
        return output

    def _load_from_state_dict(
        self, state_dict: dict[str, Tensor], prefix: str, *args: Any, **kwargs: Any
    ) -> None:
        for plain, own in plain_keys(self).items():
            if prefix + own not in state_dict and prefix + plain in state_dict:
                state_dict[prefix + own] = state_dict.pop(prefix + plain)
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)


def plain_keys(model: nn.Module) -> dict[str, str]:
    """Maps the plain backbone's state-dict keys to the model's; the blocks' keys are left out."""
    return {_plain(model, key): key for key in model.state_dict() if not _in_block(model, key)}


def _plain(model: nn.Module, key: str) -> str:
    """The key in the plain backbone, without what sites add."""
    kept, module = [], model
    for name in key.split("."):
        if not isinstance(module, Site):
            kept.append(name)
        module = getattr(module, name, module)
    return ".".join(kept)


def _in_block(model: nn.Module, key: str) -> bool:
    module = model
    for name in key.split("."):
        if isinstance(module, Site) and name != "0":
            return True
        module = getattr(module, name, module)
    return False


def require_places(backbone: Backbone, place: Place, options: Mapping[str, Value]) -> None:
    """Raises BuildError if a stage has no place for the block, by the network's catalog row."""
    stages = options["stage"]
    assert isinstance(stages, tuple)
    for stage in () if options["after"] else map(backbone.stage, stages):
        if place in stage.without:
            raise BuildError(
                f"{backbone.name} has no place for a block in {stage.name}: {stage.without[place]}",
                _elsewhere(backbone, place),
            )
        if place == "branch" and not stage.branches:
            raise BuildError(
                f"{backbone.name} does not declare where the residual branches of {stage.name} end",
                "if the network is your own, give it an attribute `branches`, such as *.bn2; else "
                + LOOK_UP[place],
            )


def find_sites(
    model: nn.Module, backbone: Backbone, place: Place, options: Mapping[str, Value]
) -> Iterator[tuple[str, str]]:
    """The modules that a block is inserted after, in the network's order, each with its place in
    the spec: a stage, or a pattern of ``after``.

    Raises BuildError if nothing matches, or if one matching module is inside another.
    """
    after, stages = options["after"], options["stage"]
    assert isinstance(after, tuple)
    assert isinstance(stages, tuple)
    if after:
        sites = [(pattern, site) for pattern in after for site in _named(model, pattern)]
        order = [name for name, _ in model.named_modules()]
        yield from sorted(_apart(sites), key=lambda one: order.index(one[1]))
        return
    if not stages:
        raise BuildError(
            f"{backbone.name} lists no stages to insert a block after",
            f"if the network is your own, give it an attribute `stages`; else {LOOK_UP[place]}",
        )
    for name in stages:
        stage = backbone.stage(name)
        for pattern in [stage.module] if place == "stage" else stage.branches:
            try:
                yield from ((name, site) for site in _named(model, pattern))
            except BuildError as error:
                raise BuildError(f"stage {name}: {error.message}", error.hint) from error


def _elsewhere(backbone: Backbone, place: Place) -> str:
    """The remedy for a stage that has no place."""
    fit = [stage.name for stage in backbone.stages if place not in stage.without]
    some = f"give stage= only stages that have a place ({', '.join(fit)}), or "
    return (some if fit else "") + LOOK_UP[place]


def _named(model: nn.Module, pattern: str) -> list[str]:
    """The modules whose name matches."""
    expression = re.escape(pattern).replace(r"\*", r"[^.]+")
    names = [name for name, _ in model.named_modules()]
    found = [name for name in names if re.fullmatch(expression, name)]
    if not found:
        inside = [name for name in names if name.endswith(f".{pattern}")]
        near = inside[:3] or difflib.get_close_matches(pattern, names, n=3)
        raise BuildError(
            f"the network has no module {pattern}",
            f"did you mean {alternatives(near)}?" if near else _first_names(names),
        )
    return found


def _first_names(names: list[str]) -> str:
    return f"its modules: {', '.join(name for name in names if name and '.' not in name)}"


def _apart(sites: list[tuple[str, str]]) -> list[tuple[str, str]]:
    names = [site for _, site in sites]
    for outer in names:
        if inner := next((name for name in names if name.startswith(f"{outer}.")), None):
            raise BuildError(
                f"{inner} is a part of {outer}, and after names both",
                "name one of them, or two blocks: +se:after=layer4.1+se:after=layer4",
            )
        if names.count(outer) > 1:
            raise BuildError(f"after names {outer} twice", "name each module once")
    return sites


def insert(model: nn.Module, site: str, block: nn.Module) -> None:
    """Insert a block at the output of the module that is called ``site`` in the plain network.

    It is appended to a plain Sequential (a stage, or a site that already has a block), which
    changes no key; any other module is wrapped together with it in a `Site`.
    """
    path = located(model, site)
    module = model.get_submodule(path)
    if _takes_one_more(module):
        module.append(block)
    else:
        parent, _, child = path.rpartition(".")
        model.get_submodule(parent).add_module(child, Site(module, block))


def _takes_one_more(module: nn.Module) -> TypeGuard[nn.Sequential]:
    """Whether it is a Sequential that runs its modules in order, numbered from 0. append() names a
    module by their count, and in a slice that name may be taken."""
    if not isinstance(module, nn.Sequential):
        return False
    if type(module).forward not in (nn.Sequential.forward, Site.forward):
        return False
    return [name for name, _ in module.named_children()] == [str(i) for i in range(len(module))]


def located(model: nn.Module, site: str) -> str:
    """The current name of a module of the plain network, together with the blocks after it."""
    module, path = model, []
    for name in site.split("."):
        if isinstance(module, Site):
            module = module[0]
            path.append("0")
        module = module.get_submodule(name)
        path.append(name)
    return ".".join(path)
