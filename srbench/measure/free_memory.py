"""Frees the memory that a failed model still holds, before the next one needs it."""

import gc
import traceback
from contextlib import suppress

import torch


def release(error: BaseException) -> None:
    """Free what the frames of the error's traceback hold, feature maps above all."""
    seen: set[int] = set()
    chain = [error]
    while chain:
        one = chain.pop()
        if id(one) not in seen:
            seen.add(id(one))
            traceback.clear_frames(one.__traceback__)
            chain += [e for e in (one.__context__, one.__cause__) if e is not None]
    empty()


def empty() -> None:
    """Collect garbage, and return the GPU memory that is not in use to the driver."""
    gc.collect()
    if torch.cuda.is_initialized():
        with suppress(RuntimeError):  # after an error on the device, every call raises it
            torch.cuda.empty_cache()
