"""``srbench.analyze``: what trained blocks do with images."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from torch import nn

from srbench.analysis.batches import Images, checked, no_images
from srbench.analysis.chosen import chosen_classes, require_names
from srbench.analysis.network import in_evaluation, logits_of, require_uncompiled, unwrapped
from srbench.analysis.two_passes import Found
from srbench.analysis.two_passes import analyze as analyze_module
from srbench.errors import SrbenchError, alternatives
from srbench.library.random_state import own_draws, restore
from srbench.models.fingerprint import module_fingerprint
from srbench.records import environment
from srbench.records.analysis import Analysis
from srbench.records.record import Record
from srbench.report.analysis import analysis_report
from srbench.report.analysis_folder import PICTURES, write
from srbench.report.formats import FORMATS, Report

DATA = "images given in Python"


class Analyzed:
    """What the blocks of a network do. ``print`` shows the tables, and a notebook by itself.

    ``record`` holds the numbers of every figure. ``classes`` (N,), ``right`` (N,) and ``weights``,
    (N, P) by the name of the block, are of single images.
    """

    def __init__(self, record: Record, found: Found) -> None:
        self.record = record
        self.classes = found.classes
        self.right = found.right
        self.weights = found.weights
        self._found = found

    @property
    def analysis(self) -> Analysis:
        """All numbers."""
        return self._found.analysis

    def report(self) -> Report:
        """The tables."""
        return analysis_report(self.record)

    def save(self, folder: str | Path, formats: str | Sequence[str] = ("pdf",)) -> None:
        """Write the figures, the numbers behind each as CSV, and the record, as ``srbench analyze``
        does. Raises SrbenchError for an unknown format, and where a file cannot be written."""
        wanted = [formats] if isinstance(formats, str) else list(formats)
        for one in wanted:
            if one not in PICTURES:
                raise SrbenchError(f"unknown format {one!r}", f"use {alternatives(PICTURES)}")
        write(self.record, self._found.by_image, Path(folder), wanted)

    def __str__(self) -> str:
        return FORMATS["text"](self.report()).rstrip("\n")

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from srbench.report.formats.notebook import to_fragment

        return to_fragment(self.report())


def analyze(
    model: nn.Module,
    loader: Iterable[Any],
    *,
    classes: Sequence[str | int] | str | int = (),
    names: Iterable[str] = (),
    ablations: bool = True,
    data: str = DATA,
) -> Analyzed:
    """Look inside the SR, SE and CBAM blocks of a trained network.

    The model is used where it is, in evaluation mode; afterwards its modes and your random draws
    are as before, and no hook is left. The images pass twice, both times from the same random
    state. Memory does not depend on their number, but for a class, the weights of memories, and a
    bit for each ablation.

    Args:
        model: any module that returns logits (B, classes) and holds blocks of `srbench.blocks`.
        loader: batches ``(images, classes)``, such as a DataLoader that tests: images (B, C, H, W)
            and whole numbers (B,). It is read twice, and must yield the same batches each time.
        classes: those that are looked at one by one, by name or number; by default the first ten
            of those in the first batch.
        names: of all classes; by default their numbers.
        ablations: whether to ask what the network does without each memory, with the same weights
            for every image, and without its blocks.
        data: what the images are called in the record.

    Raises:
        SrbenchError: for bad input, with the remedy.

    >>> import torch
    >>> from srbench.blocks import SqueezeRemember
    >>> net = nn.Sequential(SqueezeRemember(3, 4, 4, memories=2), nn.Flatten(), nn.Linear(48, 2))
    >>> images = [(torch.rand(8, 3, 4, 4), torch.arange(8) % 2)]
    >>> found = analyze(net, images)
    >>> found.weights["0"].shape, found.analysis.memory_blocks[0].memories.dead
    ((8, 2), (0, 1))
    """
    if not isinstance(model, nn.Module):
        what = "a text" if isinstance(model, str) else f"of type {type(model).__name__}"
        raise SrbenchError(
            f"the model is {what}, and not a module", "give a torch.nn.Module with its weights"
        )
    wanted = [classes] if isinstance(classes, (str, int)) else list(classes)
    with own_draws() as state:
        try:
            begun = iter(loader)
        except TypeError as error:
            raise SrbenchError(
                f"the loader is of type {type(loader).__name__}", "give a DataLoader, or a list"
            ) from error
        if begun is loader:
            raise SrbenchError(
                "the loader can be read only once", "give a DataLoader, or a list of batches"
            )
        first = next(begun, None)
        if first is None:
            raise no_images()
        known, there = _classes(model, first, [str(one) for one in names])
        passes = iter([chain([first], begun)])

        def batches() -> Iterator[Any]:
            if (rest := next(passes, None)) is not None:
                return rest
            restore(state)
            return iter(loader)

        images = Images(batches, known, chosen_classes(wanted, known, there))
        found = analyze_module(model, images, data, is_ablated=ablations)
    name = type(model).__name__
    record = Record(
        spec=name,
        baseline=name,
        input=None,
        num_classes=None,
        counts=None,
        environment=environment.facts(),
        fingerprint=module_fingerprint(model),
        made=environment.now(),
        subject="module",
        analysis=found.analysis,
    )
    return Analyzed(record, found)


def _classes(model: nn.Module, batch: Any, names: list[str]) -> tuple[list[str], list[int]]:
    """The names of all classes, and the numbers of those that a batch has.

    Raises SrbenchError for a batch that the model does not take, and for impossible names.
    """
    plain = unwrapped(model)
    require_uncompiled(plain)
    images, classes = checked(batch)
    with in_evaluation(plain):
        number = logits_of(plain, images).shape[1]
    if names and len(names) != number:
        raise SrbenchError(
            f"there are {len(names)} names, and {number} logits", "give a name for each class"
        )
    require_names(names)
    known = names or [str(one) for one in range(number)]
    return known, sorted({one for one in classes.tolist() if 0 <= one < number})
