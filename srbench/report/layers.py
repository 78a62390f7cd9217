"""The report of a network's modules: what each costs, as a tree, and how much memory all need."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from srbench.conditions import Input
from srbench.errors import SrbenchError
from srbench.records.layer import Layer
from srbench.records.record import Record
from srbench.report.arranging import number_of
from srbench.report.formats import Report
from srbench.report.labels import Branch
from srbench.report.layer_memory import ALIVE, ROOM, memory_flat, memory_lines, memory_table
from srbench.report.layer_tree import INDENT, ITSELF, Node, compared, cut, folded, lines, tree
from srbench.report.look import PLAIN, Look
from srbench.report.notes import measured_with, runs_on
from srbench.report.problems import problems, remarks
from srbench.report.table import Column, Hint, Table

SHARE = "_share"  # ends the name of a column with a metric's share of the whole network
METRICS: Mapping[str, tuple[str, Hint]] = {
    "params": ("Params", "count"),
    "trainable": ("Trainable", "count"),
    "macs": ("MACs", "count"),
    "flops": ("FLOPs", "count"),
    "activations": ("Activations", "count"),
    "moved": ("Moved", "bytes"),
}
DELTAS: Mapping[Hint, Hint] = {"count": "delta", "bytes": "bytes_delta"}
Read = Callable[[Layer], Any]


@dataclass(frozen=True)
class Shown:
    """What is shown of the modules: ``depth`` levels of them, or all, and with ``is_folded`` those
    that are alike as one; beside the baseline ``against``, only what differs. Memory is told for
    cards of these ``sizes``, such as ``80GiB``, and for these ``batches``. If the look has an
    order, modules with nothing inside are listed by it, the ``top`` of them or all."""

    depth: int | None = None
    is_folded: bool = False
    against: Record | None = None
    sizes: tuple[str, ...] = ()
    batches: tuple[int, ...] = ()
    look: Look = PLAIN
    top: int | None = None


def shape(texts: Sequence[str]) -> str:
    """The tensors that a module gets or returns, without a batch of one: ``64×56×56``."""
    sides = ["×".join(map(str, _without_batch(Input.parse(text).shape))) or "·" for text in texts]
    return ", ".join(sides[:2]) + (f", {len(sides) - 2} more" if len(sides) > 2 else "")


def _without_batch(sides: tuple[int, ...]) -> tuple[int, ...]:
    return sides[1:] if sides[:1] == (1,) else sides


def kind(layer: Layer) -> str:
    """The class, of a convolution with its kernel, stride and groups: ``Conv2d 3×3/2``."""
    kernel, stride, groups = (_sides(layer, one) for one in ("kernel_size", "stride", "groups"))
    found = layer.kind + (f" {kernel}" if kernel else "")
    if stride not in ("", "1", "1×1", "1×1×1"):
        sides = stride.split("×")
        found += f"/{stride if len({*sides}) > 1 else sides[0]}"
    return found + (f" of {groups} groups" if groups else "")


def _sides(layer: Layer, name: str) -> str:
    found = re.search(rf"\b{name}=\(?([0-9]+(?:, [0-9]+)*),?\)?", layer.settings)
    return "×".join(found[1].split(", ")) if found else ""


FACTS: Mapping[str, tuple[str, Read]] = {
    "settings": ("Settings", lambda layer: layer.settings or None),
    "tensors": ("Parameters", lambda layer: _tensors(layer) or None),
    "calls": ("Calls", lambda layer: layer.calls),
    "later": ("Later calls", lambda layer: _later(layer) or None),
    "input": ("Input", lambda layer: shape(layer.inputs) or None),
    "output": ("Output", lambda layer: shape(layer.outputs) or None),
}
HINTS: Mapping[str, Hint] = {"calls": "integer", "settings": "text", "tensors": "text"}
COLUMNS = (*FACTS, *(f"{metric}{what}" for metric in METRICS for what in ("", SHARE)))
USUAL = (
    *("input", "output", "params", f"params{SHARE}", "macs", f"macs{SHARE}"),
    *("activations", f"activations{SHARE}", "moved", f"moved{SHARE}"),
)
DIFFERENCES = ("output", "params", "macs", "activations", "moved")
# In this order they are left out where there is no room for all.
DISPENSABLE = (
    *(f"moved{SHARE}", "input", f"activations{SHARE}", f"params{SHARE}", "moved"),
    *("activations", f"macs{SHARE}", "output"),
)
MARKED = {"+": "+ ", "−": "− ", "~": "", "": ""}
CHANGES = {"+": "new", "−": "gone", "~": "different", "": ""}


def layers_report(record: Record, shown: Shown = Shown()) -> Report:
    """The tree of a record's modules, and what memory they need, for readers; for CSV a row for
    each module, with all columns. Raises SrbenchError if the record has no modules, or if the look
    names a column that is not in `COLUMNS`."""
    shown.look.require_known(COLUMNS)
    rows, total = list(_nodes(record, shown)), record.counted.layers[0]
    flat = [_flat(node, total) for _, node in rows if node.label != ITSELF]
    if flat:
        flat[0] |= memory_flat(record.counted, shown.batches, shown.sizes)
    header = tuple(flat[0]) if flat else ("name",)
    flat = [dict.fromkeys(header) | row for row in flat]
    tables = [_table(record, shown, rows)]
    if shown.against:
        tables.append(memory_table(record, shown.against, shown.batches, shown.sizes))
    return Report(tuple(tables), header, flat, records=(record,))


def _nodes(record: Record, shown: Shown) -> Iterator[tuple[str, Node]]:
    """The modules that are shown, with the lines of the tree."""
    node: Node | None = _tree(record, shown)
    if shown.against:
        node = compared(_tree(record, shown), _tree(shown.against, shown))
    if not node:
        return
    found = lines(node if shown.depth is None else cut(node, shown.depth))
    yield from _largest(found, shown) if shown.look.order else found


def _largest(found: Iterable[tuple[str, Node]], shown: Shown) -> Iterator[tuple[str, Node]]:
    """The network, and the modules without others inside them, sorted by a column."""
    (_, whole), *others = found
    column = shown.look.sorted_by
    leaves = [node for _, node in others if not node.inner]
    leaves.sort(key=lambda node: number_of(_cell(column, node, whole.layer)) or 0)
    if shown.look.is_descending:
        leaves.reverse()
    yield "", replace(whole, inner=())
    for node in leaves[: shown.top]:
        yield "", node


def _tree(record: Record, shown: Shown) -> Node:
    if not record.counted.layers:
        raise SrbenchError(
            f"the record of {record.spec} has no modules", f"run `srbench layers {record.spec}`"
        )
    found = tree(record.counted.layers)
    return folded(found) if shown.is_folded else found


def _table(record: Record, shown: Shown, rows: Sequence[tuple[str, Node]]) -> Table:
    total = record.counted.layers[0]
    names = shown.look.columns or (DIFFERENCES if shown.against else USUAL)
    columns = [_column(name, bool(shown.against)) for name in names]
    cells = (
        (_branch(guides, node, record), *(_cell(name, node, total) for name in names))
        for guides, node in rows
    )
    title = f"The modules of {record.spec}"
    if shown.against:
        title += f" that differ from those of {shown.against.spec}"
    return Table(
        "layers",
        (Column("Module", "name"), *columns),
        tuple(cells),
        shown.look.caption or f"{title}.",
        tuple(_notes(record, names, shown)),
        findings=tuple(_findings(record, shown)),
        look=shown.look,
    )


def _column(name: str, is_difference: bool) -> Column:
    rank = len(DISPENSABLE) - DISPENSABLE.index(name) if name in DISPENSABLE else 0
    if name in FACTS:
        title, _ = FACTS[name]
        return Column(title, HINTS.get(name, "name"), dispensable=rank)
    title, hint = METRICS[name.removesuffix(SHARE)]
    if name.endswith(SHARE):
        return Column(f"{title} %", "share", decimals=1, dispensable=rank)
    title, hint = (f"{title} Δ", DELTAS[hint]) if is_difference else (title, hint)
    return Column(title, hint, decimals=2 if "bytes" in hint else None, dispensable=rank)


def _cell(name: str, node: Node, total: Layer) -> Any:
    layer = node.layer
    if name in FACTS:
        _, read = FACTS[name]
        return read(layer)
    if layer.same_as:
        return None
    if name.endswith(SHARE):
        part, whole = (getattr(one, name.removesuffix(SHARE)) for one in (layer, total))
        return 100 * part / whole if part and whole else None
    return _value(name, node) if node.mark else getattr(layer, name)


def _value(name: str, node: Node) -> int | None:
    """How much more a module has than in the baseline: all of it if it is new, less if it is
    gone."""
    own, before = getattr(node.layer, name), getattr(node.before, name, 0)
    if own is None or before is None:
        return None
    return -int(own) if node.mark == "−" else int(own - before)


def _branch(guides: str, node: Node, record: Record) -> Branch:
    layer = node.layer
    if node.label == ITSELF:
        what = f"itself: {_tensors(layer)}" if layer.tensors else "itself"
        name = f"{MARKED[node.mark]}{layer.name or record.spec} {what}"
        label = f"{MARKED[node.mark]}{what}" if guides else name
        return Branch(guides, label, name, len(guides) // len(INDENT), CHANGES[node.mark])
    if not layer.name:
        return Branch("", record.spec, record.spec, change=CHANGES[node.mark])
    name = layer.name.removesuffix(node.label.partition("–")[0]) + node.label
    what = kind(layer)
    if node.before and kind(node.before) != what:
        what = f"{kind(node.before)} → {what}"
    if layer.same_as:
        what += f" = {layer.same_as}"
    elif not layer.calls and not layer.moved:  # a list is not called, but what is in it
        is_idle = any(f"{layer.name}.".startswith(f"{one}.") for one in record.counted.idle)
        what += ", used by its parent" if layer.params and not is_idle else ", never runs"
    elif layer.calls > node.copies:
        what += f", called {layer.calls // node.copies}×"
    mark = MARKED[node.mark]
    depth = len(guides) // len(INDENT)
    label = node.label if guides else name  # in a list, not in a tree
    return Branch(
        guides, f"{mark}{label} {what}", f"{mark}{name} {what}", depth, CHANGES[node.mark]
    )


def _tensors(layer: Layer) -> str:
    return ", ".join(f"{name} {sides.replace('x', '×')}" for name, sides in layer.tensors)


def _later(layer: Layer) -> str:
    sides = (one.replace("->", "→") for one in layer.later)
    return "; ".join(re.sub(r"\w+:\d+x?", "", one).replace("x", "×") for one in sides)


def _flat(node: Node, total: Layer) -> dict[str, Any]:
    layer = node.layer
    found: dict[str, Any] = {
        "name": layer.name,
        "class": layer.kind,
        "settings": layer.settings,
        "depth": layer.name.count(".") + 1 if layer.name else 0,
        "copies": node.copies,
        "calls": layer.calls,
        "input": "; ".join(layer.inputs),
        "output": "; ".join(layer.outputs),
        "later": "; ".join(layer.later),
        "tensors": "; ".join(f"{name} {sides}" for name, sides in layer.tensors),
        "same_as": layer.same_as,
    }
    for metric in METRICS:
        found[metric] = getattr(layer, metric)
        share = _cell(f"{metric}{SHARE}", node, total)
        found[f"{metric}{SHARE}"] = None if share is None else share / 100
    if node.mark:
        found["change"] = CHANGES[node.mark]
        found |= {f"{metric}_delta": _value(metric, node) for metric in METRICS}
    return found


def _findings(record: Record, shown: Shown) -> Iterator[str]:
    """What the whole network has and needs; beside a baseline that is a table."""
    if not shown.against:
        yield from memory_lines(record.counted, shown.batches, shown.sizes)
    elif record.counted.layers == shown.against.counted.layers:
        yield f"{record.spec} has the same modules as {shown.against.spec}."


def _notes(record: Record, names: Sequence[str], shown: Shown) -> Iterator[str]:
    yield from problems([record])
    per = runs_on([record], "per image", "per call")
    yield f"{per[0].upper()}{per[1:]}, in evaluation mode. A module counts all that is inside it."
    if shown.against:
        yield (
            f"Only what differs from {shown.against.spec}: + new, − gone; Δ of the others is the "
            "difference."
        )
    if any(name.startswith("activations") for name in names):
        yield (
            "Activations: elements that convolutions, linear layers and matrix products put out; "
            "those of others are not counted."
        )
    if any(name.startswith("moved") for name in names):
        yield (
            "Moved: what operators read and write at least, each operand and each result once; "
            "what is fused, or stays in a cache, moves less."
        )
    if record.counted.peak_inference_bytes is not None and not shown.against:
        yield ALIVE
        if shown.sizes:
            yield ROOM
    yield from remarks([record])
    yield measured_with("Counted", record.environment)
