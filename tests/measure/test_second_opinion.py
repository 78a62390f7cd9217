"""Two counts of the MACs side by side: where they differ, and which is right."""

from collections import Counter

import pytest

from srbench.measure.second_opinion import differences
from srbench.records.counts import Difference

ITSELF = "the network itself"


@pytest.mark.parametrize(
    ("ours", "fvcores", "expected"),
    [
        ({"a": {"conv": 10}}, {"a": {"conv": 10}}, ()),
        # the same products by other names, or in another module
        ({"a": {"addmm": 10, "conv": 3}}, {"a": {"linear": 10, "conv": 3}}, ()),
        ({"a": {"mm": 10}}, {"": {"linear": 10}}, ()),
        # what fvcore does not see
        (
            {"a": {"scaled_dot_product_attention": 7, "mm": 2}, "b": {"addmm": 5}},
            {"a": {"matmul": 2}, "b": {"linear": 5}},
            (Difference("scaled_dot_product_attention", ("a",), 7, 0),),
        ),
        (
            {"a": {"lstm": 7}, "b": {"lstm": 8}, "": {"mv": 1}},
            {},
            (Difference("lstm", ("a", "b"), 15, 0), Difference("mv", (ITSELF,), 1, 0)),
        ),
        # what it counts wrongly
        ({"a": {"bmm": 100}}, {"a": {"einsum": 99}}, (Difference("einsum", ("a",), 100, 99),)),
        ({"a": {"bmm": 100}}, {"a": {"einsum": 101}}, (Difference("einsum", ("a",), 100, 101),)),
        ({"": {"bmm": 64}}, {"": {"matmul": 8}}, (Difference("matmul", (ITSELF,), 64, 8),)),
        ({"": {"conv": 64}}, {}, (Difference("conv", (ITSELF,), 64, 0),)),
        # more than ran, as far as the dispatcher sees: who is right?
        (
            {"a": {"addmm": 5}},
            {"a": {"linear": 5}, "b": {"linear": 9}},
            (Difference("linear", ("b",), 0, 9, right=""),),
        ),
        ({"a": {"conv": 5}}, {"a": {"conv": 9}}, (Difference("conv", ("a",), 5, 9, right=""),)),
    ],
)
def test_differences_are_told_by_operator_and_module(
    ours: dict, fvcores: dict, expected: tuple[Difference, ...]
) -> None:
    counts = [{name: Counter(own) for name, own in count.items()} for count in (ours, fvcores)]
    assert differences(*counts) == expected
