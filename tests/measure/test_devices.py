"""Which devices a name stands for, and what they must be able to do."""

import sys
from types import SimpleNamespace

import pytest
import torch
from support.fakes import FakeNvml

from srbench.conditions import Setup
from srbench.errors import SrbenchError
from srbench.measure import devices
from srbench.measure.devices import Device, asked, opened, require_dtype, require_several, resolve
from srbench.measure.interference import CpuWatch


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> object:
    def with_gpus(cuda: int, mps: bool = False) -> None:
        monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda > 0)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)

    return with_gpus


@pytest.mark.parametrize(
    ("cuda", "mps", "wanted", "names"),
    [
        (0, False, None, ["cpu"]),
        (2, False, None, ["cuda:0", "cuda:1"]),
        (0, True, None, ["mps"]),
        (2, False, "cuda", ["cuda:0"]),
        (2, False, "cuda:1", ["cuda:1"]),
        (2, False, "all", ["cpu", "cuda:0", "cuda:1"]),
        (2, False, "cpu", ["cpu"]),
        (0, True, "all", ["cpu", "mps"]),
    ],
)
def test_a_name_resolves_to_its_devices(
    cuda: int, mps: bool, wanted: str, names: list[str], machine: object
) -> None:
    machine(cuda, mps)
    assert resolve(wanted) == names


@pytest.mark.parametrize("wanted", ["cuda", "cuda:0", "mps", "tpu", "", "cpu:1"])
def test_an_unknown_device_is_an_error_that_lists_known_ones(wanted: str, machine: object) -> None:
    machine(0)
    with pytest.raises(SrbenchError, match="no device") as raised:
        resolve(wanted)
    assert "--device cpu" in raised.value.hint


def test_a_missing_gpu_is_an_error_that_lists_known_ones(machine: object) -> None:
    machine(2)
    with pytest.raises(SrbenchError) as raised:
        resolve("cuda:2")
    assert raised.value.hint == "use --device cpu or cuda:0 or cuda:1"


def test_the_cpu_has_its_own_defaults() -> None:
    with opened("cpu") as device:
        assert (device.default_batch, device.default_autocast) == (1, "bfloat16")
        assert device.peak is None
        assert isinstance(device.watch(), CpuWatch)


@pytest.mark.parametrize("uuid", ["0000", "ffff"])
def test_the_driver_finds_a_gpu_by_its_uuid(uuid: str, monkeypatch: pytest.MonkeyPatch) -> None:
    properties = SimpleNamespace(
        name="CUDA's H100", multi_processor_count=132, major=9, minor=0, uuid=uuid
    )
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: properties)
    entered: list[object] = []

    class Entered:
        def __init__(self, device: object) -> None:
            self.device = device

        def __enter__(self) -> None:
            entered.append(self.device)

        def __exit__(self, *error: object) -> None:
            entered.pop()

    monkeypatch.setattr(torch.cuda, "device", Entered)
    monkeypatch.setattr(devices, "CudaClock", lambda device: "clock")
    monkeypatch.setattr(torch.cuda, "memory_stats", lambda device: {"num_alloc_retries": 0})
    driver = FakeNvml()
    monkeypatch.setitem(sys.modules, "pynvml", driver)
    with opened("cuda:1") as device:
        assert entered == [torch.device("cuda:1")]
        assert device.facts["gpu_capability"] == "9.0"
        assert device.default_batch == 32
        assert device.default_autocast == "float16"
        if uuid == "0000":
            assert device.facts["gpu"] == "Fake H100"
            assert lowered(device, driver)
        else:  # a driver that knows another card
            assert device.facts["gpu"] == "CUDA's H100"
            assert device.gpu is None
            assert not lowered(device, driver)
    assert (entered, driver.initialised) == ([], 0)


def lowered(device: Device, driver: FakeNvml) -> bool:
    """Whether the device's watch sees the lowered clocks that the driver reports."""
    watch = device.watch()
    driver.reasons = 64
    watch.observe(timed=True)
    return any("clocks were lowered" in warning for warning in watch.warnings())


def test_a_dtype_that_the_device_cannot_do_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def conv2d(*arguments: object) -> None:
        raise RuntimeError("\"slow_conv2d_cpu\" not implemented for 'Half'\nmore")

    monkeypatch.setattr(torch.nn.Conv2d, "forward", conv2d)
    with opened("cpu") as device, pytest.raises(SrbenchError) as raised:
        require_dtype(device, Setup(dtype="float16"), ("forward",))
    assert str(raised.value.message) == (
        "cpu cannot compute in float16: \"slow_conv2d_cpu\" not implemented for 'Half'"
    )


def test_a_dtype_that_the_gpu_only_emulates_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: False)
    device = SimpleNamespace(name="cuda:0", torch_device=torch.device("cuda:0"))
    with pytest.raises(SrbenchError, match="cannot compute in bfloat16: it is only emulated"):
        require_dtype(device, Setup("cuda:0", dtype="bfloat16"), ("forward",))


@pytest.mark.parametrize("mode", [0, 3])
def test_a_gpu_that_allows_only_one_process_is_an_error(
    mode: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = FakeNvml()
    driver.compute_mode = mode
    monkeypatch.setitem(sys.modules, "pynvml", driver)
    monkeypatch.setattr(
        torch.cuda, "get_device_properties", lambda device: SimpleNamespace(uuid="0000")
    )
    with asked("cuda:0") as gpu:
        if mode == 0:
            require_several("cuda:0", gpu, "use another --device")
        else:
            with pytest.raises(SrbenchError, match="cuda:0 allows only one process") as raised:
                require_several("cuda:0", gpu, "use another --device")
            assert raised.value.hint.startswith("use another --device, or set the mode")
    with asked("mps") as gpu:
        require_several("mps", gpu, "use another --device")
    assert driver.initialised == 0


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_this_cpu_supports_every_dtype(dtype: str) -> None:
    with opened("cpu") as device:
        require_dtype(device, Setup(dtype=dtype), ("forward", "train"))
