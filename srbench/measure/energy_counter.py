"""A GPU's energy counter while the GPU works: readings by a thread, and the steps in them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from threading import Event, Thread

from srbench.measure.nvml import Gpu

EVERY = 0.002  # seconds between readings; a reading takes about 50 µs


@dataclass(frozen=True)
class Reading:
    """What the counter showed, in J, and when, in s of a clock."""

    at: float
    joules: float


@contextmanager
def readings(gpu: Gpu, now: Callable[[], float]) -> Iterator[list[Reading]]:
    """Readings by a thread, every 2 ms until the ``with`` ends; ``now`` is the clock.

    There are none if the card has no counter.
    """
    taken: list[Reading] = []
    ended = Event()

    def read() -> None:
        while not ended.wait(EVERY):
            at, joules = now(), gpu.joules()
            if joules is not None:
                taken.append(Reading(at, joules))

    thread = Thread(target=read, name="energy counter", daemon=True)
    thread.start()
    try:
        yield taken
    finally:
        ended.set()
        thread.join()


def steps(taken: Sequence[Reading]) -> list[Reading]:
    """What the counter showed after each step, midway between the readings around the step."""
    return [
        Reading((before.at + after.at) / 2, after.joules)
        for before, after in pairwise(taken)
        if before.joules != after.joules
    ]
