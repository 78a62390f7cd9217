"""Energy of a pass on a GPU, from the driver's counter over windows of seconds, interleaved."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from srbench.measure.clocks import Clock, Task
from srbench.nvml import Gpu
from srbench.records import Energy

WINDOW = 2.0  # seconds; the counter moves every 20 to 100 ms
WINDOWS = 3  # of each model
IDLE = Task("idle", "idle", lambda: None)


@dataclass(frozen=True)
class Window:
    """Joules and seconds of one window, and how often the task ran in it."""

    joules: float
    seconds: float
    runs: int


def energies(
    tasks: Sequence[Task], clock: Clock, gpu: Gpu, batch: int, seed: int
) -> dict[str, Energy]:
    """Joules per image of each task: gross, and net of what the card draws when it idles.

    Each round has one window of every task and one of idling, in random order; the medians over
    the rounds count. Empty where the card has no counter. Raises what a task raises.
    """
    if gpu.joules() is None:
        return {}
    generator, order = random.Random(seed), [*tasks, IDLE]
    windows: dict[str, list[Window]] = {task.model: [] for task in order}
    for _ in range(WINDOWS):
        generator.shuffle(order)
        for task in order:
            windows[task.model].append(_window(task, clock, gpu))
    idle = median(window.joules / window.seconds for window in windows.pop(IDLE.model))
    return {model: _energy(taken, idle, batch) for model, taken in windows.items()}


def _window(task: Task, clock: Clock, gpu: Gpu) -> Window:
    """Run a task over and over, from one step of the counter to another."""
    runs = 0
    clock.wall(task)  # the device has nothing else left to do
    joules, begin = gpu.joules(), clock.now()
    while (elapsed := clock.now() - begin) < WINDOW:
        clock.wall(task)
        runs += 1
    assert joules is not None
    return Window((gpu.joules() or joules) - joules, elapsed, runs)


def _energy(windows: Sequence[Window], idle_watts: float, batch: int) -> Energy:
    def images(window: Window) -> int:
        return window.runs * batch

    return Energy(
        gross=median(w.joules / images(w) for w in windows),
        net=median((w.joules - idle_watts * w.seconds) / images(w) for w in windows),
    )
