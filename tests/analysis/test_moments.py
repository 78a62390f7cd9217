"""Running means and deviations, beside numpy on all values at once."""

import numpy as np
import pytest

from srbench.analysis.moments import Moments


@pytest.fixture(scope="module")
def many() -> tuple[np.ndarray, np.ndarray]:
    """100,000 vectors whose means are far larger than their deviations."""
    random = np.random.default_rng(0)
    groups = random.integers(3, size=100_000)
    return 1e4 + groups[:, None] + random.normal(size=(100_000, 5)), groups


def of_batches(values: np.ndarray, groups: np.ndarray, size: int = 256) -> Moments:
    found = Moments(3, values.shape[1])
    for start in range(0, len(values), size):
        found.add(values[start : start + size], groups[start : start + size])
    return found


def test_of_a_hundred_thousand_images_they_are_numpys(many) -> None:
    values, groups = many
    found = of_batches(values, groups)
    for group in range(3):
        own = values[groups == group]
        assert found.count[group] == len(own)
        assert found.mean[group] == pytest.approx(own.mean(0), rel=1e-12)
        assert found.deviation[group] == pytest.approx(own.std(0, ddof=1), rel=1e-9)
    whole = found.whole()
    assert whole.mean[0] == pytest.approx(values.mean(0), rel=1e-12)
    assert whole.deviation[0] == pytest.approx(values.std(0, ddof=1), rel=1e-9)


def test_float32_is_summed_up_in_float64(many) -> None:
    values, groups = many
    small = values.astype(np.float32)
    found = of_batches(small, groups).whole()
    assert found.mean[0] == pytest.approx(small.astype(np.float64).mean(0), rel=1e-12)


def test_two_halves_merge_to_the_whole(many) -> None:
    values, groups = many
    whole, first = of_batches(values, groups), of_batches(values[:70_000], groups[:70_000])
    first.merge(of_batches(values[70_000:], groups[70_000:]))
    assert first.mean == pytest.approx(whole.mean, rel=1e-12)
    assert first.deviation == pytest.approx(whole.deviation, rel=1e-9)


def test_groups_without_images_have_no_numbers() -> None:
    found = Moments(3, 2)
    found.add(np.array([[1.0, 2.0]]), np.array([1]))
    assert np.isnan(found.mean[[0, 2]]).all()
    assert found.mean[1].tolist() == [1, 2]
    assert np.isnan(found.deviation).all()
    found.merge(Moments(3, 2))
    assert found.count.tolist() == [0, 1, 0]


def test_variances_are_those_of_the_analysis_of_variance(many) -> None:
    values, groups = many
    within, between = of_batches(values, groups).variances()
    total = ((values - values.mean(0)) ** 2).sum()
    assert within + between == pytest.approx(total, rel=1e-9)
    by_hand = sum(
        (groups == g).sum() * (values[groups == g].mean(0) - values.mean(0)) ** 2 for g in range(3)
    ).sum()
    assert between == pytest.approx(by_hand, rel=1e-6)
