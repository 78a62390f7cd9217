"""The networks that tests cover: all in the catalog, or one of each family."""

from typing import Any

import pytest
import torch
from torch import nn

from srbench.catalog import BACKBONES
from srbench.conditions import Conditions, Setup
from srbench.measure.passes import Loaded, to_device
from srbench.models import example_inputs


def one_of_each_family() -> list[str]:
    """The first network of each family in the catalog."""
    return list({row.family: name for name, row in reversed(BACKBONES.items())}.values())[::-1]


def families(always: str = "") -> list[Any]:
    """The same; all but one of them run with ``-m catalog``, the first one if none is named."""
    first, *others = one_of_each_family()
    kept = always or first
    return [
        name if name == kept else pytest.param(name, marks=pytest.mark.catalog)
        for name in (first, *others)
    ]


def every_backbone() -> list[Any]:
    """Every network; those that are not the first of their family run with ``-m catalog``."""
    first = one_of_each_family()
    return [
        name if name in first else pytest.param(name, marks=pytest.mark.catalog)
        for name in BACKBONES
    ]


def on_device(
    name: str, model: nn.Module, conditions: Conditions, setup: Setup, device: torch.device
) -> Loaded:
    """A model on its device with a random batch of images."""
    dtype = torch.float32 if setup.amp else getattr(torch, setup.dtype)
    inputs = example_inputs.random(conditions, setup.batch, setup.seed)
    return to_device(name, model, inputs, setup, device, dtype)
