"""Checkpoints: to go on from, and to keep. Both hold weights and plain data alone; reading one
never runs code. Each is written whole or not at all."""

import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from torch import Tensor, nn

from srbench.errors import SrbenchError
from srbench.files import unreadable, write_whole

SAFETENSORS = ".safetensors"
DIGEST = 32  # bytes at the end of a state's file
AGAIN = "delete it to train from the beginning"
ABOUT = "srbench"  # the key of our data among a file's metadata

State = dict[str, Any]


@dataclass(frozen=True)
class Kept:
    """Weights from a file, and what srbench wrote about them; nothing if another tool wrote it."""

    path: Path
    weights: Mapping[str, Tensor]
    about: Mapping[str, Any] | None


def save_state(path: Path, state: State) -> None:
    """Write a state to go on from. Raises SrbenchError if it cannot be written; the file is then
    as it was."""
    buffer = BytesIO()
    torch.save(state, buffer)
    content = buffer.getvalue()
    write_whole(path, content + sha256(content).digest())


def load_state(path: Path) -> State | None:
    """A state to go on from; None if there is none.

    Raises SrbenchError if it cannot be read, or holds anything but tensors and plain data.
    """
    if not path.exists():
        return None
    try:
        whole = path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error
    content = whole[:-DIGEST]
    if sha256(content).digest() != whole[-DIGEST:]:
        raise SrbenchError(f"{path} is damaged, or is no checkpoint", AGAIN)
    found = _unpickled(path, BytesIO(content))
    if not isinstance(found, dict) or "model" not in found:
        raise SrbenchError(f"{path} is no checkpoint", AGAIN)
    return found


def keep(path: Path, model: nn.Module, about: Mapping[str, Any]) -> None:
    """Write a model's weights as safetensors, with what they are: a JSON object in the metadata.

    Raises SrbenchError if it cannot be written.
    """
    from safetensors.torch import save

    weights = {k: v.detach().cpu().contiguous().clone() for k, v in model.state_dict().items()}
    write_whole(path, save(weights, {ABOUT: json.dumps(about, sort_keys=True)}))


def read_weights(path: Path) -> Kept:
    """The weights of a file: safetensors, or what ``torch.save`` wrote of a state dict, also inside
    a dict under ``model`` or ``state_dict``.

    Raises SrbenchError if it cannot be read, or holds anything but tensors and plain data.
    """
    if path.is_dir():
        raise SrbenchError(
            f"{path} is a folder", f"name the file of weights in it, such as model{SAFETENSORS}"
        )
    if path.suffix == SAFETENSORS:
        return _read_safetensors(path)
    found = _unpickled(path)
    for key in ("model", "state_dict"):
        if isinstance(found, dict) and isinstance(found.get(key), dict):
            found = found[key]
    if not isinstance(found, dict) or not all(isinstance(v, Tensor) for v in found.values()):
        raise SrbenchError(
            f"{path} holds no state dict", "save it with torch.save(model.state_dict(), FILE)"
        )
    weights = {str(key).removeprefix("module."): value for key, value in found.items()}
    if len(weights) < len(found):
        raise SrbenchError(f"{path} has keys with and without module.", "leave one of each out")
    return Kept(path, weights, None)


def _read_safetensors(path: Path) -> Kept:
    from safetensors import SafetensorError, safe_open

    try:
        path.open("rb").close()  # its own errors name no reason
        with safe_open(path, "pt") as file:
            weights = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - no dict
            told = (file.metadata() or {}).get(ABOUT)
        about = json.loads(told) if told else None
    except OSError as error:
        raise unreadable(path, error) from error
    except (SafetensorError, ValueError) as error:
        raise SrbenchError(
            f"{path} is no safetensors file, or was cut short: {error}", "copy it again"
        ) from error
    if about is not None and not isinstance(about, dict):
        raise SrbenchError(f"{path} has metadata that srbench did not write", "name another file")
    return Kept(path, weights, about)


def _unpickled(path: Path, content: BytesIO | None = None) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of remarks on how the file was pickled
            return torch.load(content or path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise unreadable(path, error) from error
    except UnpicklingError as error:
        raise SrbenchError(
            f"{path} is refused: it is no file of weights, or holds code that reading would run",
            "save tensors alone, with torch.save(model.state_dict(), FILE), or as safetensors",
        ) from error
    except (RuntimeError, EOFError, ValueError, KeyError) as error:
        raise SrbenchError(
            f"{path} is no file of weights, or was cut short", "copy it again"
        ) from (error)
