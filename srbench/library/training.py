"""``srbench.train`` and ``srbench.evaluate``: what a block buys."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from srbench.errors import SrbenchError, did_you_mean
from srbench.library.checking import as_variants, require_specs
from srbench.library.random_state import own_draws
from srbench.library.shown import ShownResults
from srbench.measure.devices import resolve_one
from srbench.records.evaluated import Evaluated
from srbench.records.gain import Gain, Score
from srbench.records.record_file import RecordFile
from srbench.records.runs import Runs, runs_of
from srbench.report.gains import gain_of, score_of
from srbench.runner.evaluation import evaluations
from srbench.runner.tested_weights import EvaluationPlan
from srbench.runner.training import TrainingPlan, run
from srbench.spec.cases import rows
from srbench.spec.parse import Spec
from srbench.training import recipe as recipes
from srbench.training.data.data_sets import DataSet
from srbench.training.recipe import Recipe


class TrainedResults(ShownResults):
    """One record per run. ``print`` shows a row for each spec: its scores over the seeds, and the
    differences from its baseline."""

    def runs(self, spec: str, share: float = 1.0) -> Runs:
        """All runs of a spec on a share of the training images. Raises SrbenchError if there are
        none."""
        name = self[spec].spec
        for runs in runs_of(self):
            if runs.row.spec == name and runs.regime.share == share:
                return runs
        raise SrbenchError(
            f"{name} has no run that ended well on a share of {share:g}", "train it, or see print"
        )

    def score(self, spec: str, score: str = "top1", share: float = 1.0) -> Score:
        """The mean of a score over seeds, ``"top1"``, ``"top5"`` or ``"miou"``, as a share."""
        runs = self.runs(spec, share)
        found = score_of(runs, score)
        if found is None:
            raise SrbenchError(
                f"there is no score {score!r}",
                f"{did_you_mean(score, runs.scores)}the scores are {', '.join(runs.scores)}",
            )
        return found

    def gain(self, spec: str, score: str = "top1", share: float = 1.0) -> Gain | None:
        """The difference from the baseline over common seeds, as a share; None for the baseline."""
        self.score(spec, score, share)
        return gain_of(self.runs(spec, share), score)


def train(
    spec: str | Spec,
    /,
    *specs: str | Spec,
    variants: Sequence[str] = (),
    data: str | DataSet = "digits",
    recipe: str | Recipe = "",
    changes: Mapping[str, Any] | None = None,
    seeds: int | Sequence[int] = 6,
    shares: float | Sequence[float] = 1.0,
    device: str | None = None,
    folder: str | Path | None = None,
    records: str | Path | None = None,
    threads: int | None = None,
    workers: int = 0,
    download: bool = False,
) -> TrainedResults:
    """Train specs and their baselines with the same seeds.

    Args:
        spec, specs: such as ``"cifar_resnet20+sr"``.
        variants: blocks that add one more row per backbone, such as ``"se+sr:memories=4"``.
        data: a data set by its name, as for ``srbench train --data``, or one of your own.
        recipe: a recipe by its name, a file ``*.toml``, or one of your own; by default that of the
            data set.
        changes: other values of the recipe, such as ``{"lr": 0.05}``.
        seeds: how many, or which.
        shares: of the training images; each is trained on.
        device: ``"cpu"``, ``"cuda"``, ``"cuda:1"`` or ``"mps"``; by default the first GPU, or the
            CPU if there is none.
        folder: keeps weights, curves and checkpoints; without one an interrupted run is lost.
        records: a file ``*.jsonl`` that keeps each run; what it has is not trained again.
        threads, workers, download: as for ``srbench train``.

    Returns:
        One record per run, which print as a table. A run that failed has a ``status`` that says
        why.

    Raises:
        SrbenchError: for bad input, with the remedy.

    >>> found = train("cifar_resnet20+sr", data="fake", changes={"epochs": 1}, seeds=1)
    >>> [record.spec for record in found], found.gain("cifar_resnet20+sr").difference.n
    (['cifar_resnet20', 'cifar_resnet20+sr'], 1)
    """
    require_specs([spec, *specs])
    plan = TrainingPlan(
        data,
        recipe,
        {key: recipes.toml(value) for key, value in (changes or {}).items()},
        range(seeds) if isinstance(seeds, int) else list(seeds),
        [shares] if isinstance(shares, (int, float)) else list(shares),
        resolve_one(device),
        None if folder is None else Path(folder),
        threads,
        workers,
        download,
    )
    file = None if records is None else RecordFile(Path(records))
    with own_draws():
        wanted = rows([spec, *specs], as_variants(variants), ())
        return TrainedResults(list(run(wanted, plan, file)))


def evaluate(
    weights: str | Path,
    *,
    spec: str = "",
    data: str = "",
    recipe: str = "",
    changes: Mapping[str, Any] | None = None,
    seed: int | None = None,
    device: str | None = None,
    threads: int | None = None,
    workers: int = 0,
    download: bool = False,
) -> Evaluated:
    """Test the weights of a file: of ``srbench train``, or a state dict.

    Args:
        weights: a file ``*.safetensors``, ``*.pt`` or ``*.pth``. Reading it never runs code.
        spec: the network of weights that do not say it; a variant also takes weights of its plain
            backbone.
        data, recipe, changes: as for `train`; by default what the weights say.
        seed: tests the images that the run with this seed held out; by default that of the weights.
        device, threads, workers, download: as for `train`.

    Returns:
        The scores as shares, and the counts that they are made of.

    Raises:
        SrbenchError: if the weights cannot be tested, with the reason.
    """
    plan = EvaluationPlan(
        spec,
        data,
        recipe,
        {key: recipes.toml(value) for key, value in (changes or {}).items()},
        seed,
        resolve_one(device),
        threads,
        workers,
        download,
    )
    with own_draws():
        (found,) = evaluations([str(weights)], plan)
    if found.counted is None:
        raise SrbenchError(f"{found.source}: {found.status.removeprefix('failed: ')}")
    return found
