"""Energy of a pass on a GPU, from the driver's counter over windows of seconds, interleaved.

The counter moves every 20 to 100 ms, and shows what the card drew up to then. A window is therefore
what lies between two of its steps, and has the share of the runs that were under way at either.
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
WINDOWS = 3  # of each model
IDLE = Task("idle", "idle", partial(time.sleep, 0.01))


@dataclass(frozen=True)
class Window:
    """Joules and seconds from one step of the counter to another, and runs of the task."""

    joules: float
    seconds: float
    runs: float


def energies(
    tasks: Sequence[Task], clock: Clock, gpu: Gpu, batch: int, seed: int, deadline: Deadline
) -> dict[str, Energy]:
    """Joules per image of each task: gross, and net of what the card draws when it idles.

    Each round has one window of every task and one of idling, in random order; the medians over
    the rounds count, of which there are as many as the deadline allows, and one at least. Empty
    where the card has no counter, or one that hardly moves. Raises what a task raises.
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
    """Run a task over and over while the counter is read."""
    clock.wall(task)  # the device has nothing else left to do
    ends = [clock.now()]
    with readings(gpu, clock.now) as taken:
        while ends[-1] - ends[0] < WINDOW:
            clock.wall(task)
            ends.append(clock.now())
    return _between_steps(steps(taken), ends)


def _between_steps(made: Sequence[Reading], ends: Sequence[float]) -> Window | None:
    """From the second step to the last while the task ran; ``ends`` are its runs', in s.

    The first step may show what the device did before. None where there are fewer than three.
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
