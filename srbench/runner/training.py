"""Trains rows and their baselines, seed by seed, and records each run."""

import hashlib
import json
import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from filelock import FileLock, Timeout

from srbench.errors import SpecError, SrbenchError, one_line, require_failure
from srbench.files import unwritable
from srbench.measure.devices import opened
from srbench.measure.torch_settings import current, kept, recorded
from srbench.models.assembly import Assembly
from srbench.models.initial import initial
from srbench.records import environment
from srbench.records.record import UNKNOWN, Key, Record
from srbench.records.record_file import RecordFile
from srbench.records.training import Regime, RunKey, Training
from srbench.runner.counting import fingerprint_of
from srbench.spec.cases import Case, case_of, usual
from srbench.spec.parse import Spec, settings
from srbench.training import recipe as recipes
from srbench.training.checkpoints import SAFETENSORS, keep
from srbench.training.data.by_name import open_data, recipe_for
from srbench.training.data.data_sets import DataSet, Split, require_share
from srbench.training.fabric import fabric_for, own_device
from srbench.training.journal import Journal, TensorBoard
from srbench.training.loop import Run
from srbench.training.recipe import Recipe
from srbench.training.watch import Watch, Watches

if TYPE_CHECKING:  # srbench.training says what is not installed, before it is imported
    from lightning_fabric import Fabric

LOG = logging.getLogger(__name__)
CHECKPOINT = "checkpoint.pt"  # to go on from; removed once the run is recorded
LOCK = ".lock"
LONGEST = 150  # bytes of a run's name in that of its folder, which a digest makes unique
OWN = "own"  # the name of a recipe that is given as an object
WEIGHTS = f"model{SAFETENSORS}"


@dataclass(frozen=True)
class TrainingPlan:
    """What is trained on, and how: a data set, a recipe with changes (by default that of the data
    set), seeds, and shares of the training images. The data set and the recipe are given by their
    names, or as objects.

    ``folder`` keeps checkpoints and curves, a folder for each run; with None nothing is kept, and
    an interrupted run is lost. ``device`` is ``cpu``, ``cuda:0`` or ``mps``; ``threads`` are of one
    operator on the CPU, None for torch's choice. ``epochs`` ends each run early, without changing
    its recipe. ``tensorboard`` writes curves for it beside the checkpoints.
    """

    data: str | DataSet = "digits"
    recipe: str | Recipe = ""
    changes: Mapping[str, str] = field(default_factory=dict)
    seeds: Sequence[int] = tuple(range(6))
    shares: Sequence[float] = (1.0,)
    device: str = "cpu"
    folder: Path | None = None
    threads: int | None = None
    workers: int = 0
    download: bool = False
    epochs: int | None = None
    tensorboard: bool = False

    def __post_init__(self) -> None:
        """Raises SrbenchError if there is no seed, or a share that is out of range."""
        if not self.seeds or not self.shares:
            raise SrbenchError("there is no seed or no share", "give one at least")
        for share in self.shares:
            require_share(share)

    @cached_property
    def values(self) -> Recipe:
        """The recipe. Raises SrbenchError for an unknown data set or recipe, or a bad change."""
        if isinstance(self.recipe, Recipe):
            return recipes.changed(self.recipe, self.changes)
        return recipes.load(self._recipe_name, self.changes)

    @property
    def _recipe_name(self) -> str:
        if isinstance(self.recipe, Recipe):
            return OWN
        if self.recipe or isinstance(self.data, DataSet):
            return self.recipe or "digits"
        return recipe_for(self.data)

    def open(self) -> DataSet:
        """The data. Raises SrbenchError if they cannot be read."""
        if isinstance(self.data, DataSet):
            return self.data
        return open_data(self.data, self.values, self.workers, self.download)

    def regime(self, data: DataSet, share: float) -> Regime:
        """What records say of it."""
        values = self.values.values()
        base = self.recipe if isinstance(self.recipe, Recipe) else recipes.load(self._recipe_name)
        before = base.values()
        changes = (f"{key}={recipes.toml(v)}" for key, v in values.items() if v != before[key])
        stem = Path(self._recipe_name).name.removesuffix(recipes.SUFFIX)
        return Regime(data.name, stem, tuple(changes), share, _digest(values))


