"""Energy per image from a fake counter, against what the fake card draws."""

import pytest
from fakes import FakeNvml, fake_gpu

from srbench.measure.clocks import FakeClock, Task
from srbench.measure.energy import energies

WATTS = {"idle": 60.0, "a": 360.0, "b": 660.0}
SECONDS = {"idle": 0.01, "a": 0.05, "b": 0.1}


class Card:
    """Draws so many watts while a task runs."""

    def __init__(self) -> None:
        self.joules = 1e6
        self.clock = FakeClock(self._seconds)
        self.driver = FakeNvml()
        self.driver.millijoules = lambda: round(1000 * self.joules)

    def _seconds(self, task: Task, number: int) -> float:
        self.joules += WATTS[task.model] * SECONDS[task.model]
        return SECONDS[task.model]


def test_gross_and_net_joules_an_image() -> None:
    card = Card()
    tasks = [Task(name, "forward", lambda: None) for name in "ab"]
    found = energies(tasks, card.clock, fake_gpu(card.driver), batch=8, seed=0)
    # 360 W for 0.05 s are 18 J for 8 images; 60 W of them the card draws anyway
    assert found["a"].gross == pytest.approx(18 / 8, rel=0.01)
    assert found["a"].net == pytest.approx(15 / 8, rel=0.01)
    assert found["b"].gross == pytest.approx(66 / 8, rel=0.01)
    assert found["b"].net == pytest.approx(60 / 8, rel=0.01)
    assert set(found) == {"a", "b"}


def test_a_card_without_counter_has_no_energy() -> None:
    driver = FakeNvml()

    def refuse(handle: str) -> int:
        raise driver.NVMLError("not supported")

    driver.nvmlDeviceGetTotalEnergyConsumption = refuse
    assert energies([], FakeClock(lambda *a: 1.0), fake_gpu(driver), 1, 0) == {}
