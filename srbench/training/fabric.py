"""Where a run computes: a device, or, under torchrun, several processes with one each."""

import logging
import os

import torch
from lightning_fabric import Fabric
from lightning_fabric.strategies.ddp import DDPStrategy

from srbench.errors import SrbenchError

PRECISIONS = {"": "32-true", "float16": "16-mixed", "bfloat16": "bf16-mixed"}


def is_distributed() -> bool:
    """Whether torchrun has started this process as one of several."""
    return "TORCHELASTIC_RUN_ID" in os.environ or int(os.environ.get("WORLD_SIZE", 1)) > 1


def own_device(device: str) -> str:
    """The device of this process: under torchrun each has a GPU of its own."""
    if is_distributed() and device.startswith("cuda"):
        return f"cuda:{os.environ['LOCAL_RANK']}"
    return device


def fabric_for(device: str, amp: str = "") -> Fabric:
    """Ready to compute on ``cpu``, ``cuda:0`` or ``mps``, under autocast in the dtype ``amp``.

    Under torchrun each process computes on its own GPU, or on the CPU, and they average their
    gradients. Raises SrbenchError for a dtype that the device cannot compute in.
    """
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    kind, _, index = device.partition(":")
    if amp == "float16" and kind == "cpu":
        raise SrbenchError("float16 needs a GPU", "set amp to bfloat16, or to nothing")
    precision = PRECISIONS[amp]
    if is_distributed():
        here = int(os.environ["LOCAL_WORLD_SIZE"])
        nodes = int(os.environ["WORLD_SIZE"]) // here
        fabric = Fabric(
            accelerator=kind,
            strategy=DDPStrategy(),
            devices=here,
            num_nodes=nodes,
            precision=precision,  # type: ignore[arg-type]
        )
    else:
        devices = [int(index or 0)] if kind == "cuda" else 1
        fabric = Fabric(
            accelerator=kind,
            devices=devices,
            precision=precision,  # type: ignore[arg-type]
        )
    fabric.launch()
    if kind == "cuda":
        torch.cuda.set_device(fabric.device)
    return fabric
