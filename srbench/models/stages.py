"""A network cut into its stem, its stages and its head."""

from collections.abc import Iterable, Iterator

from torch import nn

from srbench.catalog import Backbone
from srbench.models.sites import located


def stage_units(
    model: nn.Module, backbone: Backbone, ran: Iterable[str]
) -> dict[str, tuple[str, ...]]:
    """The largest modules that lie in a single part, by part: ``stem``, the stages and ``head``.

    ``ran`` are the modules that run, in the order in which they end. A stage includes what comes
    directly before it, such as a transition that halves the resolution.
    """
    ends = {located(model, stage.module): stage.name for stage in backbone.stages}
    first = backbone.stages[0].first or backbone.stages[0].module if backbone.stages else ""
    bounds = {*ends, *([located(model, first)] if first else [])}
    order = ["stem", *backbone.stage_names, "head"] if backbone.stages else ["network"]
    found: dict[str, list[str]] = {name: [] for name in order}
    order_of = {name: number for number, name in enumerate(ran)}
    units = [unit for unit in _units(model, "", bounds) if unit in order_of]
    at = 0
    for unit in sorted(units, key=order_of.__getitem__):
        if first and unit == located(model, first):
            at = 1
        found[order[at]].append(unit)
        if unit in ends:
            at = order.index(ends[unit]) + 1
    return {name: tuple(units) for name, units in found.items()}


def _units(module: nn.Module, name: str, bounds: set[str]) -> Iterator[str]:
    """Modules without a bound inside, in the network's order."""
    for child, inner in module.named_children():
        path = f"{name}.{child}" if name else child
        if any(bound.startswith(f"{path}.") for bound in bounds):
            yield from _units(inner, path, bounds)
        else:
            yield path
