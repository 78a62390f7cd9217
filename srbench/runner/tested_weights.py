"""Weights of a file, or torchvision's, with the network and the images that they are tested on."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from srbench.errors import SrbenchError, did_you_mean
from srbench.measure.torch_settings import kept
from srbench.models.assembly import Assembly
from srbench.models.build import assemble, require_buildable
from srbench.models.weights import load_weights
from srbench.records.record import UNKNOWN
from srbench.runner.counting import fingerprint_of
from srbench.spec.cases import Case, case_of
from srbench.spec.parse import is_ours, parse, read
from srbench.training import recipe as recipes
from srbench.training.checkpoints import Kept, read_weights
from srbench.training.data.by_name import open_data, recipe_for
from srbench.training.data.data_sets import DataSet, Split
from srbench.training.fabric import fabric_for
from srbench.training.recipe import Recipe

if TYPE_CHECKING:  # srbench.training says what is not installed, before it is imported
    from lightning_fabric import Fabric


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


@dataclass(frozen=True)
class Tested:
    """Weights, and what they are tested on."""

    weights: Weights
    plan: EvaluationPlan

    @cached_property
    def about(self) -> Mapping[str, Any]:
        """What the file says of its weights; nothing if srbench did not write it."""
        return self.weights.found.about or {}

    @cached_property
    def data_name(self) -> str:
        """The data set: what the weights say is no folder, which they could have listed."""
        told = str(self.about.get("data", ""))
        if not (name := self.plan.data or (told if told.isalnum() else "")):
            raise SrbenchError(
                f"{self.weights.source} does not say which images it is for", "name --data"
            )
        return name

    @cached_property
    def recipe(self) -> Recipe:
        """The recipe, for the size of images: that of the weights, unless another is named."""
        told = self.about.get("recipe")
        name = self.plan.recipe or recipe_for(self.data_name)
        if isinstance(told, dict) and not self.plan.recipe:
            own = {str(key): recipes.toml(value) for key, value in told.items()}
            return recipes.load(name, {**own, **self.plan.changes})
        return recipes.load(name, {**self.weights.size, **self.plan.changes})

    @cached_property
    def data(self) -> DataSet:
        return open_data(self.data_name, self.recipe, self.plan.workers, self.plan.download)

    @cached_property
    def split(self) -> Split:
        """The images that the run of the weights held out, also if they are of another size now."""
        seed, told = self.plan.seed, self.about.get("seed")
        same = self.data.name == self.about.get("data_name", self.about.get("data"))
        same = same or self.data.digest() == self.about.get("data_digest")
        if same and isinstance(told, int) and told >= 0:
            if seed not in (None, told) and self.data.test is None:
                raise SrbenchError(
                    f"{self.weights.source} was trained with seed {told}, on images that seed "
                    f"{seed} holds out",
                    "leave --seed out",
                )
            seed = told
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
        told = str(self.about.get("spec", ""))
        if not (self.plan.spec or told):
            raise SrbenchError(
                f"{self.weights.source} does not say which network it is for",
                "name it: --model resnet50+se",
            )
        if not self.plan.spec and not is_ours(read(told)):
            raise SrbenchError(
                f"{self.weights.source} is for {told}, which is code that would be imported",
                f"if you trust it, name it: --model {told}",
            )
        spec = self.plan.spec or told
        _, height, width = self.data.size
        return case_of(parse(spec), (height, width), self.data.num_classes)

    @cached_property
    def fabric(self) -> "Fabric":
        """Where it is tested, and in which precision."""
        return fabric_for(self.plan.device, self.recipe.amp)

    @cached_property
    def assembly(self) -> Assembly:
        """The network with these weights, on its device."""
        require_buildable(*self.case)
        found = assemble(*self.case)
        load_weights(found.model, self.weights.found.weights)
        found.model.to(self.fabric.device)
        return found

    @property
    def notes(self) -> Iterator[str]:
        """What a reader should know of the result."""
        trained = self.about.get("fingerprint", UNKNOWN)
        if UNKNOWN not in (trained, now := fingerprint_of(self.case)) and trained != now:
            yield "the code of the network has changed since it was trained"


def file_weights(path: str | Path) -> Weights:
    """Weights of a file. Raises SrbenchError if it cannot be read."""
    return Weights(str(path), read_weights(Path(path)))


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


@contextmanager
def settings_to_test(threads: int | None) -> Iterator[None]:
    """torch's settings while weights are tested; afterwards they are as before."""
    with kept():
        if threads:
            torch.set_num_threads(threads)
        torch.set_flush_denormal(True)
        yield
