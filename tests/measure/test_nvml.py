"""What the driver reports, with a fake driver that has the same functions."""

import sys
from types import SimpleNamespace

import pytest
from support.fakes import GIB, FakeNvml, fake_gpu

from srbench.measure import nvml


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> FakeNvml:
    fake = FakeNvml()
    monkeypatch.setitem(sys.modules, "pynvml", fake)
    return fake


def test_facts_and_state_are_in_base_units(driver: FakeNvml) -> None:
    gpu = fake_gpu(driver)
    assert gpu.facts() == {
        "gpu": "Fake H100",
        "driver": "999.1",
        "gpu_memory_bytes": 80 * GIB,
        "gpu_power_limit_w": 700.0,
        "gpu_max_clock_mhz": 1980,
        "gpu_persistence": 1,
    }
    assert gpu.state() == {
        "gpu_clock_mhz": 1755,
        "gpu_temperature_c": 55,
        "gpu_power_w": 350.0,
        "gpu_utilization_percent": 97,
        "gpu_processes": 1,
        "gpu_clocks_lowered_by": None,
    }


def test_energy_is_in_joules(driver: FakeNvml) -> None:
    driver.millijoules = lambda: 12_345
    assert fake_gpu(driver).joules() == 12.345


def test_a_card_may_allow_only_one_process_at_a_time(driver: FakeNvml) -> None:
    assert not fake_gpu(driver).is_exclusive()
    driver.compute_mode = 3
    assert fake_gpu(driver).is_exclusive()
    driver.nvmlDeviceGetComputeMode = driver._refuse
    assert not fake_gpu(driver).is_exclusive()


def test_what_a_card_does_not_report_is_none(driver: FakeNvml) -> None:
    def refuse(handle: str) -> int:
        raise driver.NVMLError("not supported")

    driver.nvmlDeviceGetTotalEnergyConsumption = refuse
    driver.nvmlDeviceGetComputeRunningProcesses = refuse
    gpu = fake_gpu(driver)
    assert gpu.joules() is None
    assert gpu.processes() is None


def test_reasons_for_lower_clocks_are_given_in_words(driver: FakeNvml) -> None:
    driver.reasons = 32 | 1 | 4  # 1 is idling
    assert fake_gpu(driver).lowered_by() == ["power cap", "thermal slowdown"]
    driver.reasons = 1
    assert fake_gpu(driver).lowered_by() == []


def test_an_old_driver_is_asked_by_the_functions_old_name(driver: FakeNvml) -> None:
    def refuse(handle: str) -> int:
        raise driver.NVMLError("not found")

    driver.nvmlDeviceGetCurrentClocksEventReasons = refuse
    driver.nvmlDeviceGetCurrentClocksThrottleReasons = lambda handle: 8
    assert fake_gpu(driver).lowered_by() == ["hardware slowdown"]


def test_the_library_is_opened_and_closed(driver: FakeNvml) -> None:
    with nvml.library() as library:
        assert driver.initialised == 1
        assert nvml.gpu(library, "0000").facts()["gpu"] == "Fake H100"
        assert nvml.gpu(library, "GPU-0000") is not None
        assert nvml.gpu(library, "1234") is None
        assert list(nvml.gpus(library)) == [0]
    assert driver.initialised == 0


def test_a_lost_card_does_not_hide_the_others(driver: FakeNvml) -> None:
    def handle(index: int) -> str:
        if index == 1:
            raise driver.NVMLError("GPU is lost")
        return f"card {index}"

    driver.nvmlDeviceGetCount = lambda: 3
    driver.nvmlDeviceGetHandleByIndex = handle
    with nvml.library() as library:
        assert list(nvml.gpus(library)) == [0, 2]


def test_a_driver_that_cannot_count_its_cards_has_no_gpus(driver: FakeNvml) -> None:
    driver.nvmlDeviceGetCount = driver._refuse
    with nvml.library() as library:
        assert nvml.gpus(library) == {}


def test_a_machine_without_a_driver_has_no_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    class NVMLError(Exception):
        pass

    def fail() -> None:
        raise NVMLError("library not found")

    monkeypatch.setitem(sys.modules, "pynvml", SimpleNamespace(NVMLError=NVMLError, nvmlInit=fail))
    with nvml.library() as library:
        assert library is None
        assert nvml.gpus(library) == {}
        assert nvml.gpu(library, "0000") is None


def test_the_fake_has_only_names_that_the_library_has() -> None:
    """Otherwise tests with the fake would prove nothing."""
    import pynvml

    asked = {name for name in vars(FakeNvml) if name.startswith(("nvml", "NVML"))}
    assert asked
    assert {name for name in asked if not hasattr(pynvml, name)} == set()
    for name in asked:
        value = getattr(FakeNvml, name)
        if isinstance(value, int):
            assert getattr(pynvml, name) == value, name
