"""The modules of a network as a tree: folded, cut at a depth, and compared with another's."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Literal

from srbench.records.layer import Layer

SUMMED = ("calls", "params", "trainable", "macs", "activations", "moved")
ITSELF = "itself"
INDENT = "│  "  # of each level
_NUMBERED = re.compile(r"(.*?)([0-9]+)")
Mark = Literal["", "+", "−", "~"]


@dataclass(frozen=True)
class Node:
    """A module with those inside it. ``label`` is the last part of its name, and ``copies`` how
    many modules that are alike it stands for: their counts are summed. Beside a baseline,
    ``before`` is the module there, and ``mark`` says whether it is new, gone or different."""

    layer: Layer
    label: str
    inner: tuple["Node", ...] = ()
    copies: int = 1
    before: Layer | None = None
    mark: Mark = ""


def tree(layers: Sequence[Layer]) -> Node:
    """The tree of a network's modules, which are listed as `srbench.records.layer.Layer` says."""
    inside: dict[str, list[Layer]] = {}
    for layer in layers[1:]:
        inside.setdefault(layer.name.rpartition(".")[0], []).append(layer)
    built: dict[str, Node] = {}
    for layer in reversed(layers):  # those inside a module stand after it
        inner = tuple(built[one.name] for one in inside.get(layer.name, ()))
        own = _itself(layer, [one.layer for one in inner])
        built[layer.name] = Node(layer, layer.name.rpartition(".")[2], (*own, *inner))
    return built[layers[0].name]


def _itself(layer: Layer, inner: Sequence[Layer]) -> list[Node]:
    """What a module has beside the modules inside it, if it has parameters or MACs of its own."""
    own = {name: getattr(layer, name) - sum(getattr(one, name) for one in inner) for name in SUMMED}
    if not inner or (own["params"] <= 0 and own["macs"] <= 0):
        return []
    own |= {name: max(0, number) for name, number in own.items()} | {"calls": layer.calls}
    flops = layer.flops and layer.flops - sum(one.flops or 0 for one in inner)
    found = Layer(layer.name, "", **own, flops=flops, tensors=layer.tensors)
    return [Node(found, ITSELF)]


def folded(node: Node) -> Node:
    """The tree with modules that are alike and stand next to each other, such as the blocks of a
    stage, as one."""
    inner = [folded(one) for one in node.inner]
    groups = [list(alike) for _, alike in groupby(inner, key=_alike)]
    return replace(node, inner=tuple(_merged(one) for one in groups))


def cut(node: Node, depth: int) -> Node:
    """The tree down to that many levels below the network."""
    inner = tuple(cut(one, depth - 1) for one in node.inner) if depth else ()
    return replace(node, inner=inner)


def compared(node: Node, before: Node) -> Node | None:
    """What differs from a baseline's tree; None if nothing does."""
    if _same(node) == _same(before):
        return None
    old = {one.label: one for one in before.inner}
    found: list[Node] = []
    for one in node.inner:
        was = old.pop(one.label, None)
        if was is None:
            found.append(_marked(one, "+"))
        else:
            found += _differing(one, was)
    found += (_marked(one, "−") for one in old.values())
    return replace(node, inner=tuple(found), before=before.layer, mark="~")


def _differing(node: Node, before: Node) -> list[Node]:
    """A module if it differs; of one that wraps what was there before, only what it adds."""
    was = _same(before)
    if _same(node) == was:
        return []
    alike = (one for one in node.inner if one.layer.kind == before.layer.kind)
    wrapped = next((one for one in alike if _same(one) == was), None)
    if wrapped is None:
        return [found] if (found := compared(node, before)) else []
    added = [one for one in node.inner if one is not wrapped]
    return [_marked(replace(one, label=f"{node.label}.{one.label}"), "+") for one in added]


def lines(node: Node, guides: str = "", own: str = "") -> Iterator[tuple[str, Node]]:
    """Every node with the lines that lead to it, as a terminal draws a tree."""
    yield guides + own, node
    below = guides + {"": "", "├─ ": INDENT, "└─ ": "   "}[own]
    for number, one in enumerate(node.inner):
        is_last = number == len(node.inner) - 1
        yield from lines(one, below, "└─ " if is_last else "├─ ")


def _same(node: Node) -> Any:
    """All of a module but what it is called."""
    return (replace(node.layer, name=""), tuple((one.label, _same(one)) for one in node.inner))


def _alike(node: Node) -> Any:
    """What repeated modules share: all but the number at the end of their names, and the bytes that
    they move, which depend on where in memory their inputs lie."""
    numbered = _NUMBERED.fullmatch(node.label)
    return (numbered[1], _shared(node)) if numbered else (node.label, id(node))


def _shared(node: Node) -> Any:
    return (
        replace(node.layer, name="", moved=0),
        tuple((one.label, _shared(one)) for one in node.inner),
    )


def _merged(alike: Sequence[Node]) -> Node:
    if len(alike) == 1:
        return alike[0]
    last = _NUMBERED.fullmatch(alike[-1].label)
    assert last
    return replace(_summed(alike), label=f"{alike[0].label}–{last[2]}")


def _summed(alike: Sequence[Node]) -> Node:
    """Modules at the same place in several that are alike."""
    inner = zip(*(one.inner for one in alike), strict=True)
    return replace(
        alike[0],
        layer=_sum([one.layer for one in alike]),
        inner=tuple(map(_summed, inner)),
        copies=sum(one.copies for one in alike),
    )


def _sum(layers: Sequence[Layer]) -> Layer:
    counts: dict[str, Any] = {name: sum(getattr(one, name) for one in layers) for name in SUMMED}
    flops = [one.flops for one in layers if one.flops is not None]
    return replace(layers[0], **counts, flops=sum(flops) if flops else None)


def _marked(node: Node, mark: Mark) -> Node:
    return replace(node, mark=mark, inner=tuple(_marked(one, mark) for one in node.inner))
