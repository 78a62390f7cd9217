"""The random draws of the program that calls srbench."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

State = tuple[Any, Any, torch.Tensor]


def draws() -> State:
    """Where the generators of Python, numpy and torch are."""
    return random.getstate(), np.random.get_state(), torch.get_rng_state()


def restore(state: State) -> None:
    """Put the generators where they were."""
    random.setstate(state[0])
    np.random.set_state(state[1])
    torch.set_rng_state(state[2])


@contextmanager
def own_draws() -> Iterator[State]:
    """Leave the caller's random draws as they would have been."""
    state = draws()
    try:
        yield state
    finally:
        restore(state)
