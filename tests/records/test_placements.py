"""Times by placement: how records hold them, how they are combined, and how they are judged."""

from statistics import median

import numpy as np
import pytest

from srbench import stats
from srbench.records.timing import Estimate, PassTiming
from srbench.report.compare import change

FLAT = ((1.0, 1.2, 5.0, 2.0, 2.2, 2.1, 3.0),)
TIMED = PassTiming(Estimate(2.0), None, FLAT, placements=((3, 1, 3),))


def test_samples_are_divided_into_their_placements() -> None:
    assert TIMED.by_placement == (((1.0, 1.2, 5.0), (2.0,), (2.2, 2.1, 3.0)),)
    assert TIMED.units == (1.2, 2.0, 2.2)


def test_rounds_are_the_units_of_an_older_record() -> None:
    old = PassTiming(Estimate(2.0), None, FLAT)
    assert old.by_placement == (FLAT,)
    assert old.units == FLAT[0]


def test_each_of_several_processes_is_a_unit() -> None:
    several = PassTiming(
        Estimate(2.0), None, ((1.0, 3.0, 2.0), (), (4.0,)), placements=((2, 1), (), (1,))
    )
    assert several.by_placement == (((1.0, 3.0), (2.0,)), (), ((4.0,),))
    assert several.units == (2.0, 4.0)


@pytest.mark.parametrize("placements", [((3, 3),), ((7,), (0,)), ((3, 1, -3, 6),), ((3, 0, 4),)])
def test_placements_that_do_not_fit_the_samples_are_refused(placements: tuple) -> None:
    with pytest.raises(ValueError, match=r"samples|a round"):
        PassTiming(Estimate(2.0), None, FLAT, placements=placements)


def test_a_change_is_judged_over_placements() -> None:
    """Fifty rounds of one placement count as one unit, so they decide nothing."""
    low, high = ((1.0,) * 50 + (1.1,) * 50,), ((1.2,) * 50 + (1.3,) * 50,)
    before, after = (
        PassTiming(Estimate(1.0), None, taken, placements=((50, 50),)) for taken in (low, high)
    )
    assert change(before, after).n == 2
    assert change(before, after).low is None


@pytest.mark.parametrize(
    ("n", "share", "expected"),
    [(9, 0.9, None), (10, 0.9, 9), (11, 0.9, 10), (99, 0.99, None), (100, 0.99, 99)],
)
def test_percentiles_need_a_sample_above_them(n: int, share: float, expected: float | None) -> None:
    taken = tuple(float(number) for number in range(n, 0, -1))
    found = PassTiming(Estimate(1.0), None, (taken[: n // 2], taken[n // 2 :])).percentile(share)
    assert found == expected
    if found is not None:
        assert found == np.quantile(taken, share, method="inverted_cdf")


def test_a_ratio_over_placements_combines_one_ratio_of_each() -> None:
    chance = np.random.default_rng(0)
    ours = [chance.uniform(1, 2, 5) for _ in range(7)]
    base = [chance.uniform(1, 2, 5) for _ in range(7)]
    ratios = [stats.paired_ratio(a, b).value for a, b in zip(ours, base, strict=True)]
    assert stats.ratio_over_placements(ours, base) == stats.over_units(ratios)
    assert stats.ratio_over_placements(ours, base).n == 7
    assert stats.median_over_placements(base).value == pytest.approx(median(map(np.median, base)))


def test_placements_of_one_round_give_the_same_as_plain_rounds() -> None:
    chance = np.random.default_rng(1)
    ours, base = chance.uniform(1, 2, 30), chance.uniform(1, 2, 30)
    apart = stats.ratio_over_placements([[x] for x in ours], [[x] for x in base])
    assert apart == stats.paired_ratio(ours, base)


def lucky(chance: np.random.Generator, placements: int, rounds: int, luck: float) -> list:
    """Two equal models, each with a chance effect per placement, and noise per call."""
    here = np.exp(chance.normal(0, luck, (2, placements, 1)))
    return list(here * np.exp(chance.normal(0, 0.02, (2, placements, rounds))))


def test_the_interval_covers_chance_effects_of_placements() -> None:
    """The interval over rounds, as if they were independent, does not."""
    chance = np.random.default_rng(2)
    runs = [lucky(chance, 12, 8, luck=0.01) for _ in range(400)]
    over = [stats.ratio_over_placements(a, b) for a, b in runs]
    flat = [stats.paired_ratio(a.ravel(), b.ravel()) for a, b in runs]
    assert sum(not one.low <= 1 <= one.high for one in over) <= 0.075 * len(runs)
    assert sum(not one.low <= 1 <= one.high for one in flat) > 0.12 * len(runs)
