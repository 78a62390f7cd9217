"""Whether torch can use the GPUs of this machine; if not, why not, and what to do."""

import os
import warnings

import torch

from srbench.errors import SrbenchError
from srbench.measure import nvml


def is_usable() -> bool:
    """Whether torch can use a GPU. Hides the warning that torch gives once per process."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.cuda.is_available()


def obstacle() -> SrbenchError | None:
    """Why torch cannot use a visible GPU, with the remedy, as an error to raise or to print.

    None if there is no such GPU.
    """
    if is_usable():
        return None
    built_for = torch.version.cuda or torch.version.hip
    if built_for is None:
        why, remedy = "it is built without CUDA", "install a torch that is built for the GPU"
        is_here = os.environ.get("CUDA_VISIBLE_DEVICES") not in ("", "-1") and bool(_drivers())
    else:
        why = f"{' '.join(['driver', *_drivers()])} is too old for its CUDA {built_for}, or fails"
        remedy = "update the driver, or install a torch that is built for this driver"
        is_here = torch.cuda.device_count() > 0  # asks NVML, which works with an old driver
    if not is_here:
        return None
    return SrbenchError(f"torch cannot use the GPU here: {why}", f"{remedy}; or use --device cpu")


def _drivers() -> list[str]:
    """The driver's version; empty if NVML finds no GPU."""
    with nvml.library() as library:
        versions = [gpu.facts()["driver"] for gpu in nvml.gpus(library).values()]
        return [version or "" for version in versions[:1]]
