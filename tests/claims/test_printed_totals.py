"""What a total is printed as, in every unit and with every way to round."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from srbench.claims.printing import (
    BASELINE_FIRST,
    HALF,
    IN_WORDS,
    ON_PRINTED,
    TRUNCATED,
    TWICE,
    Baseline,
    written,
)


def digits(
    value: int, unit: int, decimals: int, baseline: Baseline | None = None, quantity: str = "macs"
) -> dict[tuple[str, ...], set[int]]:
    found: dict[tuple[str, ...], set[int]] = {}
    for one in written(quantity, value, baseline, unit, decimals, 3):  # type: ignore[arg-type]
        found.setdefault(one.departures, set()).add(one.digits)
    return found


def test_resnet50_as_papers_print_it() -> None:
    found = digits(4_089_184_256, 10**9, 2)
    assert found[()] == {409}
    assert found[(TRUNCATED,)] == {408}
    assert found[(TWICE,)] == {818}
    assert found[(HALF,)] == {204}
    assert found[(IN_WORDS[2**30],)] == {381}
    assert found[(TWICE, IN_WORDS[2**30], TRUNCATED)] == {761}


def test_parameters_are_never_twice_as_many() -> None:
    found = digits(25_557_032, 10**6, 2, quantity="params")
    assert found[()] == {2556}
    assert found[(IN_WORDS[2**20],)] == {2437}
    assert not {TWICE, HALF} & {word for way in found for word in way}


def test_a_number_in_the_middle_may_be_rounded_both_ways() -> None:
    assert digits(4_085_000_000, 10**9, 2)[()] == {408, 409}


def test_what_a_block_adds_is_added_to_the_rounded_or_the_printed_baseline() -> None:
    """Baseline 1.004 and block 0.004: 1.008 as a whole, 1.00 + 0.004 if the baseline is rounded,
    and 1.02 + 0.004 if it is printed so."""
    found = digits(1_008, 1_000, 2, Baseline(1_004, 102))
    assert found[()] == {101}
    assert found[(BASELINE_FIRST,)] == {100}
    assert found[(ON_PRINTED,)] == {102}


def test_whole_numbers_may_be_rounded_to_hundreds() -> None:
    found = digits(4_089_184_256, 10**6, 0)
    assert found[()] == {4089}
    assert found[("rounded to 10",)] == {4090}
    assert found[("rounded to 100",)] == {4100}
    assert found[("rounded to 1,000",)] == {4000}


@given(st.integers(1, 10**12), st.sampled_from((1, 10**3, 10**6, 10**9)), st.integers(0, 6))
def test_rounding_is_that_of_fractions(value: int, unit: int, decimals: int) -> None:
    exact = Fraction(value * 10**decimals, unit)
    found = digits(value, unit, decimals)
    assert all(abs(one - exact) <= Fraction(1, 2) for one in found[()])
    assert found[(TRUNCATED,)] == {exact.numerator // exact.denominator}
