"""Analyzes the blocks of trained weights on the images that they are tested on."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from torch import nn

from srbench.analysis.batches import Images, Processes
from srbench.analysis.chosen import chosen_classes, require_names
from srbench.analysis.two_passes import Found, analyze
from srbench.errors import SrbenchError
from srbench.records import environment
from srbench.records.record import Record
from srbench.runner.tested_weights import (
    EvaluationPlan,
    Tested,
    Weights,
    file_weights,
    settings_to_test,
    torchvision_weights,
)
from srbench.spec.cases import usual
from srbench.spec.parse import settings
from srbench.training.data.data_sets import Split
from srbench.training.evaluation import batches_to_test

Step = Callable[[float, str], None]  # the share that is done, and the pass


@dataclass(frozen=True)
class AnalysisPlan:
    """Which weights are analyzed, and how: on the images of ``tested``, the classes one by one
    that are named, and with ``is_ablated`` whether the blocks matter."""

    tested: EvaluationPlan
    classes: Sequence[str] = ()
    is_ablated: bool = True


def analysis_of_file(path: Path, plan: AnalysisPlan, step: Step) -> tuple[Record, Found]:
    """Analyze the weights of a file. Raises SrbenchError if that cannot be done."""
    return _analyzed(file_weights(path), plan, step)


def analysis_of_torchvision(name: str, plan: AnalysisPlan, step: Step) -> tuple[Record, Found]:
    """Analyze torchvision's own weights by their name, such as ``IMAGENET1K_V1``."""
    return _analyzed(torchvision_weights(name, plan.tested.spec), plan, step)


def _analyzed(weights: Weights, plan: AnalysisPlan, step: Step) -> tuple[Record, Found]:
    with settings_to_test(plan.tested.threads):
        test = Tested(weights, plan.tested)
        if test.data.task != "classification":
            raise SrbenchError(
                f"{test.data.name} has a class for each pixel, and not for each image",
                "analyze a network that classifies images",
            )
        require_names(test.data.classes)
        chosen = chosen_classes(plan.classes, test.data.classes, _there(test.split))
        fabric = test.fabric
        together = Processes(fabric.global_rank, fabric.world_size)
        parts = batches_to_test(test.split, test.recipe)[together.rank :: together.size]
        images = Images(lambda: test.split.tested.batches(parts), test.data.classes, chosen)
        done = 0

        def told(pass_name: str, number: int, each: int) -> None:
            nonlocal done
            done += number * together.size
            step(done / (each * len(test.split.test)), pass_name)

        model = _assembled(test)
        with fabric.autocast():
            found = analyze(
                model, images, test.data.name, test.images, plan.is_ablated, together, told
            )
        return _record(test, found), found


def _assembled(test: Tested) -> nn.Module:
    """The network. Raises SrbenchError, whose hint names options that analyze has."""
    try:
        return test.assembly.model
    except SrbenchError as error:
        hint = re.sub(r"--input-size (\d+)", r"--set size=\1", error.hint)
        if "--input" in hint:
            hint = "let it take num_classes and images of the size that --set size=224 gives"
        raise type(error)(error.message, hint) from error


def _notes(test: Tested) -> Iterator[str]:
    """What a reader should know of the weights."""
    yield from test.notes
    trained = str(test.about.get("data_name", ""))
    if trained not in ("", test.data.name):
        yield f"the weights were trained on {trained}"


def _there(split: Split) -> list[int]:
    """The classes of the images that are tested."""
    labels = split.tested.labels
    return sorted({labels[number] for number in split.test}) if labels else []


def _record(test: Tested, found: Found) -> Record:
    case = test.case
    return Record(
        **case.key._asdict(),
        baseline=str(case.spec.baseline),
        counts=None,
        settings=settings(case.spec),
        usual=usual(case.spec),
        environment=environment.facts(),
        fingerprint=test.assembly.fingerprint,
        parts=test.assembly.parts,
        made=environment.now(),
        analysis=replace(found.analysis, notes=(*_notes(test), *found.analysis.notes)),
    )