def cases(specs: Sequence[Spec], data: DataSet) -> list[Case]:
    """The rows, with the images and the classes of the data.

    Raises SrbenchError for a spec that sets another number of classes.
    """
    _, height, width = data.size
    try:
        return [case_of(spec, (height, width), data.num_classes) for spec in specs]
    except SpecError as error:
        told = error.message.replace("--num-classes is", f"{data.name} has")
        raise SpecError(told, error.hint) from error


Begin = Callable[[Case, RunKey], Watch]


def run(
    specs: Sequence[Spec],
    plan: TrainingPlan,
    file: RecordFile | None = None,
    begin: Begin = lambda case, key: Watches(),
    data: DataSet | None = None,
) -> Iterator[Record]:
    """Train every row with every seed and share; those of one seed after each other, so that they
    can be compared early. ``data`` are those of the plan, if they are open already.

    A run that ``file`` has, of the same code, is yielded as it is there; others are added to it
    once they have ended. One that fails has a status that says why, and does not affect the others;
    it is not added. With several processes a failure ends them all.

    Raises SrbenchError for data that cannot be read, and KeyboardInterrupt after the batch in which
    it was asked for.
    """
    data = data or plan.open()
    wanted = cases(specs, data)
    data_digest = data.digest()
    with kept(), opened(own_device(plan.device)) as device:
        if plan.threads:
            torch.set_num_threads(plan.threads)
        torch.set_flush_denormal(True)  # torch cannot report whether it is set
        fabric = fabric_for(plan.device, plan.values.amp)
        facts = environment.facts() | device.facts | recorded(current()) | _beside()
        fingerprints = {case: fingerprint_of(case) for case in wanted if file}
        for share in plan.shares:
            regime = plan.regime(data, share)
            for seed in plan.seeds:
                for case in wanted:
                    key = RunKey(regime, seed)
                    one = _One(case, key, plan, data, data_digest, fabric, facts)
                    watch = begin(case, key)
                    if known := one.known(file, fingerprints.get(case)):
                        yield known
                        continue
                    with kept():  # what a row changes must not reach the next one
                        record, interruption = one.record(file, watch)
                    yield record
                    if interruption:
                        raise interruption


