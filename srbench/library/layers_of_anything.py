"""``srbench.layers``: what every module of a network costs, and how much memory all need."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, overload

from torch import nn, random

from srbench.conditions import OPTIMIZERS
from srbench.errors import SpecError, SrbenchError, did_you_mean
from srbench.library.checking import (
    as_inputs,
    require_known,
    require_none,
    require_specs,
    require_types,
)
from srbench.library.given import Asked, Shape, is_given, subjects
from srbench.library.shown import RowNotFound, save
from srbench.models.subject import FromSpec, Subject
from srbench.records.layer import Layer
from srbench.records.memory_use import OPTIMIZER, MemoryUse, size_of
from srbench.records.record import Record
from srbench.report.formats import FORMATS, Report
from srbench.report.layers import Shown, layers_report
from srbench.report.look import Look
from srbench.runner import counting
from srbench.spec.cases import Size, case_of
from srbench.spec.parse import Spec, parse

OPTIONS = ("input_size", "num_classes", "inputs", "optimizer")


class MaxBatch(NamedTuple):
    """How many images fit; None if that is not known."""

    inference: int | None
    training: int | None


class ShownLayers(Sequence[Layer]):
    """The modules of a network, each before those inside it. ``print`` shows them as a tree, and a
    notebook by itself. Index by position or by name: ``found["layer4.0.conv2"].macs``.
    """

    def __init__(self, record: Record) -> None:
        self.record = record
        self._layers = record.counted.layers
        self._by_name = {layer.name: layer for layer in self._layers}

    @property
    def memory(self) -> MemoryUse:
        """The bytes that the network needs, in inference and in training."""
        memory = self.record.counted.memory
        assert memory
        return memory

    def max_batch(self, size: str) -> MaxBatch:
        """How many images fit into a card's memory, such as ``"80GiB"``, in inference and in
        training. Raises SrbenchError for a size that is none."""
        limit = size_of(size)
        peaks = (self.memory.inference, self.memory.training)
        return MaxBatch(*(peak.largest_batch(limit) if peak else None for peak in peaks))

    def report(
        self,
        depth: int | None = None,
        fold: bool = False,
        against: "ShownLayers | None" = None,
        max_batch: str | Sequence[str] = (),
        batches: Sequence[int] = (),
        top: int | None = None,
        **look: Any,
    ) -> Report:
        """The tree and the memory that all need.

        Args:
            depth: levels of modules; all by default.
            fold: show repeated blocks once, with their sum.
            against: show only what differs from these layers.
            max_batch: sizes of memory, such as ``"80GiB"``: how many images fit.
            batches: sizes of batches: how much memory they need.
            top: with an ``order``, only the first modules.
            look: ``columns``, ``order``, ``caption``, ``label`` and ``notes``, as a layout has
                them.

        Raises:
            SrbenchError: for an impossible value, and for an unknown column.
        """
        if depth is not None and (type(depth) is not int or depth < 1):
            raise SrbenchError(f"depth {depth!r} shows no module", "give 1 or more")
        sizes = (max_batch,) if isinstance(max_batch, str) else tuple(max_batch)
        for size in sizes:
            size_of(size)
        other = against.record if against is not None else None
        known = ("columns", "order", "caption", "label", "notes")
        require_known({name: one for name, one in look.items() if name not in known}, known)
        if "columns" in look:
            look["columns"] = tuple(look["columns"])
        shown = Shown(depth, fold, other, sizes, tuple(batches), Look(**look), top)
        return layers_report(self.record, shown)

    def save(self, path: str | Path, overwrite: bool = False, **shown: Any) -> None:
        """Write a file in the format of its suffix: .txt, .md, .tex, .csv, .html, .json or .jsonl.

        ``shown`` are arguments of `report`. Raises SrbenchError for an unknown suffix, for a file
        that cannot be written, and, unless ``overwrite``, for one that exists and may hold records,
        a layout or code.
        """
        save(path, overwrite, lambda: self.report(**shown))

    def __str__(self) -> str:
        return FORMATS["text"](self.report()).rstrip("\n")

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from srbench.report.formats.notebook import to_fragment

        return to_fragment(self.report())

    def __iter__(self) -> Iterator[Layer]:
        return iter(self._layers)

    def __len__(self) -> int:
        return len(self._layers)

    @overload
    def __getitem__(self, key: int | str) -> Layer: ...
    @overload
    def __getitem__(self, key: slice) -> tuple[Layer, ...]: ...
    def __getitem__(self, key: int | str | slice) -> Layer | tuple[Layer, ...]:
        """A module by its position or name. Raises RowNotFound, a KeyError, for an unknown name."""
        if not isinstance(key, str):
            return self._layers[key]
        if key not in self._by_name:
            raise RowNotFound(
                f"no module is called {key!r}",
                f"{did_you_mean(key, self._by_name)}"
                f"for example {', '.join([name for name in self._by_name if name][:3])}",
            )
        return self._by_name[key]


@overload
def layers(
    spec: str | Spec,
    /,
    *,
    input_size: Size | None = None,
    num_classes: int | None = None,
    inputs: Any = None,
    optimizer: str = OPTIMIZER,
) -> ShownLayers: ...
@overload
def layers(
    model: nn.Module | Mapping[str, nn.Module],
    /,
    *args: Any,
    input_size: Shape | None = None,
    inputs: Any = None,
    optimizer: str = OPTIMIZER,
    **keywords: Any,
) -> ShownLayers: ...
def layers(
    what: Any,
    /,
    *others: Any,
    input_size: Any = None,
    num_classes: int | None = None,
    inputs: Any = None,
    optimizer: str = OPTIMIZER,
    **keywords: Any,
) -> ShownLayers:
    """Every module of a network: shapes, parameters, MACs, activations and bytes moved; and how
    much memory the network needs, for any batch size.

    Nothing is run: all is worked out from shapes, if the network does not read values. A module is
    left as it was.

    Args:
        what: a spec, such as ``"resnet50+sr"``, or a module, or one by name.
        others: the inputs of the module by position.
        input_size: of a spec one side, ``(height, width)`` or ``"192x256"``, in pixels; of a module
            the shape of one example without the batch, such as ``(3, 224, 224)``.
        num_classes: the number of logits of a spec; by default the network's own.
        inputs: all inputs in one argument, as for `srbench.count`. The first side of all inputs is
            the batch.
        optimizer: of the training step: ``"sgd"``, with momentum, or ``"adamw"``.
        keywords: inputs of the module by name.

    Returns:
        The modules, which print as a tree; ``memory`` are the bytes that the network needs.

    Raises:
        SrbenchError: for bad input, and for a network that cannot be counted, with the remedy.

    >>> found = layers("resnet18", input_size=64)
    >>> found["layer1.0.conv1"].macs, found[0].params, found.memory.inference.counted
    (9437184, 11689512, 47370048)
    >>> small, large = found.max_batch("1GiB"), found.max_batch("80GiB")
    >>> small.training, large.training
    (526, 46764)
    """
    if optimizer not in OPTIMIZERS:
        raise SrbenchError(f"unknown optimizer {optimizer!r}", f"use {' or '.join(OPTIMIZERS)}")
    subject = _subject(what, Asked(others, keywords, inputs, input_size), num_classes)
    extras = counting.Extras(memory=True, layers=True, optimizer=optimizer)
    with random.fork_rng(devices=()):
        (record,) = counting.count([subject], extras)
    return ShownLayers(counting.require_counted(record))


def _subject(what: Any, asked: Asked, num_classes: int | None) -> Subject:
    if is_given(what):
        require_none({"num_classes": num_classes}, "a module is counted as it is")
        found = subjects(what, asked, OPTIONS, is_timed=False)
        if len(found) > 1:
            raise SpecError(
                "layers are those of one module",
                "call it for each, and give report(against=…) the other's",
            )
        return found[0]
    require_specs([what, *asked.args])
    require_known(asked.keywords, OPTIONS)
    require_types(num_classes=(num_classes, int, "a whole number, such as 1000"))
    if asked.args:
        raise SpecError("layers are those of one spec", "give one, and the others in other calls")
    spec = what if isinstance(what, Spec) else parse(what)
    return FromSpec(case_of(spec, asked.input_size, num_classes, as_inputs(asked.inputs)))
