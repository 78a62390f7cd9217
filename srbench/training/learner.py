"""A network with its optimiser: what one batch changes, and what has to be kept to go on."""

import random
from contextlib import nullcontext
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from srbench.errors import BuildError
from srbench.training.collective import total
from srbench.training.draws import seed_of
from srbench.training.losses import counted, summed_loss
from srbench.training.optimizing import learning_rate, optimizer_of, set_learning_rate
from srbench.training.recipe import Recipe


class Learner:
    """Trains ``model`` by a recipe, batch by batch. The model is moved to the device."""

    def __init__(self, model: nn.Module, recipe: Recipe, seed: int, fabric: Fabric) -> None:
        """Raises BuildError for a network that keeps anything but tensors in its state dict."""
        self.recipe, self.seed, self.fabric = recipe, seed, fabric
        for key, value in model.state_dict().items():
            if not isinstance(value, Tensor):
                raise BuildError(
                    f"{key} in its state_dict is no tensor", "keep it in a buffer, or outside"
                )
        if recipe.channels_last:
            model = model.to(memory_format=torch.channels_last)
        self.model = model.to(fabric.device)
        self.average = _average(self.model, recipe.ema)
        self._optimizer = optimizer_of(recipe, self.model)
        compiled: Any = torch.compile(self.model) if recipe.compile else self.model
        self._network, self._stepping = fabric.setup(compiled, self._optimizer)

    @property
    def result(self) -> nn.Module:
        """The network to test and to keep: the average of the weights if the recipe has one."""
        found: nn.Module = self.average.module if self.average else self.model
        return found

    def learn(self, images: Tensor, targets: Tensor, epoch: float) -> tuple[Tensor, int]:
        """One step of the optimiser on the images of this process, after so many epochs, whole and
        in part. Returns their summed loss, in nats, on the device, and how many targets count.

        Random draws, such as those of dropout, depend on the seed, the process and ``epoch`` alone.
        """
        self._network.train()
        self._draw_from(epoch)
        set_learning_rate(self._optimizer, learning_rate(self.recipe, epoch))
        own = counted(targets)
        # Processes average their gradients, so each counts as often as there are processes.
        weight = self.fabric.world_size / max(total(self.fabric, own), 1)
        loss = self._backward(images, targets, weight)
        if self.recipe.clip:
            self.fabric.clip_gradients(self._network, self._stepping, max_norm=self.recipe.clip)
        self._stepping.step()
        self._stepping.zero_grad()
        if self.average:
            self.average.update_parameters(self.model)
        return loss, own

    def _backward(self, images: Tensor, targets: Tensor, weight: float) -> Tensor:
        """Add up the gradients of all parts of the batch; returns the summed loss."""
        parts = self.recipe.accumulate
        loss = torch.zeros((), device=self.fabric.device)
        for number in range(parts):
            waits = number < parts - 1 and self.fabric.world_size > 1
            with self.fabric.no_backward_sync(self._network) if waits else nullcontext():
                summed = summed_loss(
                    self._network(self._placed(part_of(images, number, parts))),
                    self.fabric.to_device(part_of(targets, number, parts)),
                    self.recipe.label_smoothing,
                    self.recipe.auxiliary,
                )
                self.fabric.backward(summed * weight)
            loss += summed.detach()
        return loss

    def _placed(self, images: Tensor) -> Tensor:
        images = self.fabric.to_device(images)
        if self.recipe.channels_last:
            return images.contiguous(memory_format=torch.channels_last)
        return images

    def _draw_from(self, epoch: float) -> None:
        seed = seed_of(self.seed, self.fabric.global_rank, epoch)
        torch.manual_seed(seed)
        random.seed(seed)
        np.random.seed(seed % 2**32)

    def state(self) -> dict[str, Any]:
        """What has to be kept to go on: tensors and plain data."""
        return {
            "model": self.model.state_dict(),
            "buffers": self._unsaved(),
            "optimizer": self._optimizer.state_dict(),
            "average": self.average.state_dict() if self.average else None,
            "scaler": self.fabric.strategy.precision.state_dict(),
        }

    def _unsaved(self) -> dict[str, Tensor]:
        """The buffers that a state dict leaves out."""
        saved = self.model.state_dict().keys()
        return {name: one for name, one in self.model.named_buffers() if name not in saved}

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from a state that was kept."""
        self.model.load_state_dict(state["model"])
        for name, buffer in self._unsaved().items():
            buffer.copy_(state["buffers"][name])
        self._optimizer.load_state_dict(state["optimizer"])
        if self.average:
            self.average.load_state_dict(state["average"])
        self.fabric.strategy.precision.load_state_dict(state["scaler"])


def part_of(items: Any, number: int, parts: int) -> Any:
    """One of so many parts of a list or tensor that are equal but for one item.

    >>> [part_of([1, 2, 3, 4, 5], number, 2) for number in range(2)]
    [[1, 2], [3, 4, 5]]
    """
    return items[len(items) * number // parts : len(items) * (number + 1) // parts]


def _average(model: nn.Module, decay: float) -> AveragedModel | None:
    if not decay:
        return None
    return AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(decay))
