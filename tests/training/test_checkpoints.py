"""Files of weights: what is written can be read, and nothing that is read runs."""

import os
import pickle
from hashlib import sha256
from pathlib import Path

import pytest
import torch
from torch import nn

from srbench.errors import SrbenchError
from srbench.training.checkpoints import keep, load_state, read_weights, save_state


class Malicious:
    """Would make a file if it were unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.mark),)


def test_weights_are_kept_with_what_they_are(tmp_path: Path) -> None:
    model = nn.Linear(3, 2)
    file = tmp_path / "model.safetensors"
    keep(file, model, {"spec": "resnet18+sr", "seed": 3, "recipe": {"lr": 0.1, "area": None}})
    found = read_weights(file)
    assert found.about == {"spec": "resnet18+sr", "seed": 3, "recipe": {"lr": 0.1, "area": None}}
    assert found.weights.keys() == model.state_dict().keys()
    assert all(torch.equal(found.weights[k], v) for k, v in model.state_dict().items())


def test_tied_weights_are_kept(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    model[1].weight = model[0].weight
    keep(tmp_path / "m.safetensors", model, {})
    found = read_weights(tmp_path / "m.safetensors").weights
    assert torch.equal(found["1.weight"], found["0.weight"])


def test_state_dicts_of_other_tools(tmp_path: Path) -> None:
    state = nn.Linear(3, 2).state_dict()
    for name, content in {
        "plain.pth": state,
        "reference.pth": {"model": state, "epoch": 3},
        "lightning.ckpt": {"state_dict": state},
        "parallel.pt": {f"module.{key}": value for key, value in state.items()},
    }.items():
        torch.save(content, tmp_path / name)
        found = read_weights(tmp_path / name)
        assert found.about is None
        assert found.weights.keys() == state.keys()
        assert torch.equal(found.weights["weight"], state["weight"])


@pytest.mark.parametrize("by_torch", [True, False])
def test_a_file_that_would_run_code_is_refused(tmp_path: Path, by_torch: bool) -> None:
    file, mark = tmp_path / "evil.pt", tmp_path / "made"
    content = {"model": Malicious(mark)}
    if by_torch:
        torch.save(content, file)
    else:
        file.write_bytes(pickle.dumps(content))
    with pytest.raises(SrbenchError, match="is refused"):
        read_weights(file)
    with pytest.raises(SrbenchError, match="is damaged, or is no checkpoint"):
        load_state(file)
    whole = file.read_bytes()
    file.write_bytes(whole + sha256(whole).digest())  # as if srbench had written it
    with pytest.raises(SrbenchError, match="is refused"):
        load_state(file)
    assert not mark.exists()


def test_a_flipped_bit_in_a_checkpoint_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "c.pt"
    save_state(file, {"model": nn.Linear(30, 20).state_dict()})
    whole = bytearray(file.read_bytes())
    assert load_state(file) is not None
    for place in (100, len(whole) // 2, len(whole) - 1):
        damaged = bytearray(whole)
        damaged[place] ^= 1
        file.write_bytes(damaged)
        with pytest.raises(SrbenchError, match="is damaged") as error:
            load_state(file)
        assert "delete it" in error.value.hint


def test_keys_with_and_without_module_are_ambiguous(tmp_path: Path) -> None:
    torch.save({"a": torch.zeros(1), "module.a": torch.ones(1)}, tmp_path / "w.pt")
    with pytest.raises(SrbenchError, match="with and without module"):
        read_weights(tmp_path / "w.pt")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x80\x02", b"hello", bytes(1000)])
@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_damaged_files_say_so(tmp_path: Path, content: bytes, suffix: str) -> None:
    file = tmp_path / f"m{suffix}"
    file.write_bytes(content)
    with pytest.raises(SrbenchError, match=r"m\.(pt|safetensors)"):
        read_weights(file)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_files_that_were_cut_short_say_so(tmp_path: Path, share: float, suffix: str) -> None:
    file = tmp_path / f"m{suffix}"
    if suffix == ".pt":
        torch.save(nn.Linear(30, 20).state_dict(), file)
    else:
        keep(file, nn.Linear(30, 20), {"spec": "x"})
    whole = file.read_bytes()
    file.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(SrbenchError):
        read_weights(file)


def test_what_is_no_state_dict_says_so(tmp_path: Path) -> None:
    torch.save([1, 2], tmp_path / "list.pt")
    torch.save({"a": 1}, tmp_path / "dict.pt")
    for name in ("list.pt", "dict.pt"):
        with pytest.raises(SrbenchError, match="holds no state dict"):
            read_weights(tmp_path / name)
        with pytest.raises(SrbenchError, match="is no checkpoint"):
            load_state(tmp_path / name)
        save_state(tmp_path / name, {"a": 1})
        with pytest.raises(SrbenchError, match="is no checkpoint"):
            load_state(tmp_path / name)


def test_missing_files(tmp_path: Path) -> None:
    assert load_state(tmp_path / "c.pt") is None
    for name in ("m.pt", "m.safetensors"):
        with pytest.raises(SrbenchError, match="cannot read"):
            read_weights(tmp_path / name)
