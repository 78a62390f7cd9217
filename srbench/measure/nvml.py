"""What NVIDIA's driver reports about a GPU: facts, current state, processes and energy."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

# Reasons for lower clocks that mean a problem; others (idle, a setting by the user) do not.
_LOWERED = {
    "nvmlClocksEventReasonSwPowerCap": "power cap",
    "nvmlClocksThrottleReasonHwSlowdown": "hardware slowdown",
    "nvmlClocksEventReasonSwThermalSlowdown": "thermal slowdown",
    "nvmlClocksThrottleReasonHwThermalSlowdown": "hardware thermal slowdown",
    "nvmlClocksThrottleReasonHwPowerBrakeSlowdown": "power brake",
}


class Gpu:
    """One GPU. Every answer may be None: drivers and cards differ in what they report."""

    def __init__(self, library: Any, handle: Any) -> None:
        self._library = library
        self._handle = handle

    def facts(self) -> dict[str, Any]:
        """Facts that do not change from one minute to the next."""
        ask = self._ask
        power, memory = ask("nvmlDeviceGetEnforcedPowerLimit"), ask("nvmlDeviceGetMemoryInfo")
        return {
            "gpu": _text(ask("nvmlDeviceGetName")),
            "driver": _text(self._answer(lambda: self._library.nvmlSystemGetDriverVersion())),
            "gpu_memory_bytes": memory and memory.total,
            "gpu_power_limit_w": power and power / 1000,
            "gpu_max_clock_mhz": ask("nvmlDeviceGetMaxClockInfo", self._library.NVML_CLOCK_SM),
            "gpu_persistence": ask("nvmlDeviceGetPersistenceMode"),
        }

    def state(self) -> dict[str, Any]:
        """Its state at this moment."""
        ask = self._ask
        power, used = ask("nvmlDeviceGetPowerUsage"), ask("nvmlDeviceGetUtilizationRates")
        return {
            "gpu_clock_mhz": ask("nvmlDeviceGetClockInfo", self._library.NVML_CLOCK_SM),
            "gpu_temperature_c": ask(
                "nvmlDeviceGetTemperature", self._library.NVML_TEMPERATURE_GPU
            ),
            "gpu_power_w": power and power / 1000,
            "gpu_utilization_percent": used and used.gpu,
            "gpu_processes": self.processes(),
            "gpu_clocks_lowered_by": ", ".join(self.lowered_by()) or None,
        }

    def joules(self) -> float | None:
        """Energy consumed since the driver was loaded, in J; None if the card has no counter."""
        millijoules = self._ask("nvmlDeviceGetTotalEnergyConsumption")
        return None if millijoules is None else millijoules / 1000

    def lowered_by(self) -> list[str]:
        """Why the clocks are lower than they could be, in words; empty if all is well."""
        reasons = self._ask("nvmlDeviceGetCurrentClocksEventReasons")
        if reasons is None:
            reasons = self._ask("nvmlDeviceGetCurrentClocksThrottleReasons") or 0
        return [
            words for name, words in _LOWERED.items() if reasons & getattr(self._library, name, 0)
        ]

    def is_exclusive(self) -> bool:
        """Whether it allows only one process at a time, as on many clusters; False if unknown."""
        exclusive = self._library.NVML_COMPUTEMODE_EXCLUSIVE_PROCESS
        return bool(self._ask("nvmlDeviceGetComputeMode") == exclusive)

    def processes(self) -> int | None:
        """How many processes compute on it, including this one once it does."""
        running = self._ask("nvmlDeviceGetComputeRunningProcesses")
        return None if running is None else len(running)

    def _ask(self, function: str, *arguments: Any) -> Any:
        return self._answer(lambda: getattr(self._library, function)(self._handle, *arguments))

    def _answer(self, question: Callable[[], Any]) -> Any:
        try:
            return question()
        except (self._library.NVMLError, AttributeError):  # not supported by this card or driver
            return None


@contextmanager
def library() -> Iterator[Any]:
    """NVML, initialised, or None on a machine without it."""
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        yield None
        return
    try:
        yield pynvml
    finally:
        pynvml.nvmlShutdown()


def gpu(nvml: Any, uuid: str) -> Gpu | None:
    """The GPU with that UUID, as CUDA reports it (with or without ``GPU-`` in front)."""
    if nvml is None:
        return None
    wanted = uuid if uuid.startswith(("GPU-", "MIG-")) else f"GPU-{uuid}"
    try:
        return Gpu(nvml, nvml.nvmlDeviceGetHandleByUUID(wanted))
    except nvml.NVMLError:
        return None


def gpus(nvml: Any) -> dict[int, Gpu]:
    """The GPUs that the driver lets us query, by its numbers; without lost or forbidden ones."""
    if nvml is None:
        return {}
    found: dict[int, Gpu] = {}
    with suppress(nvml.NVMLError):
        for index in range(nvml.nvmlDeviceGetCount()):
            with suppress(nvml.NVMLError):
                found[index] = Gpu(nvml, nvml.nvmlDeviceGetHandleByIndex(index))
    return found


def _text(value: Any) -> str | None:
    return value.decode() if isinstance(value, bytes) else value
