"""The training loop: one network, one seed.

The result depends on the network, the data, the recipe and the seed alone: images are changed, and
units dropped, by draws that depend on the seed, the epoch and the step, not on what was drawn
before. The position and the learner's state are therefore all that has to be kept: a run that was
interrupted goes on to the same bits, on the same processor with the same threads and versions.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import ceil, isfinite
from pathlib import Path

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from srbench.errors import BuildError, SrbenchError
from srbench.records.training import EpochResult
from srbench.training.checkpoints import load_state, save_state
from srbench.training.collective import any_of, of_first, total, total_loss
from srbench.training.data.data_sets import Draw, Split
from srbench.training.draws import shuffled
from srbench.training.evaluation import evaluate
from srbench.training.interruptions import Interruptions
from srbench.training.learner import Learner, part_of
from srbench.training.recipe import Recipe
from srbench.training.watch import Moment, Watch, Watches

SAVED_EVERY = 60.0  # seconds, and after every epoch
# Batches after which several processes agree whether to save or to end, and a GPU is waited for.
TOGETHER = 20


@dataclass
class Position:
    """Where a run is: whole epochs, and batches of the next one with their summed loss, (), on
    the device, and the number of targets that count, both of this process."""

    loss: Tensor
    epoch: int = 0
    batch: int = 0
    counted: int = 0


@dataclass
class Run:
    """Trains ``model`` on ``split`` by a recipe.

    ``checkpoint`` is a file to go on from, if it is there and of the same ``identity``, and to
    save to; only the first of several processes has one.
    """

    model: nn.Module
    split: Split
    recipe: Recipe
    seed: int
    fabric: Fabric
    checkpoint: Path | None = None
    identity: str = ""
    watch: Watch = field(default_factory=Watches)

    def __post_init__(self) -> None:
        """Raises SrbenchError if the images are too few for the batch, or the batch for the
        processes, and for a checkpoint that is of another run or cannot be read."""
        self.batches = batches_of(len(self.split.train), self.recipe, self.fabric.world_size)
        self.learner = Learner(self.model, self.recipe, self.seed, self.fabric)
        self.position = Position(self._number(0.0))
        self.epochs: list[EpochResult] = []
        self._interruptions = Interruptions()
        self._saved = time.monotonic()
        self._resume()

    def train(self, epochs: int | None = None) -> list[EpochResult]:
        """Train up to the end, or for the first ``epochs`` of the recipe's; returns all epochs.

        Raises BuildError if the loss is not finite, SrbenchError if an image cannot be read or a
        checkpoint not written, and KeyboardInterrupt after the batch in which it was asked for; if
        that is the last, it returns, and `interruption` says so.
        """
        last = self.recipe.epochs if epochs is None else min(epochs, self.recipe.epochs)
        with self._interruptions.held_back():
            while self.position.epoch < last:
                self._epoch()
                if self.position.epoch < last:
                    self._end_if_asked()
        return self.epochs

    @property
    def interruption(self) -> KeyboardInterrupt | None:
        """What asked the run to end while its last batch or its last test was under way."""
        asked = any_of(self.fabric, self._interruptions.is_asked)
        return self._interruptions.error() if asked else None

    def _epoch(self) -> None:
        position, began, seen = self.position, time.monotonic(), 0
        for images, targets in self._images():
            epoch = position.epoch + position.batch / self.batches
            summed, own = self.learner.learn(images, targets, epoch)
            position.batch += 1
            position.loss += summed.to(position.loss.dtype)
            position.counted += own
            seen += len(images) * self.fabric.world_size
            self._tell(seen / max(time.monotonic() - began, 1e-9))
            if position.batch < self.batches:
                self._between_batches()
        loss, number = self._of_all()
        counts = evaluate(self.learner.result, self.split, self.recipe, self.fabric)
        self.epochs.append(EpochResult(loss / max(number, 1), counts))
        self.position = Position(self._number(0.0), position.epoch + 1)
        self.save()
        if self.fabric.is_global_zero:
            self.watch.epochs(self.epochs)

    def _images(self) -> Iterator[tuple[Tensor, Tensor]]:
        """The rest of the epoch's batches: of each the images of this process."""
        epoch, begin = self.position.epoch, self.position.batch
        order = [self.split.train[i] for i in shuffled(len(self.split.train), self.seed, epoch)]
        rank, world = self.fabric.global_rank, self.fabric.world_size
        rest = [part_of(order, n, self.batches)[rank::world] for n in range(begin, self.batches)]
        return self.split.data.train.batches(rest, Draw(self.seed, epoch))

    def _between_batches(self) -> None:
        """Save or end, if it is time; several processes agree on that."""
        if self.fabric.world_size > 1 and self.position.batch % TOGETHER:
            return
        if any_of(self.fabric, time.monotonic() - self._saved > SAVED_EVERY):
            self.save()
        self._end_if_asked()

    def _end_if_asked(self) -> None:
        if any_of(self.fabric, self._interruptions.is_asked):
            self.save()
            raise self._interruptions.error()

    def _tell(self, images_per_s: float) -> None:
        position = self.position
        is_free = self.fabric.device.type == "cpu"  # to ask for the loss: nothing is waited for
        if not is_free and position.batch % TOGETHER and position.batch < self.batches:
            return
        loss = float(position.loss)
        self._require_finite(loss)
        self.watch.moment(
            Moment(
                position.epoch + 1,
                self.recipe.epochs,
                position.batch,
                self.batches,
                loss / max(position.counted, 1),
                images_per_s,
                self.epochs[-1].scores if self.epochs else {},
            )
        )

    def _of_all(self) -> tuple[float, int]:
        """The summed loss of the epoch, and how many targets counted, of all processes."""
        loss = total_loss(self.fabric, self.position.loss)
        self._require_finite(loss)
        return loss, total(self.fabric, self.position.counted)

    def _number(self, value: float) -> Tensor:
        is_exact = self.fabric.device.type != "mps"  # which has no double precision
        dtype = torch.float64 if is_exact else torch.float32
        return torch.tensor(value, dtype=dtype, device=self.fabric.device)

    def _require_finite(self, loss: float) -> None:
        if not isfinite(loss):
            raise BuildError(
                f"the loss is {loss:g} in epoch {self.position.epoch + 1}, batch "
                f"{self.position.batch}",
                "lower the learning rate, --set lr=…, or clip gradients, --set clip=1",
            )

    def save(self) -> None:
        """Save the state to go on from, if there is a file for it.

        Raises SrbenchError if it cannot be written; what was saved before stays.
        """
        self._saved = time.monotonic()
        position = [self.position.epoch, self.position.batch, *self._of_all()]
        if self.checkpoint is not None:
            epochs = [[one.loss, dict(one.counted)] for one in self.epochs]
            about = {"identity": self.identity, "position": position, "epochs": epochs}
            save_state(self.checkpoint, about | self.learner.state())

    def _resume(self) -> None:
        first = self.fabric.is_global_zero
        state = load_state(self.checkpoint) if self.checkpoint and first else None
        state = of_first(self.fabric, state)  # others may have another disk
        if state is None:
            return
        if state.get("identity") != self.identity:
            raise SrbenchError(
                f"{self.checkpoint} is of another run", "delete it, or name another folder"
            )
        epoch, batch, loss, number = state["position"]
        # The sums of all processes go on in the first.
        begun = self._number(loss if first else 0.0)
        self.position = Position(begun, epoch, batch, number if first else 0)
        self.epochs = [EpochResult(loss, counts) for loss, counts in state["epochs"]]
        self.learner.load_state(state)
        if self.epochs and first:  # a kill may have come before they were told
            self.watch.epochs(self.epochs)


def batches_of(images: int, recipe: Recipe, processes: int) -> int:
    """How many batches an epoch has: as few as the recipe's size allows.

    Raises SrbenchError if a batch is more than the images, or cannot be divided among the processes
    and into the recipe's parts.
    """
    if recipe.batch_size > images:
        raise SrbenchError(
            f"a batch of {recipe.batch_size} is more than the {images} images to train on",
            f"give a smaller one: --set batch_size={images}",
        )
    batches = ceil(images / recipe.batch_size)
    smallest = images // batches
    if smallest < processes * recipe.accumulate:
        raise SrbenchError(
            f"a batch of {smallest} images cannot be divided among {processes} processes with "
            f"{recipe.accumulate} parts each",
            "give a larger batch_size, or fewer processes",
        )
    return batches
