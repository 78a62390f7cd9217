"""GPUs that the machine has but torch cannot use."""

import sys
import warnings

import pytest
import torch
from support.fakes import FakeNvml, small_limits

from srbench.cli.app import run
from srbench.errors import SrbenchError
from srbench.measure import cuda
from srbench.measure.devices import resolve, resolve_one

TOO_OLD = "torch cannot use the GPU here: driver 999.1 is too old for its CUDA 12.8, or fails"
NOT_BUILT = "torch cannot use the GPU here: it is built without CUDA"


def machine(monkeypatch: pytest.MonkeyPatch, built_for: str | None, counted: int) -> None:
    """One card, which NVML finds but torch cannot use."""

    asked: list[bool] = []

    def is_available() -> bool:
        if not asked:  # torch tries, and warns, once per process
            warnings.warn("CUDA initialization: The NVIDIA driver is too old", stacklevel=2)
        asked.append(True)
        return False

    monkeypatch.setitem(sys.modules, "pynvml", FakeNvml())
    monkeypatch.setattr(torch.version, "cuda", built_for)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: counted)
    monkeypatch.setattr(torch.cuda, "is_available", is_available)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


@pytest.mark.parametrize(
    ("built_for", "counted", "why"), [("12.8", 1, TOO_OLD), (None, 0, NOT_BUILT)]
)
def test_asking_for_a_gpu_that_torch_cannot_use_says_why(
    built_for: str | None, counted: int, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine(monkeypatch, built_for, counted)
    for name in ("cuda", "cuda:0", "cpu,cuda"):
        with pytest.raises(SrbenchError) as raised:
            resolve(name)
        assert raised.value.message == why
        assert "a torch that is built for" in raised.value.hint
        assert "--device cpu" in raised.value.hint


@pytest.mark.parametrize(("built_for", "counted"), [("12.8", 1), (None, 0)])
def test_the_cpu_is_used_if_no_gpu_is_asked_for(
    built_for: str | None, counted: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine(monkeypatch, built_for, counted)
    assert resolve(None) == resolve("all") == resolve("cpu") == ["cpu"]
    assert resolve_one(None) == "cpu"


@pytest.mark.parametrize(
    "command",
    [
        ("env",),
        ("profile", "cifar_resnet8", "--rounds", "1"),
        ("latency", "cifar_resnet8", "--no-variants", "--rounds", "1", "--no-memory"),
    ],
)
def test_commands_use_the_cpu_and_warn_in_one_line(
    command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    machine(monkeypatch, "12.8", counted=1)
    small_limits(monkeypatch)
    assert run([*command, "--format", "csv"]) == 0
    said = [line for line in capsys.readouterr().err.splitlines() if "torch cannot use" in line]
    assert len(said) == 1
    assert said[0].startswith(f"warning: {TOO_OLD} (update the driver")


@pytest.mark.parametrize(("built_for", "hidden"), [("12.8", ""), (None, ""), (None, "-1")])
def test_a_hidden_gpu_is_not_an_obstacle(
    built_for: str | None, hidden: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine(monkeypatch, built_for, counted=0)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
    assert cuda.obstacle() is None
    with pytest.raises(SrbenchError, match="there is no device cuda on this machine"):
        resolve("cuda")


def test_a_gpu_that_works_is_not_an_obstacle(monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, "12.8", counted=1)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert cuda.obstacle() is None
    assert resolve(None) == ["cuda:0"]
