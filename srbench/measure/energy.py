"""Energy of a pass on a GPU, from the driver's counter, in interleaved windows of seconds.

The counter moves every 20 to 100 ms and shows what the card drew up to then. A window therefore
lies between two of its steps, and counts the share of a run that is under way at either step.
"""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median

import numpy as np

from srbench.measure.clocks import Clock, Task
from srbench.measure.energy_counter import Reading, readings, steps
from srbench.measure.latency import Deadline
from srbench.measure.nvml import Gpu
from srbench.records.timing import Energy

WINDOW = 2.0  # seconds
WINDOWS = 3  # per model
IDLE = Task("idle", "idle", partial(time.sleep, 0.01))


@dataclass(frozen=True)
class Window:
    """Joules, seconds and runs of the task, from one step of the counter to another."""

    joules: float
    seconds: float
    runs: float


def energies(
    tasks: Sequence[Task], clock: Clock, gpu: Gpu, batch: int, seed: int, deadline: Deadline
) -> dict[str, Energy]:
    """Joules per image of each task: gross, and net of what the card draws when it idles.

    Each round has one window of every task and one of idling, in random order. There are as many
    rounds as the deadline allows, at least one, and the medians over them are returned. Empty if
    the card has no counter, or one that hardly moves. Raises what a task raises.
    """
    if gpu.joules() is None:
        return {}
    generator, order = random.Random(seed), [*tasks, IDLE]
    windows: dict[str, list[Window]] = {task.model: [] for task in order}
    for done in range(WINDOWS):
        if done and deadline.left < WINDOW * len(order):
            break
        generator.shuffle(order)
        for task in order:
            window = _window(task, clock, gpu)
            if window is None:
                return {}
            windows[task.model].append(window)
    idle = median(window.joules / window.seconds for window in windows.pop(IDLE.model))
    return {model: _energy(taken, idle, batch) for model, taken in windows.items()}


def _window(task: Task, clock: Clock, gpu: Gpu) -> Window | None:
    """Run a task repeatedly while the counter is read."""
    clock.wall(task)  # so that the device has no other work left
    ends = [clock.now()]
    with readings(gpu, clock.now) as taken:
        while ends[-1] - ends[0] < WINDOW:
            clock.wall(task)
            ends.append(clock.now())
    return _between_steps(steps(taken), ends)


def _between_steps(made: Sequence[Reading], ends: Sequence[float]) -> Window | None:
    """From the second to the last step while the task ran; its runs end at ``ends``, in s.

    The first step may include what the device did before. None if there are fewer than three.
    """
    inside = [step for step in made if ends[0] <= step.at <= ends[-1]]
    if len(inside) < 3:
        return None
    _, first, *_, last = inside
    before, after = np.interp([first.at, last.at], ends, range(len(ends)))
    return Window(last.joules - first.joules, last.at - first.at, float(after - before))


def _energy(windows: Sequence[Window], idle_watts: float, batch: int) -> Energy:
    def images(window: Window) -> float:
        return window.runs * batch

    return Energy(
        gross=median(w.joules / images(w) for w in windows),
        net=median((w.joules - idle_watts * w.seconds) / images(w) for w in windows),
    )
