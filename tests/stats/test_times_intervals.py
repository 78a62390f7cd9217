"""Statistics against other implementations, closed forms, and simulations of what machines do."""

import math
from collections.abc import Callable
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import signal
from scipy import stats as scipy_stats

from srbench import stats
from srbench.records.overhead import reach
from srbench.records.timing import Estimate
from srbench.stats import times

RUNS = 2_000
RATIO = 1.03  # what the variant really takes

# --- closed forms and other implementations


def test_signed_rank_quantiles_agree_with_enumeration() -> None:
    """Against all 2**n ways to choose the ranks, counted one by one."""
    for n in range(1, 13):
        sums = np.array([np.dot(signs, range(1, n + 1)) for signs in product((0, 1), repeat=n)])
        for tail in (0.025, 0.05, 0.005):
            largest = max(k for k in range(n * n) if (sums < k).mean() <= tail)
            assert times._signed_rank_quantile(n, tail) == largest


def test_the_normal_approximation_continues_the_exact_quantiles() -> None:
    exact = times._signed_rank_quantile.__wrapped__(stats.EXACT_UP_TO, 0.025)
    n = stats.EXACT_UP_TO
    mean, deviation = n * (n + 1) / 4, math.sqrt(n * (n + 1) * (2 * n + 1) / 24)
    assert exact == pytest.approx(mean - 1.959964 * deviation, abs=2)
    after = times._signed_rank_quantile(n + 1, 0.025)
    assert exact < after < exact + n


def test_the_interval_is_what_scipys_signed_rank_test_does_not_reject() -> None:
    generator = np.random.default_rng(1)
    logs = generator.normal(0.02, 0.05, 15)
    found = stats.paired_ratio(np.exp(logs), np.ones(15))

    def rejected(ratio: float) -> bool:
        return scipy_stats.wilcoxon(logs - np.log(ratio), method="exact").pvalue < 0.05

    for end, inwards in ((found.low, 1.00001), (found.high, 0.99999)):
        assert not rejected(end * inwards)
        assert rejected(end / inwards)


@pytest.mark.parametrize("n", [6, 9, 17, 40, 333])
def test_the_medians_interval_agrees_with_scipys_binomial_test(n: int) -> None:
    """The ends are the outermost values at which a sign test does not reject."""
    samples = np.sort(np.random.default_rng(n).lognormal(size=n))
    found = stats.median(samples)

    def kept(value: float) -> bool:
        return scipy_stats.binomtest(int((samples < value).sum()), n).pvalue >= 0.05

    inside = [kept(value) for value in np.nextafter(samples, np.inf)]
    assert found.low == samples[inside.index(True)]
    assert found.high == samples[n - 1 - inside.index(True)]
    assert found.value == np.median(samples)


@pytest.mark.parametrize("n", range(1, 6))
def test_fewer_than_six_samples_have_no_interval(n: int) -> None:
    samples = np.linspace(1, 2, n)
    for found in (
        stats.median(samples),
        stats.paired_ratio(samples, np.ones(n)),
        stats.over_units(samples),
    ):
        assert (found.low, found.high, found.n) == (None, None, n)
        assert reach(found) == math.inf


def test_six_samples_have_an_interval() -> None:
    assert stats.median([6, 5, 4, 3, 2, 1]) == Estimate(3.5, 1, 6, 6)
    found = stats.paired_ratio([1.1, 1.2, 1.3, 1.4, 1.5, 1.6], [1] * 6)
    assert (found.low, found.high) == pytest.approx((1.1, 1.6))


positive = st.floats(1e-6, 1e3)


@given(st.lists(st.tuples(positive, positive), min_size=1, max_size=40))
def test_ratios_invert_if_swapped_and_scale_with_times(pairs: list[tuple[float, float]]) -> None:
    a, b = (np.array(column) for column in zip(*pairs, strict=True))
    forth, back = stats.paired_ratio(a, b), stats.paired_ratio(b, a)
    assert forth.value == pytest.approx(1 / back.value)
    assert stats.paired_ratio(3 * a, b).value == pytest.approx(3 * forth.value)
    if forth.low is not None:
        assert forth.low == pytest.approx(1 / back.high)
        assert forth.low <= forth.value * (1 + 1e-12)
        assert forth.value <= forth.high * (1 + 1e-12)


@pytest.mark.parametrize("bad", [[], [0.0], [-1.0], [math.nan], [math.inf], [[1.0]]])
def test_invalid_times_are_an_error(bad: list) -> None:
    with pytest.raises(ValueError, match=r"sample|zero"):
        stats.paired_ratio(bad, bad)


