"""The optimiser of a recipe, and its learning rate at each step."""

from math import cos, pi

import torch
from torch import nn

from srbench.training.recipe import Recipe

LOWEST = 0.01  # of the learning rate, with which a rise begins


def optimizer_of(recipe: Recipe, model: nn.Module) -> torch.optim.Optimizer:
    """The optimiser. Without ``decay_norms`` parameters with one side, which are biases and norms,
    have no weight decay."""
    every = [one for one in model.parameters() if one.requires_grad]
    groups = [{"params": every, "weight_decay": recipe.weight_decay}]
    if not recipe.decay_norms:
        large, small = (
            [p for p in every if (p.dim() > 1) is is_large] for is_large in (True, False)
        )
        groups = [
            {"params": large, "weight_decay": recipe.weight_decay},
            {"params": small, "weight_decay": 0.0},
        ]
    if recipe.optimizer == "adamw":
        return torch.optim.AdamW(groups, lr=recipe.lr)
    return torch.optim.SGD(groups, lr=recipe.lr, momentum=recipe.momentum, nesterov=recipe.nesterov)


def set_learning_rate(optimizer: torch.optim.Optimizer, lr: float) -> None:
    """Set it for all parameters."""
    for group in optimizer.param_groups:
        group["lr"] = lr


def learning_rate(recipe: Recipe, epoch: float) -> float:
    """The learning rate after so many epochs, whole and in part. It depends on nothing else, so
    that nothing of it has to be kept to resume.

    Sources: the poly schedule, L.-C. Chen et al., DeepLab, TPAMI 2017; cosine, I. Loshchilov,
    F. Hutter, SGDR, 2017, without restarts; with a long rise before, this is the one cycle of
    L. N. Smith, N. Topin, Super-Convergence, 2018.
    """
    progress = epoch / recipe.epochs
    if progress < recipe.warmup:
        return recipe.lr * max(progress / recipe.warmup, LOWEST)
    if recipe.schedule == "steps":
        return recipe.lr * recipe.factor ** sum(epoch >= at for at in recipe.milestones)
    if recipe.schedule == "poly":
        return recipe.lr * float((1 - progress) ** recipe.power)
    if recipe.schedule == "cosine":
        falling = (progress - recipe.warmup) / (1 - recipe.warmup)
        return recipe.lr * (1 + cos(pi * falling)) / 2
    return recipe.lr
