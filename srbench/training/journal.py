"""Curves of a run, kept in files beside its checkpoint: ``metrics.jsonl``, and for TensorBoard."""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from srbench.errors import SrbenchError, to_install
from srbench.files import write_whole
from srbench.records.training import EpochResult
from srbench.training.watch import Moment


class Journal:
    """Writes one line for each epoch: its number, from 1, the mean training loss in nats, and the
    scores as shares. After an interruption the file again has each epoch once."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "metrics.jsonl"

    def moment(self, moment: Moment) -> None:
        """Nothing is written for a batch."""

    def epochs(self, epochs: Sequence[EpochResult]) -> None:
        """Write all epochs so far. Raises SrbenchError if the file cannot be written."""
        lines = (
            json.dumps({"epoch": number, "train_loss": one.loss, **one.scores})
            for number, one in enumerate(epochs, start=1)
        )
        write_whole(self.path, "".join(f"{line}\n" for line in lines))


class TensorBoard:
    """The same as events that TensorBoard shows. Raises SrbenchError if it is not installed."""

    def __init__(self, folder: Path) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise SrbenchError(
                "TensorBoard is not installed", f"{to_install('tensorboard')}, or leave it out"
            ) from error
        writer: Any = SummaryWriter
        self._open = partial(writer, str(folder))

    def moment(self, moment: Moment) -> None:
        """Nothing is written for a batch."""

    def epochs(self, epochs: Sequence[EpochResult]) -> None:
        """Write the last epoch; what was written of it before an interruption is dropped."""
        step, last = len(epochs), epochs[-1]
        writer = self._open(purge_step=step)
        for name, value in {"train_loss": last.loss, **last.scores}.items():
            writer.add_scalar(name, value, step)
        writer.close()
