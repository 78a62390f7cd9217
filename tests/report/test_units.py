"""Scales and precisions of columns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srbench.report.units import Scale, column_scale, percent_decimals


@pytest.mark.parametrize(
    ("values", "written"),
    [
        ([11_689_512, 48_960_000], ["11.69", "48.96"]),
        ([1_814_073_344, 7_801_405_440], ["1.814", "7.801"]),
        ([269_722], ["269.7"]),
        ([269_722, 36_479_194], ["0.2697", "36.4792"]),
        ([999], ["999"]),
        ([0, 0], ["0", "0"]),
        ([0, 25_557_032], ["0.00", "25.56"]),
        ([1_308_614_983_680], ["1.309"]),
    ],
)
def test_a_column_has_one_scale(values: list[int], written: list[str]) -> None:
    scale = column_scale(values)
    assert [scale.write(value) for value in values] == written


def test_the_prefix_fits_the_size() -> None:
    assert [column_scale([10**n]).prefix for n in (2, 3, 6, 9, 12)] == ["", "k", "M", "G", "T"]


@given(st.lists(st.integers(1, 10**14), min_size=1))
def test_a_written_value_is_exact_to_half_of_its_last_digit(values: list[int]) -> None:
    scale = column_scale(values)
    for value in values:
        shown = float(scale.write(value).replace(",", "")) * scale.divisor
        assert abs(shown - value) <= 0.5001 * scale.divisor * 10**-scale.decimals


def test_percentages_have_enough_decimals_for_the_smallest() -> None:
    assert percent_decimals([]) == 2
    assert percent_decimals([0.0]) == 2
    assert percent_decimals([9.9, 0.15]) == 2
    assert percent_decimals([9.9, -0.0034]) == 4
    assert Scale(decimals=3).write(-0.003) == "-0.003"
