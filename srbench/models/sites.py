"""Where a block goes, and the cut that puts it there without forking a network's forward."""

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard

from torch import Tensor, nn

from srbench.catalog import Backbone, Place
from srbench.catalog.options import Value
from srbench.errors import BuildError

LOOK_UP: Mapping[Place, str] = {
    "branch": "look up in the network's forward which modules return what is added to a shortcut, "
    "(B, C, H, W), and name all of them with after=",
    "stage": "look up in the network's forward which module returns the feature map that you mean, "
    "(B, C, H, W), and name it with after=",
}


class Site(nn.Sequential):
    """A module of the backbone, followed by the blocks put at its output.

    The module's state-dict keys gain ``.0``. Weights saved from the plain backbone load all the
    same: keys without it are renamed on the way in. It takes what the module takes.
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
    """The state-dict keys of a model by those of its plain backbone; blocks' own are left out."""
    return {_plain(model, key): key for key in model.state_dict() if not _in_block(model, key)}


def _plain(model: nn.Module, key: str) -> str:
    """The key without what sites add to it."""
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
    """Raises BuildError where the network's row says that a block has no place in it."""
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
                f"{backbone.name} does not say where the residual branches of {stage.name} end",
                "give it an attribute `branches`, such as *.bn2, if it is your own; else "
                + LOOK_UP[place],
            )


def find_sites(
    model: nn.Module, backbone: Backbone, place: Place, options: Mapping[str, Value]
) -> Iterator[tuple[str, str]]:
    """The modules whose output a block follows, in the network's order, each with what a spec calls
    the place: a stage, or a pattern of ``after``.

    Raises BuildError where nothing matches, and where modules match of which one is in another.
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
            f"{backbone.name} lists no stages to put a block behind",
            f"give it an attribute `stages` if it is your own; else {LOOK_UP[place]}",
        )
    for name in stages:
        stage = backbone.stage(name)
        for pattern in [stage.module] if place == "stage" else stage.branches:
            try:
                yield from ((name, site) for site in _named(model, pattern))
            except BuildError as error:
                raise BuildError(f"stage {name}: {error.message}", error.hint) from error


def _elsewhere(backbone: Backbone, place: Place) -> str:
    """What to do where a stage lacks a place."""
    fit = [stage.name for stage in backbone.stages if place not in stage.without]
    some = f"stage= puts it into some stages only, of which these have a place: {', '.join(fit)}; "
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
            f"did you mean {', '.join(near)}?" if near else _first_names(names),
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
    """Put a block at the output of the module that is called ``site`` in the plain network.

    A plain Sequential (a stage, or a site that has a block already) takes it at its end, which
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
    """Whether it is a Sequential that runs its modules in turn, numbered from 0: append() names the
    next by their number, which in a slice may be taken."""
    if not isinstance(module, nn.Sequential):
        return False
    if type(module).forward not in (nn.Sequential.forward, Site.forward):
        return False
    return [name for name, _ in module.named_children()] == [str(i) for i in range(len(module))]


def located(model: nn.Module, site: str) -> str:
    """The name that a module of the plain network has now, blocks behind it included."""
    module, path = model, []
    for name in site.split("."):
        if isinstance(module, Site):
            module = module[0]
            path.append("0")
        module = module.get_submodule(name)
        path.append(name)
    return ".".join(path)
