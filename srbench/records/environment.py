"""What a figure was measured with, versions and hardware, and the machine's current state."""

import os
import platform
import re
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from srbench._version import __version__

PACKAGES = ("torch", "torchvision", "fvcore")
VERSIONS = ("srbench", "python", *PACKAGES)
# What a record of times holds about torch: settings that change times, and libraries it uses.
TORCH = (
    *("threads", "interop_threads", "cpu_capability", "cuda", "cudnn"),
    *("fp32_cuda_matmul", "fp32_cuda_conv", "fp32_cuda_rnn"),
    *("fp32_cpu_matmul", "fp32_cpu_conv", "fp32_cpu_rnn"),
    *("cudnn_benchmark", "deterministic", "flush_denormal", "freed_memory"),
)
# Settings that a record has only if they differ from torch's defaults.
UNUSUAL = (
    *("cudnn_enabled", "mkldnn_enabled", "flash_sdp", "mem_efficient_sdp", "math_sdp", "cudnn_sdp"),
    *("autocast_cpu", "autocast_cuda", "anomaly_detection", "grad_enabled"),
    *("default_dtype", "default_device"),
)
# Instructions that decide how fast products are, as Linux calls them.
FLAGS = (
    *("avx", "avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "avx512_fp16"),
    *("amx_bf16", "amx_int8", "asimd", "asimddp", "bf16", "sve", "sve2"),
)
_CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
_CPUFREQ = Path("/sys/devices/system/cpu/cpu0/cpufreq")


def facts() -> dict[str, Any]:
    """Facts that do not change from run to run on one machine, in base units."""
    return versions() | machine()


def versions() -> dict[str, str]:
    """Versions of srbench, Python and the packages that build and count the models."""
    return {
        "srbench": __version__,
        "python": platform.python_version(),
        **{package: version(package) for package in PACKAGES},
    }


def now() -> str:
    """The current date and time in UTC as a record holds it, such as ``2026-01-31T23:59:59Z``."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def machine() -> dict[str, Any]:
    """System, processor, cores and memory; None for what the system does not report."""
    import psutil

    return {
        "os": platform.platform(terse=True),
        "cpu": _processor(),
        "cpu_model": processor_model(),
        "cpu_l2_bytes": _cache(2),
        "cpu_l3_bytes": _cache(3),
        "cpu_flags": _flags(),
        "cores": psutil.cpu_count(logical=False),
        "logical_cores": os.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
        "governor": _read(_CPUFREQ / "scaling_governor"),
    }


def state() -> dict[str, Any]:
    """The current state of the machine: load, free memory, clock."""
    import psutil

    clock = psutil.cpu_freq()
    return {
        "load_1min": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "memory_available_bytes": psutil.virtual_memory().available,
        "cpu_clock_mhz": clock and clock.current,
    }


def processor_model() -> str | None:
    """Family, model and stepping of the processor, such as ``6-143-8``: virtual machines often call
    different ones by one name."""
    told = _cpuinfo()
    numbers = [told.get(name) for name in ("cpu family", "model", "stepping")]
    return "-".join(map(str, numbers)) if None not in numbers else None


def _flags() -> str | None:
    """Those of `FLAGS` that the processor has; None if the system does not say."""
    told = _cpuinfo()
    found = (told.get("flags") or told.get("Features") or "").split()
    return " ".join(flag for flag in FLAGS if flag in found) if found else None


def _cache(level: int) -> int | None:
    """The size in bytes of the first processor's cache of a level."""
    for index in sorted(_CACHES.glob("index*")):
        size = re.fullmatch(r"(\d+)K", _read(index / "size") or "")
        if size and _read(index / "level") == str(level):
            return int(size[1]) * 1024
    return None


def _processor() -> str | None:
    return _cpuinfo().get("model name") or platform.processor() or None


def _cpuinfo() -> dict[str, str]:
    """What Linux says of the first processor."""
    lines = (_read(Path("/proc/cpuinfo")) or "").partition("\n\n")[0].splitlines()
    pairs = (line.partition(":") for line in lines)
    return {name.strip(): value.strip() for name, _, value in pairs}


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return None
