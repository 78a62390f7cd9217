"""The devices to measure on: their names, clocks, watches and peak memory."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import nn

from srbench.conditions import Setup
from srbench.errors import SrbenchError
from srbench.measure import cuda, fresh_process, memory, nvml
from srbench.measure.clocks import Clock, CudaClock, WallClock
from srbench.measure.interference import CpuWatch, GpuWatch, MemoryWatch, Watch, Watches
from srbench.measure.nvml import Gpu
from srbench.measure.passes import Loaded
from srbench.records.timing import Memory


@dataclass(frozen=True)
class Device:
    """A device that is ready for measurements.

    ``peak`` measures a pass's peak memory in this process; if it is None, a fresh process does.
    ``gpu`` asks the driver about the device, if there is a driver.
    """

    name: str
    torch_device: torch.device
    clock: Clock
    watch: Callable[[], Watch] = CpuWatch
    peak: Callable[[Loaded, str], Memory] | None = None
    gpu: Gpu | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def default_batch(self) -> int:
        """A GPU needs a batch to be busy; on a CPU one image is enough work."""
        return 1 if self.name == "cpu" else 32

    @property
    def default_autocast(self) -> str:
        """The dtype that torch's autocast uses by default on this device."""
        return str(torch.get_autocast_dtype(self.torch_device.type)).removeprefix("torch.")


def resolve(wanted: str | None) -> list[str]:
    """Names of the devices that ``cpu``, ``cuda``, ``cuda:1``, ``mps`` or ``all`` stands for, or
    several of these separated by commas.

    None stands for every GPU that torch can use, or for the CPU if there is no such GPU. Raises
    SrbenchError for a device that does not exist or that torch cannot use.
    """
    gpus = [*_cuda_devices(), *_mps_devices()]
    there = ["cpu", *gpus]
    if wanted is None:
        return gpus or ["cpu"]
    short = {"all": there, "cuda": _cuda_devices()[:1]}
    found: list[str] = []
    for name in (one.strip() for one in wanted.split(",")):
        meant = short.get(name, [name])
        if not meant or not set(meant) <= set(there):
            raise _missing(name, there)
        found += meant
    return list(dict.fromkeys(found))


def resolve_one(wanted: str | None) -> str:
    """The name of a single device; by default the first GPU, or the CPU if there is none.

    Raises SrbenchError for a device that does not exist, and for several devices.
    """
    first, *others = resolve(wanted)
    if wanted is not None and others:
        raise SrbenchError("this command measures on one device", f"use --device {first}")
    return first


def _missing(name: str, there: Sequence[str]) -> SrbenchError:
    """The error for a device that does not exist or that torch cannot use."""
    unusable = cuda.obstacle() if name.startswith("cuda") else None
    return unusable or SrbenchError(
        f"there is no device {name} on this machine", f"use --device {' or '.join(there)}"
    )


def _cuda_devices() -> list[str]:
    count = torch.cuda.device_count() if cuda.is_usable() else 0
    return [f"cuda:{index}" for index in range(count)]


def _mps_devices() -> list[str]:
    return ["mps"] if torch.backends.mps.is_available() else []


@contextmanager
def opened(name: str) -> Iterator[Device]:
    """The device of that name, ready for measurements until the ``with`` ends."""
    with ExitStack() as stack:
        yield _OPEN[name.partition(":")[0]](name, stack)


def _cpu(name: str, stack: ExitStack) -> Device:
    return Device(name, torch.device("cpu"), WallClock())


def _mps(name: str, stack: ExitStack) -> Device:
    return Device(name, torch.device("mps"), WallClock(torch.mps.synchronize), peak=_unknown)


def _cuda(name: str, stack: ExitStack) -> Device:
    device = torch.device(name)
    stack.enter_context(torch.cuda.device(device))
    properties = torch.cuda.get_device_properties(device)
    gpu = _driven(properties, stack)
    # The process that started this one uses the card as well.
    own = 2 if fresh_process.inside() else 1
    facts = {"gpu": properties.name, "gpu_processors": properties.multi_processor_count}
    facts |= {"gpu_capability": f"{properties.major}.{properties.minor}"}
    return Device(
        name,
        device,
        CudaClock(device),
        partial(_watches, device, gpu, own),
        memory.on_cuda,
        gpu,
        facts | (gpu.facts() if gpu else {}),
    )


def _watches(device: torch.device, gpu: Gpu | None, own: int) -> Watch:
    def retries() -> int:
        return int(torch.cuda.memory_stats(device).get("num_alloc_retries", 0))

    watches: list[Watch] = [CpuWatch(runs_models=False), MemoryWatch(retries)]
    return Watches(watches + ([GpuWatch(gpu, own)] if gpu else []))


_OPEN: dict[str, Callable[[str, ExitStack], Device]] = {"cpu": _cpu, "cuda": _cuda, "mps": _mps}


def _unknown(subject: Loaded, what: str) -> Memory:
    """torch has no peak counter for this kind of device."""
    return Memory(None, None)


def require_several(name: str, gpu: Gpu | None, hint: str) -> None:
    """Raises SrbenchError, with the hint, if the device allows only one process at a time."""
    if gpu and gpu.is_exclusive():
        raise SrbenchError(
            f"{name} allows only one process at a time (compute mode EXCLUSIVE_PROCESS)",
            f"{hint}, or set the mode with: nvidia-smi -c 0",
        )


def require_processes(device: Device, processes: int) -> None:
    """Raises SrbenchError if fresh processes cannot use the device while this one does."""
    if processes > 1:
        require_several(device.name, device.gpu, "leave --processes out")


@contextmanager
def asked(name: str) -> Iterator[Gpu | None]:
    """The driver's view of a CUDA GPU, without the memory that measuring takes; or None."""
    with ExitStack() as stack:
        is_cuda = name.startswith("cuda")
        yield _driven(torch.cuda.get_device_properties(name), stack) if is_cuda else None


def _driven(properties: Any, stack: ExitStack) -> Gpu | None:
    return nvml.gpu(stack.enter_context(nvml.library()), str(properties.uuid))


def require_dtype(device: Device, setup: Setup, passes: Sequence[str]) -> None:
    """Try a small convolution and product. Raises SrbenchError if the device cannot do them."""
    dtype = getattr(torch, setup.dtype)
    emulated = (
        device.torch_device.type == "cuda"
        and dtype == torch.bfloat16
        and not torch.cuda.is_bf16_supported(including_emulation=False)
    )
    reason = "it is only emulated" if emulated else _failure(device.torch_device, dtype, passes)
    if reason:
        raise SrbenchError(
            f"{device.name} cannot compute in {setup.dtype}: {reason}",
            "use another --dtype, float32 works everywhere",
        )


def _failure(device: torch.device, dtype: torch.dtype, passes: Sequence[str]) -> str | None:
    layers = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(16, 2)
    )
    try:
        layers = layers.to(device=device, dtype=dtype)
        output = layers(torch.ones(2, 3, 4, 4, device=device, dtype=dtype))
        if output.requires_grad and set(passes) - {"forward"}:
            output.sum().backward()
    except (RuntimeError, TypeError, NotImplementedError) as error:
        return str(error).splitlines()[0]
    return None