@dataclass(frozen=True)
class _One:
    """One run of one row."""

    case: Case
    key: RunKey
    plan: TrainingPlan
    data: DataSet
    data_digest: str
    fabric: "Fabric"
    facts: Mapping[str, Any]

    def known(self, file: RecordFile | None, fingerprint: str | None) -> Record | None:
        """The record of the same code that the file has. Raises SrbenchError if it is of other
        images of the same name: it would be lost."""
        if file is None or fingerprint in (None, UNKNOWN):
            return None
        file.refresh()
        found = file.find(Key(self.case.key, None, None, None, self.key))
        if found is None or found.training is None:
            return None
        if found.training.data_digest != self.data_digest:
            raise SrbenchError(
                f"{file.path} has runs on other images that are called {self.data.name}, too",
                "name another file of records, or delete those lines",
            )
        return found if found.fingerprint == fingerprint else None

    def record(
        self, file: RecordFile | None, watch: Watch
    ) -> tuple[Record, KeyboardInterrupt | None]:
        """The record of a run now, which is added to the file if the run ends well, and what asked
        to end at its end."""
        interruption = None
        blank = Training(self.key, self.plan.values.values(), (), 0, 0, None, self.data_digest, 0.0)
        record = Record(
            **self.case.key._asdict(),
            baseline=str(self.case.spec.baseline),
            counts=None,
            settings=settings(self.case.spec),
            usual=usual(self.case.spec),
            environment=self.facts,
            made=environment.now(),
            training=blank,
        )
        try:
            split = self.data.split(self.key.seed, self.key.regime.share)
            assembly = initial(self.case, self.key.seed)
            record = replace(record, fingerprint=assembly.fingerprint, parts=assembly.parts)
            with _own(self._folder(assembly)) as folder:
                run = self._run(assembly, split, folder, watch)
                record = replace(record, training=self._training(run, split))
                interruption = run.interruption
                if folder:
                    keep(folder / WEIGHTS, run.learner.result, self._about(assembly))
                if file and self.fabric.is_global_zero:
                    file.put(record)
                if folder:
                    (folder / CHECKPOINT).unlink(missing_ok=True)
        except BaseException as error:
            require_failure(error)
            if self.fabric.world_size > 1:  # the others wait for this one, and must end with it
                raise
            LOG.debug("%s failed", self.case.spec, exc_info=True)
            reason = one_line(error).removeprefix(f"{self.case.spec}: ")
            reason = reason.replace("--input-size ", "--set size=")
            return replace(record, status=f"failed: {reason}"), None
        return record, interruption

    def _run(self, assembly: Assembly, split: Split, folder: Path | None, watch: Watch) -> Run:
        return Run(
            assembly.model,
            split,
            self.plan.values,
            self.key.seed,
            self.fabric,
            folder and folder / CHECKPOINT,
            json.dumps(self._about(assembly), sort_keys=True),
            Watches((watch, *self._journals(folder))),
        )

    def _training(self, run: Run, split: Split) -> Training:
        began = time.monotonic()
        epochs = tuple(run.train(self.plan.epochs))
        return Training(
            self.key,
            self.plan.values.values(),
            epochs,
            len(split.train),
            len(split.test),
            split.held_out,
            self.data_digest,
            time.monotonic() - began,
            self.fabric.world_size,
        )

    def _journals(self, folder: Path | None) -> Iterator[Watch]:
        if folder:
            yield Journal(folder)
        if folder and self.plan.tensorboard:
            yield TensorBoard(folder)

    def _about(self, assembly: Assembly) -> dict[str, Any]:
        """What a checkpoint says of itself: all that is needed to build and to test it."""
        regime = self.key.regime
        return {
            "spec": str(self.case.spec),
            "input": list(self.case.key.input or ()),
            "num_classes": self.case.key.num_classes,
            "data": regime.data.partition(":")[0],
            "data_name": regime.data,
            "data_digest": self.data_digest,
            "recipe_name": regime.recipe,
            "recipe": self.plan.values.values(),
            "share": regime.share,
            "seed": self.key.seed,
            "fingerprint": assembly.fingerprint,
        }

    def _folder(self, assembly: Assembly) -> Path | None:
        """The run's own folder: readable, and unique. Only the first process has one."""
        if self.plan.folder is None or not self.fabric.is_global_zero:
            return None
        regime = self.key.regime
        images = "" if regime.share == 1 else f"-{100 * regime.share:g}%"
        name = f"{self.case.spec}-{regime.data}{images}-seed{self.key.seed}"
        return self.plan.folder / f"{_file_name(name)}-{_digest(self._about(assembly))[:8]}"


@contextmanager
def _own(folder: Path | None) -> Iterator[Path | None]:
    """Make a run's folder, and keep other processes from training there.

    Raises SrbenchError if it cannot be made, or if another process trains there.
    """
    if folder is None:
        yield None
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(folder, error) from error
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(blocking=False)
    except Timeout as error:
        raise SrbenchError(
            f"another process trains in {folder}", "wait for it, or name another folder with --runs"
        ) from error
    except OSError as error:
        raise unwritable(folder, error) from error
    try:
        yield folder
    finally:
        with suppress(OSError):  # Windows keeps an open file
            (folder / LOCK).unlink()
        lock.release()


def _file_name(text: str) -> str:
    return re.sub(r"[^\w.+=%-]+", "-", text, flags=re.ASCII)[:LONGEST]


def _beside() -> dict[str, Any]:
    """Facts that decide whether training again gives the same bits."""
    from importlib.metadata import version

    versions = {name: version(name) for name in ("lightning-fabric", "torchmetrics")}
    return {
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        **versions,
    }


def _digest(values: object) -> str:
    text = json.dumps(values, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
