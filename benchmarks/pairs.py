"""Paired ratios: two calls are timed in alternation, so that a machine's drift affects both."""

import statistics
import time
from collections.abc import Callable


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def compare(
    name: str,
    ours: Callable[[], object],
    peer: Callable[[], object],
    limit: float,
    rounds: int,
) -> None:
    """Time both in turn, in an order that changes every round, and print the ratios ours / peer."""
    ours(), peer()  # warm the caches for both
    pairs = []
    for number in range(rounds):
        if number % 2:
            a = seconds(ours)
            b = seconds(peer)
        else:
            b = seconds(peer)
            a = seconds(ours)
        pairs.append((a, b))
    ratios = sorted(a / b for a, b in pairs)
    median = statistics.median(ratios)
    verdict = "within" if median <= limit else "ABOVE"
    print(f"{name}")
    print(f"  ratio {median:.3f} ({ratios[0]:.3f} to {ratios[-1]:.3f}, {rounds} rounds), ", end="")
    print(f"{verdict} the limit of {limit}")
    print("  seconds, ours/peer: " + "  ".join(f"{a:.2f}/{b:.2f}" for a, b in pairs))
