"""Entropy and mutual information, beside scipy, scikit-learn and simulations."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import mutual_info_score

from srbench.stats.information import PERMUTATIONS, entropy, information


def softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def test_entropy_is_scipys() -> None:
    p = softmax(np.random.default_rng(0).normal(size=(50, 7)))
    assert entropy(p) == pytest.approx(stats.entropy(p, base=2, axis=1), rel=1e-12)


def test_of_whole_choices_it_is_scikit_learns() -> None:
    random = np.random.default_rng(1)
    memories, classes = random.integers(4, size=400), random.integers(6, size=400)
    found = information(np.eye(4)[memories], classes, permutations=1)
    assert found.value == pytest.approx(mutual_info_score(classes, memories) / np.log(2), rel=1e-9)


def test_weights_that_the_class_decides() -> None:
    classes = np.arange(60) % 3
    found = information(np.eye(3)[classes], classes)
    assert found.value == pytest.approx(np.log2(3))
    assert found.p_value == 1 / (1 + PERMUTATIONS)
    assert found.by_chance is not None
    assert found.by_chance < 0.2


@pytest.mark.parametrize(
    "draw",
    [
        lambda random, n: softmax(random.normal(size=(n, 4))),
        lambda random, n: softmax(20 * random.normal(size=(n, 4))),  # one memory an image
        lambda random, n: softmax(random.standard_cauchy(size=(n, 1)) * [[1.0, 0.0]]),
    ],
    ids=["smooth", "hard", "heavy tails"],
)
def test_weights_without_the_class_alarm_in_five_percent(draw) -> None:
    random = np.random.default_rng(2)
    alarms = 0
    for number in range(500):
        classes = random.integers(5, size=60)
        found = information(draw(random, 60), classes, permutations=99, seed=number)
        alarms += found.p_value <= 0.05
    assert 0.03 * 500 <= alarms <= 0.07 * 500


def test_equal_weights_are_no_alarm() -> None:
    weights = np.full((90, 3), 1 / 3) + np.random.default_rng(3).normal(size=(90, 3)) * 1e-16
    assert information(weights, np.arange(90) % 3).p_value == 1


def test_a_dependence_far_below_a_bit_is_found() -> None:
    weights, classes = np.full((300, 4), 0.25), np.arange(300) % 3
    weights[classes == 0, 0] += 1e-9
    weights[classes == 0, 1] -= 1e-9
    found = information(weights, classes)
    # To second order: the sum of p (step / p)^2 / 2 over classes, in nats.
    steps = np.array([[2 / 3, -2 / 3], [-1 / 3, 1 / 3], [-1 / 3, 1 / 3]]) * 1e-9
    nats = (steps**2 / 0.25 / 2).sum(1).mean()
    assert found.value == pytest.approx(nats / np.log(2), rel=1e-3)
    assert found.p_value == 1 / (1 + PERMUTATIONS)


def test_one_class_cannot_be_tested() -> None:
    found = information(softmax(np.ones((5, 2))), [4] * 5)
    assert (found.value, found.by_chance, found.p_value) == (0, None, None)


def test_the_same_seed_deals_the_same() -> None:
    weights = softmax(np.random.default_rng(4).normal(size=(40, 3)))
    assert information(weights, np.arange(40) % 4) == information(weights, np.arange(40) % 4)


@pytest.mark.parametrize("shapes", [((0, 2), 0), ((3, 2), 2)])
def test_what_does_not_fit_is_refused(shapes: tuple[tuple[int, int], int]) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        information(np.ones(shapes[0]), np.zeros(shapes[1]))
