"""A GPU's energy counter while the GPU works: what a thread reads of it, and the steps it made."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from threading import Event, Thread

from srbench.measure.nvml import Gpu

EVERY = 0.002  # seconds from one look to the next; a look takes some 50 µs


@dataclass(frozen=True)
class Reading:
    """What the counter showed, in J, at a moment of a clock, in s."""

    at: float
    joules: float


@contextmanager
def readings(gpu: Gpu, now: Callable[[], float]) -> Iterator[list[Reading]]:
    """Readings by a thread, every 2 ms for as long as the ``with`` lasts; ``now`` is the clock.

    None where the card does not count.
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
    """What the counter showed after each of its steps, midway between the looks around it."""
    return [
        Reading((before.at + after.at) / 2, after.joules)
        for before, after in pairwise(taken)
        if before.joules != after.joules
    ]
