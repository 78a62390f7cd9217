"""The interval of a difference of accuracies, beside published ones and its exact coverage."""

import numpy as np
import pytest
from scipy import optimize
from scipy.stats import multinomial

from srbench.stats.paired_images import accuracy_difference

# M. W. Fagerland, S. Lydersen, P. Laake, Statistics in Medicine 33, 2014: 21 patients, of whom 1
# is positive only before and 7 only after; Tango's interval.
PUBLISHED = (1, 7, 21, -0.286, -0.517, -0.026)


def test_is_as_published() -> None:
    gained, lost, images, value, low, high = PUBLISHED
    found = accuracy_difference(gained, lost, images, correction=0)
    assert (round(found.value, 3), round(found.low, 3), round(found.high, 3)) == (value, low, high)


@pytest.mark.parametrize(
    ("gained", "lost", "images"), [(0, 5, 40), (3, 9, 60), (12, 1, 30), (2, 2, 25)]
)
def test_its_ends_are_where_the_likelihood_says(gained: int, lost: int, images: int) -> None:
    """At an end the score is z, with the shares that a numerical maximisation finds there."""
    found = accuracy_difference(gained, lost, images)
    half = 0.5 / images
    for end in (found.low, found.high):

        def unlikely(lost_share: float, end: float = end) -> float:
            shares = np.array([lost_share + end, lost_share, 1 - 2 * lost_share - end])
            counts = np.array([gained, lost, images - gained - lost])
            return -float((counts * np.log(np.maximum(shares, 1e-300))).sum())

        room = (max(0.0, -end) + 1e-12, (1 - end) / 2 - 1e-12)
        share = optimize.minimize_scalar(unlikely, bounds=room, options={"xatol": 1e-12}).x
        deviation = np.sqrt((2 * share + end - end**2) / images)
        assert (abs(found.value - end) - half) / deviation == pytest.approx(1.959964, abs=1e-3)


@pytest.mark.parametrize("images", [30, 125])
def test_covers_as_often_as_it_says(images: int) -> None:
    """Every outcome with its exact probability; the docstring states the worst."""
    every = [(g, lost) for g in range(images + 1) for lost in range(images + 1 - g)]
    outcomes = np.array([one for one in every if sum(one) <= 0.8 * images + 10])
    ends = [accuracy_difference(int(g), int(lost), images) for g, lost in outcomes]
    low, high = np.array([e.low for e in ends]), np.array([e.high for e in ends])
    misses = []
    for discordant in (0.005, 0.02, 0.044, 0.1, 0.3, 0.5):
        for difference in np.linspace(0, discordant, 9):
            gained, lost = (discordant + difference) / 2, (discordant - difference) / 2
            counts = np.column_stack([outcomes, images - outcomes.sum(1)])
            chances = multinomial.pmf(counts, images, [gained, lost, 1 - gained - lost])
            outside = (low > difference + 1e-9) | (high < difference - 1e-9)
            misses.append(chances[outside].sum())
    assert 0.03 < max(misses) <= 0.05


def test_no_discordant_image_has_an_interval() -> None:
    """n images leave out what the score test does: z²/(n + z²), as it was published."""
    found = accuracy_difference(0, 0, 300, correction=0)
    square = 1.959963984540054**2
    assert found.value == 0
    assert found.high == pytest.approx(square / (300 + square), rel=1e-6)
    assert found.low == -found.high
    wider = accuracy_difference(0, 0, 300)
    assert wider.low == -wider.high
    assert wider.high > found.high


def test_four_lost_images_decide_nothing_and_six_do() -> None:
    """As the exact test of McNemar says: p is 2 / 2**4, and 2 / 2**6."""
    assert accuracy_difference(0, 4, 300).high > 0
    assert accuracy_difference(0, 6, 300).high < 0


def test_swapping_the_two_turns_it_round() -> None:
    there, back = accuracy_difference(3, 11, 80), accuracy_difference(11, 3, 80)
    assert there.low == pytest.approx(-back.high, abs=1e-9)
    assert there.high == pytest.approx(-back.low, abs=1e-9)


@pytest.mark.parametrize("lost", [1, 40])
def test_all_that_can_be_lost(lost: int) -> None:
    found = accuracy_difference(0, lost, lost)
    assert found.value == found.low == -1
    assert found.high > -1


@pytest.mark.parametrize("counts", [(0, 0, 0), (3, 3, 5), (-1, 0, 5)])
def test_impossible_counts_are_refused(counts: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="cannot differ"):
        accuracy_difference(*counts)
