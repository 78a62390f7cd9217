"""The stages of a network of timm and the modules in them that blocks follow, from one run."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from srbench.catalog import Place, Stage

if TYPE_CHECKING:
    from torch import nn

    from srbench.shapes.dataflow import Flow
    from srbench.shapes.residual import Unit


class Plain(NamedTuple):
    """Units that a block follows although they add nothing.

    They lie in the module ``inside``. ``ends`` maps a unit's class to the name of the module in it
    that the block follows, or to "" if the block follows the unit itself.
    """

    inside: str
    ends: Mapping[str, str]


MBCONVS = Plain(  # some have no shortcut, such as EfficientNet-B0's first
    "blocks", {"DepthwiseSeparableConv": "bn2", "InvertedResidual": "bn3", "EdgeResidual": "bn2"}
)
# By the class of the network. Hu et al., section 3.3, put SE after the ReLU of every convolution of
# a VGG. RepVGG is a VGG once its branches are fused. MobileOne is a MobileNet of that kind; in
# srbench's own MobileNet, blocks also follow every ReLU. DenseNet is as in srbench's own catalog.
PLAIN: Mapping[str, Plain] = MappingProxyType(
    {
        "ByobNet": Plain("stages", {"RepVggBlock": "", "MobileOneBlock": ""}),
        "DenseNet": Plain("features", {"DenseLayer": "conv2"}),
        "EfficientNet": MBCONVS,
        "MobileNetV3": MBCONVS,
        "VGG": Plain("features", {"ReLU": ""}),
    }
)
NO_UNITS = "srbench sees no residual branch in this network"


def stages(model: "nn.Module", flow: "Flow") -> tuple[Stage, ...]:
    """A network's stages: the modules that hold its units, or units that follow each other at one
    resolution, in both cases with a pooling that comes next. A network without units has the stages
    that timm's feature information names.
    """
    from srbench.shapes.residual import in_order, residual_units  # loads torch

    found = residual_units(model, flow)
    units = in_order(flow, [*found, *_plain(model, flow, {unit.module for unit in found})])
    return tuple(_by_units(model, flow, units) if units else _by_features(model, flow))


def _plain(model: "nn.Module", flow: "Flow", known: set[str]) -> Iterator["Unit"]:
    from srbench.shapes.residual import unit_at

    inside, ends = PLAIN.get(type(model).__name__, Plain("", {}))
    for name, module in model.named_modules():
        end = ends.get(type(module).__name__)
        if end is not None and name.startswith(f"{inside}.") and name not in known:
            yield unit_at(flow, name, f"{name}.{end}" if end else name)


def _by_units(model: "nn.Module", flow: "Flow", units: list["Unit"]) -> Iterator[Stage]:
    level = _level(units)
    depth = level.count(".") + 1 if level else 0

    def part(unit: "Unit") -> str:
        return ".".join(unit.module.split(".")[: depth + 1])

    def stage(unit: "Unit") -> object:
        """What units of one stage have in common."""
        return unit.shape[-2:] if unit.module == part(unit) else part(unit)

    for _, group in groupby(units, stage):
        ends = list(group)
        module, first = part(ends[-1]), part(ends[0])
        module = _pooling_after(model, flow, level, module) or module
        without = {**_no_stage(flow, module), **_no_branch(ends)}
        branches = () if "branch" in without else tuple(unit.end for unit in ends)
        yield Stage(module, module, branches, "" if first == module else first, without)


def _level(units: list["Unit"]) -> str:
    """The innermost module that holds all units."""
    level: list[str] = []
    paths = [unit.module.split(".")[:-1] for unit in units]
    for names in zip(*paths, strict=False):
        if len(set(names)) > 1:
            break
        level.append(names[0])
    return ".".join(level)


def _pooling_after(model: "nn.Module", flow: "Flow", level: str, module: str) -> str:
    """The max pooling at the same level that runs right after a module, or an empty string."""
    beside = [name for name in flow.returned if name.rpartition(".")[0] == level]
    after = beside[beside.index(module) + 1 :][:1] if module in beside else []
    return next(
        (name for name in after if type(model.get_submodule(name)).__name__ == "MaxPool2d"), ""
    )


def _by_features(model: "nn.Module", flow: "Flow") -> Iterator[Stage]:
    named = [entry.get("module", "") for entry in _feature_info(model)]
    ran = [name for name in named if name and name in flow.returned]
    containers = [name for name in ran if any(model.get_submodule(name).children())]
    for name in containers or ran:
        yield Stage(name, name, without={**_no_stage(flow, name), "branch": NO_UNITS})


def _feature_info(model: "nn.Module") -> list[dict[str, Any]]:
    found = getattr(model, "feature_info", [])
    return list(getattr(found, "info", found))


def _no_stage(flow: "Flow", module: str) -> dict[Place, str]:
    """Why a block cannot follow a stage as a whole."""
    if module not in flow.returned:
        return {"stage": f"{module} does not run as a whole"}
    result = flow.returned[module]
    if not result:
        return {"stage": f"{module} returns no single tensor"}
    if result.is_map:
        return {}
    return {"stage": f"{module} returns {_written(result.shape)}, and blocks take (B, C, H, W)"}


def _no_branch(units: list["Unit"]) -> dict[Place, str]:
    """Why blocks cannot follow all residual branches of a stage."""
    unfit = next((unit for unit in units if not unit.end), None)
    if not unfit:
        return {}
    return {
        "branch": f"a residual branch of {unfit.module} ends in {_written(unfit.shape)}, and no "
        "module that runs once returns it as (B, C, H, W)"
    }


def _written(shape: tuple[int, ...]) -> str:
    return f"({', '.join(map(str, ('B', *shape[1:])))})"
