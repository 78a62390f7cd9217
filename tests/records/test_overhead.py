"""The verdict from an interval, and that runs stop by the criterion that reports use."""

import math
import random

import pytest
from support.fakes import FakeClock, interleaved

from srbench import stats
from srbench.measure.clocks import Task
from srbench.measure.latency import Stop
from srbench.records.overhead import Overhead, is_precise, reach
from srbench.records.timing import Estimate


@pytest.mark.parametrize(
    ("low", "high", "precision", "verdict"),
    [
        (0.717, 1.661, 0.01, "undecided"),  # [-28.3, +66.1]
        (0.75, 1.25, 0.25, "none"),  # as wide as allowed
        (0.989, 1.011, 0.01, "undecided"),
        (0.989, 1.011, 0.02, "none"),
        (0.984, 1.001, 0.01, "undecided"),  # 0.0085 to each side if it were centred
        (1.0, 1.001, 0.01, "none"),  # its end is 1, no difference
        (1.0001, 1.9, 0.01, "different"),  # wide, but without 1
        (0.5, 0.9999, 0.01, "different"),
        (None, None, 0.5, "no interval"),
    ],
)
def test_the_verdict_depends_on_the_interval_and_the_precision(
    low: float | None, high: float | None, precision: float, verdict: str
) -> None:
    assert Overhead(Estimate(1.0, low, high, 9), precision).verdict == verdict


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_an_estimate_that_is_not_positive_is_not_precise(value: float) -> None:
    assert reach(Estimate(value, value, value, 9)) == math.inf


@pytest.mark.parametrize("seed", range(40))
def test_a_ratio_that_was_precise_enough_to_stop_is_decided(seed: int) -> None:
    """Two equal models, on a machine with any noise, stopped by the interval alone."""
    generator = random.Random(seed)
    spread = generator.uniform(0.001, 0.05)
    precision = generator.choice((0.005, 0.01, 0.03))

    def seconds(task: Task, number: int) -> float:
        return 1e-3 * math.exp(random.Random(f"{seed}{task.model}{number}").gauss(0, spread))

    tasks = {model: Task(model, "forward", lambda: None) for model in "ab"}
    samples = interleaved(tasks, FakeClock(seconds), Stop("a", None, precision))
    ratio = stats.ratio_over_placements(samples.seconds["b"], samples.seconds["a"])
    assert is_precise(ratio, precision)
    assert Overhead(ratio, precision).verdict in ("none", "different")
    if samples.placements > 10:  # it was not precise enough at the check before
        before = stats.ratio_over_placements(samples.seconds["b"][:10], samples.seconds["a"][:10])
        assert Overhead(before, precision).verdict in ("undecided", "different")
