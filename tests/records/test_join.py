"""Joining the records of one row."""

from dataclasses import replace

from support.records import counted, printed, timed

from srbench.conditions import Setup
from srbench.records.join import RowIndex, rows_of
from srbench.records.results import Results


def test_a_variant_is_compared_with_the_baseline_of_its_own_input() -> None:
    small = [counted("resnet18", 100), counted("resnet18+sr", 110)]
    large = [replace(r, input=(3, 128, 128)) for r in small]
    large[1] = replace(large[1], counts=replace(large[1].counts, params=150))
    rows = rows_of([*small, *large])
    assert [row.delta("params") for row in rows] == [None, 10, None, 50]
    assert [row.percent("params") for row in rows] == [None, 10.0, None, 50.0]
    results = Results([*small, *large])
    assert [results.delta(r, "params") for r in results] == [None, 10, None, 50]


def test_a_row_without_its_baseline_has_no_difference() -> None:
    (row,) = rows_of([counted("resnet18+sr")])
    assert row.delta("params") is None
    assert row.percent("params") is None


def test_counts_times_and_published_figures_of_a_row_are_joined() -> None:
    records = [counted("resnet18"), timed("resnet18", [0.1]), printed("resnet18", params="11.7")]
    (row,) = rows_of(records)
    assert list(row.records) == records
    assert RowIndex(records)(row.row, "Another source").published is None


def test_a_row_timed_in_two_ways_occurs_twice() -> None:
    two = [timed("resnet18", [0.1]), timed("resnet18", [0.2], setup=Setup(batch=2))]
    assert [row.timing for row in rows_of([counted("resnet18"), *two])] == two