def test_samples_must_pair() -> None:
    with pytest.raises(ValueError, match="do not pair"):
        stats.paired_ratio([1.0, 2.0], [1.0])


def test_warm_up_ends_when_samples_get_no_faster() -> None:
    assert not stats.settled([1, 1, 1])
    assert stats.settled([1, 1, 1, 1])
    assert not stats.settled([9, 9, 1, 1])
    assert stats.settled([1, 1, 9, 9])


# --- simulations: what a machine does to the calls of a run, in the order in which they are made

Noise = Callable[[np.random.Generator, int], np.ndarray]


def lognormal(generator: np.random.Generator, calls: int) -> np.ndarray:
    return generator.lognormal(0, 0.1, calls)


def drift(generator: np.random.Generator, calls: int) -> np.ndarray:
    """Calls get slower by half, with a little noise."""
    return np.linspace(1, 1.5, calls) * generator.lognormal(0, 0.02, calls)


def bursts(generator: np.random.Generator, calls: int) -> np.ndarray:
    """One call in twenty hit by something that makes it up to five times as long."""
    hit = generator.random(calls) < 0.05
    return generator.lognormal(0, 0.02, calls) * np.where(hit, generator.uniform(1, 5, calls), 1)


def bimodal(generator: np.random.Generator, calls: int) -> np.ndarray:
    """Each call runs at one of two clock frequencies."""
    return generator.choice([1.0, 1.3], calls) * generator.lognormal(0, 0.01, calls)


def autocorrelated(generator: np.random.Generator, calls: int) -> np.ndarray:
    """AR(1) with a memory of ten calls."""
    steps = generator.normal(0, 0.05, calls)
    before = generator.normal(0, 0.05 / math.sqrt(1 - 0.9**2))
    noise, _ = signal.lfilter([1], [1, -0.9], steps, zi=[0.9 * before])
    return np.exp(noise)


def other_tenant(generator: np.random.Generator, calls: int) -> np.ndarray:
    """Another user comes and goes, for twenty calls on average, and makes calls a third longer."""
    changes = generator.random(calls) < 0.05
    busy = (np.cumsum(changes) + generator.integers(2)) % 2
    return (1 + busy / 3) * generator.lognormal(0, 0.02, calls)


NOISES = [lognormal, drift, bursts, bimodal, autocorrelated, other_tenant]


def a_run(
    noise: Noise, generator: np.random.Generator, rounds: int, models: int = 3
) -> tuple[np.ndarray, np.ndarray]:
    """Samples of a variant and its baseline, interleaved with other models as srbench does."""
    order = generator.permuted(np.tile(np.arange(models), (rounds, 1)), axis=1)
    disturbance = noise(generator, rounds * models).reshape(rounds, models)
    times = np.empty((rounds, models))
    np.put_along_axis(times, order, disturbance, axis=1)  # the model at each position of the round
    return RATIO * times[:, 1], times[:, 0]


def coverage(estimate: Callable[[np.random.Generator], Estimate], truth: float) -> float:
    generator = np.random.default_rng(12345)
    hits = 0
    for _ in range(RUNS):
        found = estimate(generator)
        hits += found.low <= truth <= found.high
    return hits / RUNS


@pytest.mark.parametrize("rounds", [10, 31, 80])
@pytest.mark.parametrize("noise", NOISES)
def test_intervals_of_ratios_cover_under_every_noise(noise: Noise, rounds: int) -> None:
    share = coverage(lambda g: stats.paired_ratio(*a_run(noise, g, rounds)), RATIO)
    assert 0.93 <= share <= 0.97


def test_the_coverage_depends_on_the_random_order() -> None:
    """In a fixed order, drift inside the rounds looks like a difference."""

    def in_order(generator: np.random.Generator) -> Estimate:
        times = drift(generator, 80 * 3).reshape(80, 3)
        return stats.paired_ratio(RATIO * times[:, 1], times[:, 0])

    steep = coverage(in_order, RATIO)
    assert steep < coverage(lambda g: stats.paired_ratio(*a_run(drift, g, 80)), RATIO)


@pytest.mark.parametrize("noise", [lognormal, bursts, autocorrelated])
def test_stopping_on_the_width_keeps_the_coverage(noise: Noise) -> None:
    def stopped(generator: np.random.Generator) -> Estimate:
        variant, baseline = a_run(noise, generator, 120)
        for rounds in (10, 12, 14, 17, 20, 24, 28, 33, 38, 44, 51, 59, 68, 79, 91, 105, 120):
            found = stats.paired_ratio(variant[:rounds], baseline[:rounds])
            if reach(found) <= 0.03:
                break
        return found

    assert 0.93 <= coverage(stopped, RATIO) <= 0.97


