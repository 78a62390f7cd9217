"""The picture of times."""

from pathlib import Path

import pytest
from support.records import timed

from srbench.records.results import Results
from srbench.report.plots.times import plot_times


@pytest.mark.parametrize(
    ("milliseconds", "labels"),
    [
        ([1.5, 12.0, 110.0], {"2", "5", "20", "50"}),  # all of them would overlap
        ([2.1, 3.0, 6.9], {"3", "4", "6"}),
        ([31.0, 32.0, 33.0], {"32"}),
    ],
)
def test_the_axis_of_times_is_labelled_without_overlaps(
    milliseconds: list[float], labels: set[str], tmp_path: Path
) -> None:
    path = tmp_path / "times.svg"
    assert plot_times(Results([timed("resnet18", [t / 1e3 for t in milliseconds])]), path)
    text = path.read_text()
    assert {label for label in labels if f"<!-- {label} -->" in text} == labels
    assert not any(f"<!-- {10 * digit} -->" in text for digit in (7, 8, 9))


def test_an_overhead_without_an_interval_is_hollow_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "times.svg"
    rows = [timed("resnet18", [0.1] * 6), timed("resnet18+se", [0.11] * 6, ratio=1.1)]
    assert plot_times(Results(rows), path)
    assert "hollow" not in path.read_text()
    rows += [timed("resnet18+sr", [0.12], ratio=1.2, reach=None)]
    assert plot_times(Results(rows), path)
    assert "<!-- (hollow: too few samples for one) -->" in path.read_text()
