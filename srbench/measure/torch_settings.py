"""torch's settings that change times: what they are, and how they are put back.

They hold for the whole process, and a network may change them. The precision of float32 is set for
each kind of operator by `torch.backends`, or by older flags. torch refuses to read the older flags
once the newer ones differ from them.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

import torch

_cudnn: Any = torch.backends.cudnn  # these have more attributes than their types say
_mkldnn: Any = torch.backends.mkldnn

# If an operator's precision is "none", its library's applies; if that is "none", that of all.
OPERATORS = {
    "fp32_cuda_matmul": torch.backends.cuda.matmul,
    "fp32_cuda_conv": _cudnn.conv,
    "fp32_cuda_rnn": _cudnn.rnn,
    "fp32_cpu_matmul": _mkldnn.matmul,
    "fp32_cpu_conv": _mkldnn.conv,
    "fp32_cpu_rnn": _mkldnn.rnn,
}
ABOVE = {"fp32": torch.backends, "fp32_cuda": _cudnn}


class Setting(NamedTuple):
    """How a setting is read and written."""

    read: Callable[[], Any]
    write: Callable[[Any], object]


def current() -> dict[str, Any]:
    """The current settings, by name. An older flag that torch refuses to read is None."""
    return {name: setting.read() for name, setting in _SETTINGS.items()}


def reset(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Set all of them as wanted. Returns those that were different, as `recorded` names them."""
    found = current()
    if found == wanted:
        return {}
    # Setting an older flag changes the newer ones, which are therefore set last.
    for name in (*_SETTINGS, *_PRECISIONS):
        if _SETTINGS[name].read() != wanted[name]:
            _SETTINGS[name].write(wanted[name])
    was, held = _by_record_name(found), _by_record_name(wanted)
    return {name: value for name, value in was.items() if value != held[name]}


def recorded(values: Mapping[str, Any]) -> dict[str, Any]:
    """The settings as a record has them: rarely changed ones only if they are unusual. A precision
    is torch's own word: ``"tf32"``, ``"bf16"``, ``"ieee"``, or ``"none"`` if none is set, which
    computes as ``"ieee"`` does."""
    return {
        name: value
        for name, value in _by_record_name(values).items()
        if name not in USUAL or value != USUAL[name]
    }


def _by_record_name(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "threads": values["threads"],
        **{name: values[name] for name in OPERATORS},
        "cudnn_benchmark": values["cudnn_benchmark"],
        "deterministic": bool(values["deterministic_debug_mode"] or values["cudnn_deterministic"]),
        **{name: values[name] for name in USUAL},
    }


@contextmanager
def kept() -> Iterator[None]:
    """Put the settings back at the end of the ``with``."""
    before = current()
    try:
        yield
    finally:
        reset(before)


def _attribute(holder: Any, name: str) -> Setting:
    return Setting(partial(getattr, holder, name), partial(setattr, holder, name))


def _precision(holder: Any) -> Setting:
    def write(value: str) -> None:
        holder.fp32_precision = "none"  # the setting above may give this value already
        if holder.fp32_precision != value:
            holder.fp32_precision = value

    return Setting(lambda: holder.fp32_precision, write)


def _older(setting: Setting) -> Setting:
    def read() -> Any:
        try:
            return setting.read()
        except RuntimeError:  # the newer ones differ from it
            return None

    return Setting(read, lambda value: None if value is None else setting.write(value))


_PRECISIONS = {name: _precision(holder) for name, holder in (ABOVE | OPERATORS).items()}
_OLDER = {
    "float32_matmul_precision": _older(
        Setting(torch.get_float32_matmul_precision, torch.set_float32_matmul_precision)
    ),
    "cudnn_allow_tf32": _older(_attribute(_cudnn, "allow_tf32")),
}
_cuda: Any = torch.backends.cuda


def _grad_enabled() -> bool:
    """True under inference_mode, in which the forward pass is timed: nothing can change it."""
    return torch.is_inference_mode_enabled() or torch.is_grad_enabled()


def _autocast(kind: str) -> Setting:
    return Setting(
        partial(torch.is_autocast_enabled, kind), partial(torch.set_autocast_enabled, kind)
    )


def _set_default_device(name: str) -> None:
    torch.set_default_device(None if name == "cpu" else name)  # None makes no call slower


# Settings that almost always have torch's default: by name, the default, and how to access them.
_RARE: dict[str, tuple[Any, Setting]] = {
    "cudnn_enabled": (True, _attribute(_cudnn, "enabled")),
    "mkldnn_enabled": (True, _attribute(_mkldnn, "enabled")),
    "flash_sdp": (True, Setting(_cuda.flash_sdp_enabled, _cuda.enable_flash_sdp)),
    "mem_efficient_sdp": (
        True,
        Setting(_cuda.mem_efficient_sdp_enabled, _cuda.enable_mem_efficient_sdp),
    ),
    "math_sdp": (True, Setting(_cuda.math_sdp_enabled, _cuda.enable_math_sdp)),
    "cudnn_sdp": (True, Setting(_cuda.cudnn_sdp_enabled, _cuda.enable_cudnn_sdp)),
    "autocast_cpu": (False, _autocast("cpu")),
    "autocast_cuda": (False, _autocast("cuda")),
    "anomaly_detection": (
        False,
        Setting(torch.is_anomaly_enabled, torch.autograd.set_detect_anomaly),
    ),
    "grad_enabled": (True, Setting(_grad_enabled, torch.set_grad_enabled)),
    "default_dtype": (
        "float32",
        Setting(
            lambda: str(torch.get_default_dtype()).removeprefix("torch."),
            lambda name: torch.set_default_dtype(getattr(torch, name)),
        ),
    ),
    "default_device": (
        "cpu",
        Setting(lambda: str(torch.get_default_device()), _set_default_device),
    ),
}
USUAL = {name: usual for name, (usual, _) in _RARE.items()}
_SETTINGS = {
    **_PRECISIONS,
    **_OLDER,
    **{name: setting for name, (_, setting) in _RARE.items()},
    "threads": Setting(torch.get_num_threads, torch.set_num_threads),
    "cudnn_benchmark": _attribute(_cudnn, "benchmark"),
    "cudnn_deterministic": _attribute(_cudnn, "deterministic"),
    "deterministic_debug_mode": Setting(
        torch.get_deterministic_debug_mode, torch.set_deterministic_debug_mode
    ),
}