@pytest.mark.parametrize("noise", [lognormal, bimodal, bursts])
@pytest.mark.parametrize("n", [6, 30, 101])
def test_intervals_of_medians_cover_if_samples_are_independent(noise: Noise, n: int) -> None:
    truth = np.median(noise(np.random.default_rng(0), 2_000_000))
    share = coverage(lambda g: stats.median(noise(g, n)), truth)
    assert 0.93 <= share <= 0.98  # the order statistics jump: six samples have 96.9 %


def test_intervals_of_medians_do_not_cover_if_samples_are_correlated() -> None:
    """As the docstring says."""
    assert coverage(lambda g: stats.median(autocorrelated(g, 101)), 1.0) < 0.8


def process_luck(generator: np.random.Generator, processes: int) -> list[Estimate]:
    """By chance, each process makes its models 1 % faster or slower; it then measures precisely."""
    luck = generator.lognormal(0, 0.01, (processes, 2))
    found = []
    for variant, baseline in luck:
        times = generator.lognormal(0, 0.01, (30, 2))
        found.append(stats.paired_ratio(RATIO * variant * times[:, 0], baseline * times[:, 1]))
    return found


def test_one_process_does_not_cover_its_chance_effects() -> None:
    """As the docstring says."""
    assert coverage(lambda g: process_luck(g, 1)[0], RATIO) < 0.6


@pytest.mark.parametrize("processes", [6, 8])
def test_fresh_processes_cover_chance_effects(processes: int) -> None:
    def over(generator: np.random.Generator) -> Estimate:
        return stats.over_units([one.value for one in process_luck(generator, processes)])

    assert 0.93 <= coverage(over, RATIO) <= 0.98  # six processes have 96.9 %


def test_paired_ratios_are_more_precise_than_times_on_a_drifting_machine() -> None:
    generator = np.random.default_rng(3)
    variant, baseline = a_run(drift, generator, 80)
    paired = reach(stats.paired_ratio(variant, baseline))
    apart = reach(stats.median(variant))
    assert paired < apart / 2


# --- two independent runs


@pytest.mark.parametrize(("m", "n"), [(4, 4), (5, 9), (12, 7), (20, 20)])
def test_the_shifts_interval_is_what_scipys_rank_sum_test_does_not_reject(m: int, n: int) -> None:
    generator = np.random.default_rng(m * n)
    after, before = generator.lognormal(0.1, 0.2, m), generator.lognormal(0.0, 0.2, n)
    found = stats.independent_ratio(after, before)

    def rejected(ratio: float) -> bool:
        test = scipy_stats.mannwhitneyu(after / ratio, before, method="exact")
        return test.pvalue < 0.05

    for end, inwards in ((found.low, 1.00001), (found.high, 0.99999)):
        assert not rejected(end * inwards)
        assert rejected(end / inwards)


def test_rank_sum_quantiles_agree_with_enumeration() -> None:
    """Against every way to place m samples among n others, counted one by one."""
    for m, n in ((3, 4), (4, 4), (2, 9), (5, 5)):
        sums = []
        for places in combinations(range(m + n), m):
            sums.append(sum(place - rank for rank, place in enumerate(places)))
        for tail in (0.025, 0.05, 0.005):
            largest = max(k for k in range(m * n) if (np.array(sums) < k).mean() <= tail)
            assert times._rank_sum_quantile(m, n, tail) == largest


def test_too_few_samples_of_two_runs_have_no_interval() -> None:
    assert stats.independent_ratio([1.0, 1.1, 1.2], [2.0, 2.1, 2.2]).low is None
    assert stats.independent_ratio([1.0, 1.1, 1.2, 1.3], [2.0, 2.1, 2.2, 2.3]).high < 1


@pytest.mark.parametrize(("m", "n"), [(8, 8), (30, 50), (80, 80)])
def test_the_interval_of_two_independent_runs_covers(m: int, n: int) -> None:
    generator = np.random.default_rng(m)
    covered = 0
    for _ in range(RUNS // 4):
        found = stats.independent_ratio(
            RATIO * generator.lognormal(0, 0.1, m), generator.lognormal(0, 0.1, n)
        )
        covered += found.low <= RATIO <= found.high
    assert 0.92 <= covered / (RUNS // 4) <= 0.98
