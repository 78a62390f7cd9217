"""Tests weights from files, or torchvision's, on the images of a data set."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from srbench.errors import SrbenchError, did_you_mean, one_line, require_failure
from srbench.measure.torch_settings import kept
from srbench.models.build import assemble, require_buildable
from srbench.models.weights import load_weights
from srbench.records.evaluated import Evaluated
from srbench.spec.cases import Case, case_of
from srbench.spec.parse import parse
from srbench.training import recipe as recipes
from srbench.training.checkpoints import Kept, read_weights
from srbench.training.data.by_name import open_data, recipe_for
from srbench.training.data.data_sets import DataSet, Split
from srbench.training.evaluation import evaluate
from srbench.training.fabric import fabric_for
from srbench.training.recipe import Recipe

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class EvaluationPlan:
    """What weights are tested on, and how.

    ``spec`` names the network of weights that do not say it; weights of its plain backbone can be
    loaded as well. ``data``, ``recipe`` and ``changes`` say which images, and of which size; if
    they are not given, they are those that the weights were trained with. ``seed`` is that of the
    images that a run held out; if it is not given, that of the weights, and for others all images
    are tested.
    """

    spec: str = ""
    data: str = ""
    recipe: str = ""
    changes: Mapping[str, str] = field(default_factory=dict)
    seed: int | None = None
    device: str = "cpu"
    threads: int | None = None
    workers: int = 0
    download: bool = False


@dataclass(frozen=True)
class Weights:
    """Weights to test: of a file, or torchvision's by their name."""

    source: str
    found: Kept
    size: Mapping[str, str] = field(default_factory=dict)  # how torchvision's are tested


def evaluations(sources: Iterable[str], plan: EvaluationPlan) -> Iterator[Evaluated]:
    """Test the weights of each file. One that fails has a status that says why, and does not affect
    the others."""
    for source in sources:
        yield _evaluated(source, plan, lambda path=source: Weights(path, read_weights(Path(path))))


def evaluation_of_torchvision(name: str, plan: EvaluationPlan) -> Evaluated:
    """Test torchvision's own weights, such as ``IMAGENET1K_V2``, on images of the size that they
    were made for."""
    return _evaluated(name, plan, lambda: torchvision_weights(name, plan.spec))


def torchvision_weights(name: str, spec: str) -> Weights:
    """Weights of torchvision, which are downloaded if they are not there yet.

    Raises SrbenchError for unknown weights, and if they cannot be downloaded.
    """
    import torchvision

    backbone = parse(spec).backbone.name
    try:
        known = torchvision.models.get_model_weights(backbone)
    except ValueError as error:
        raise SrbenchError(
            f"torchvision has no weights of {backbone}", "name a network of torchvision"
        ) from error
    names = [one.name for one in known]
    if name not in names:
        raise SrbenchError(
            f"unknown weights {name!r} of {backbone}",
            f"{did_you_mean(name, names)}they are {', '.join(names)}",
        )
    try:
        state = known[name].get_state_dict(progress=False, check_hash=True)
    except OSError as error:
        raise SrbenchError(
            f"the weights {name} of {backbone} cannot be downloaded: {error}",
            f"download {known[name].url} elsewhere, and name the file",
        ) from error
    made_for = known[name].transforms()
    size = {"size": str(made_for.crop_size[0]), "resize": str(made_for.resize_size[0])}
    return Weights(name, Kept(Path(name), state, None), size)


def _evaluated(source: str, plan: EvaluationPlan, read: Any) -> Evaluated:
    row = Evaluated(source, plan.spec, "", None)
    try:
        with kept():
            if plan.threads:
                torch.set_num_threads(plan.threads)
            torch.set_flush_denormal(True)
            test = _Test(read(), plan)
            row = replace(row, spec=str(test.case.spec), images=test.images)
            return replace(row, counted=test.counted())
    except BaseException as error:
        require_failure(error)
        LOG.debug("%s failed", source, exc_info=True)
        return replace(row, status=f"failed: {one_line(error)}")


@dataclass(frozen=True)
class _Test:
    """Weights, and what they are tested on."""

    weights: Weights
    plan: EvaluationPlan

    @cached_property
    def about(self) -> Mapping[str, Any]:
        """What the file says of its weights; nothing if srbench did not write it."""
        return self.weights.found.about or {}

    @cached_property
    def data_name(self) -> str:
        if not (name := self.plan.data or self.about.get("data", "")):
            raise SrbenchError(
                f"{self.weights.source} does not say which images it is for", "name --data"
            )
        return str(name)

    @cached_property
    def recipe(self) -> Recipe:
        """The recipe, for the size of images: that of the weights, unless another is named."""
        if self.about and not self.plan.recipe:
            own = {key: recipes.toml(value) for key, value in self.about["recipe"].items()}
            return recipes.load(recipe_for(self.data_name), {**own, **self.plan.changes})
        name = self.plan.recipe or recipe_for(self.data_name)
        return recipes.load(name, {**self.weights.size, **self.plan.changes})

    @cached_property
    def data(self) -> DataSet:
        return open_data(self.data_name, self.recipe, self.plan.workers, self.plan.download)

    @cached_property
    def split(self) -> Split:
        seed = self.plan.seed
        if seed is None and self.about and self.data.digest() == self.about.get("data_digest"):
            seed = int(self.about["seed"])
        return self.data.all_to_test() if seed is None else self.data.split(seed)

    @property
    def images(self) -> str:
        """Which images are tested, in words."""
        if self.split.held_out is None or not self.split.train:
            return f"{len(self.split.test):,} of {self.data.name}"
        return f"{len(self.split.test):,} held out of {self.data.name}"

    @cached_property
    def case(self) -> Case:
        """The network, and the images that it gets."""
        spec = self.plan.spec or self.about.get("spec")
        if not spec:
            raise SrbenchError(
                f"{self.weights.source} does not say which network it is for",
                "name it: --model resnet50+se",
            )
        _, height, width = self.data.size
        return case_of(parse(str(spec)), (height, width), self.data.num_classes)

    def counted(self) -> Mapping[str, Any]:
        """What the metric counted."""
        model = self._model(self.weights.found.weights)
        fabric = fabric_for(self.plan.device, self.recipe.amp)
        return evaluate(model.to(fabric.device), self.split, self.recipe, fabric)

    def _model(self, weights: Mapping[str, Tensor]) -> torch.nn.Module:
        require_buildable(*self.case)
        model = assemble(*self.case).model
        load_weights(model, weights)
        return model
