"""What all probes need: the device, a model on it, and times of calls on it."""

import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

import torch
from torch import nn

from srbench.conditions import Conditions, Setup
from srbench.measure.clocks import nothing
from srbench.measure.devices import Device
from srbench.measure.passes import Loaded, to_device
from srbench.models import example_inputs
from srbench.models.build import build


class Event:
    """Replaces CUDA events on the CPU."""

    def __init__(self, enable_timing: bool = True) -> None:
        self._at = 0.0

    def record(self) -> None:
        self._at = time.perf_counter()

    def elapsed_time(self, other: "Event") -> float:
        return 1000 * (other._at - self._at)


def is_gpu(device: Device) -> bool:
    """Whether a card is probed; otherwise it is a dry run."""
    return device.name.startswith("cuda")


def wait(device: Device) -> None:
    """Wait until the device has nothing left to do."""
    if is_gpu(device):
        torch.cuda.synchronize(device.torch_device)


def seconds_of(
    device: Device,
    call: Callable[[], object],
    before: Callable[[], object] = nothing,
    times: int = 50,
) -> list[float]:
    """Seconds on the device of each call, with ``before`` directly in front of the first event."""
    kind: Any = torch.cuda.Event if is_gpu(device) else Event
    pairs = []
    for _ in range(times if is_gpu(device) else min(times, 5)):
        start, end = kind(enable_timing=True), kind(enable_timing=True)
        before()
        start.record()
        call()
        end.record()
        pairs.append((start, end))
    wait(device)
    return [start.elapsed_time(end) / 1000 for start, end in pairs]


def shown(seconds: Sequence[float]) -> str:
    """The median and the range of the middle 80 %, in µs."""
    ordered = sorted(seconds)
    tenth = len(ordered) // 10
    ends = f"{1e6 * ordered[tenth]:.2f} to {1e6 * ordered[-1 - tenth]:.2f}"
    return f"{1e6 * median(ordered):.2f} µs ({ends})"


def workloads(device: Device) -> list[tuple[str, int, int]]:
    """A network, its input's side and the batch: one that keeps a GPU busy, one that does not."""
    if is_gpu(device):
        return [("resnet50", 224, 32), ("resnet18", 64, 8)]
    return [("cifar_resnet8", 32, 2)]


def subject(device: Device, spec: str, side: int, batch: int, **how: Any) -> Loaded:
    """A model on the device, as srbench puts it there."""
    torch.manual_seed(0)
    model = build(spec, input_size=side, num_classes=1000)
    return loaded(device, spec, model, side, Setup(device.name, batch, **how))


def loaded(device: Device, name: str, model: nn.Module, side: int, setup: Setup) -> Loaded:
    """A model on the device with a batch of random images."""
    inputs = example_inputs.random(Conditions(side, side), setup.batch, setup.seed)
    dtype = torch.float32 if setup.amp else getattr(torch, setup.dtype)
    return to_device(name, model, inputs, setup, device.torch_device, dtype)
