"""The data of plots over commits, worked out by hand, and the pictures of them."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from support.records import counted, timed

from srbench.records.record import Record
from srbench.records.steps import COUNTS, Commit, Version, steps
from srbench.report.history import Past
from srbench.report.plots.panel_files import plot_panels
from srbench.report.plots.points import Mark, Panel, Series
from srbench.report.plots.step_lines import MOST_LINES, history_panels
from srbench.report.plots.svg import HEIGHT, chart


def past(*versions: list[Record], machine: str = COUNTS) -> Past:
    """A table with those versions, each a commit of another day."""
    made = (
        Version(Commit(f"{n}" * 40, f"{n}" * 7, f"2026-01-0{n}", f"No. {n}", n), {machine: records})
        for n, records in enumerate(versions, start=1)
    )
    return Past("small", steps(made))


def corners(series: Series) -> list[tuple[float, float]]:
    return [(x, round(y, 6)) for x, y in series.path]


def panel(found: Past, title: str) -> Panel:
    return next(one for one in history_panels([found]) if one.title.startswith(title))


BASE, SE = "resnet18", "resnet18+se"


def test_values_are_drawn_as_they_are_where_their_steps_can_be_seen() -> None:
    found = past(
        [counted(BASE, 1_000_000), counted(SE, 2_000_000)],
        [counted(BASE, 1_000_000), counted(SE, 3_000_000)],
        [counted(BASE, 1_000_000), counted(SE, 3_000_000, macs=6000)],
    )
    params = panel(found, "Params")
    assert (params.title, params.x, params.y) == ("Params", "commit", "Params (M)")
    (line,) = params.series  # the baseline has not changed
    assert line.name == "ResNet-18 + SE"
    assert corners(line) == [(0, 2), (1, 2), (1, 3), (2, 3)]
    assert params.x_names == tuple((n, f"2026-01-0{n + 1}\n{str(n + 1) * 7}") for n in range(3))
    assert line.points[1].label == "ResNet-18 + SE, 2026-01-02 2222222: 3,000,000 (+1,000,000)"
    assert not params.has_zero


def test_small_steps_are_drawn_as_changes_and_equal_ones_together() -> None:
    rows = [(BASE, 11_000_000), (SE, 12_000_000), ("resnet18+sr", 13_000_000)]
    found = past(
        [counted(spec, params) for spec, params in rows],
        [counted(spec, params + 2000) for spec, params in rows],
        [counted(rows[2][0], rows[2][1] + 5000)],
    )
    params = panel(found, "Params")
    assert (params.title, params.y) == ("Params since the first commit", "Δ Params (k)")
    assert params.has_zero
    two, one = params.series
    assert (two.name, one.name) == ("ResNet-18 and 1 more", "ResNet-18 + SR")
    assert corners(two) == [(0, 0), (1, 0), (1, 2), (2, 2)]  # they are gone then
    assert corners(one) == [(0, 0), (1, 0), (1, 2), (2, 2), (2, 5), (2, 5)]


def test_a_row_that_comes_back_has_a_second_line() -> None:
    here, gone = [counted(BASE, 1000)], [counted(SE, 1)]
    found = past([*here, *gone], gone, [counted(BASE, 3000), *gone], [counted(BASE, 4000), *gone])
    first, again = panel(found, "Params").series
    assert (first.name, again.name) == ("ResNet-18", "ResNet-18 (again)")
    assert corners(first) == [(0, 1), (1, 1)]
    assert corners(again) == [(2, 3), (3, 3), (3, 4), (3, 4)]


def test_times_have_their_intervals_and_a_panel_by_machine_and_pass() -> None:
    found = past(
        [timed(BASE, [0.5, 0.6, 0.7])], [timed(BASE, [0.2, 0.3, 0.4])], machine="nvidia-h100"
    )
    (only,) = history_panels([found])
    assert (only.title, only.y) == ("forward on nvidia-h100", "time (ms)")
    (line,) = only.series
    assert [tuple(map(round, point.interval)) for point in line.points] == [(500, 700), (200, 400)]
    assert line.points[1].label.endswith("2026-01-02 2222222: 300.0 [200.0, 400.0] ms")


def test_reasons_are_numbered_in_their_order_across_tables() -> None:
    def changed(params: int, reason: str) -> list[Record]:
        return [counted(BASE, params, reason=reason)]

    one = past(changed(1000, ""), changed(2000, "wider"), changed(3000, "deeper"))
    other = replace(past(changed(1000, ""), changed(2000, "deeper")), name="other")
    first, second = history_panels([one, other])
    assert (first.title, second.title) == ("small: Params", "other: Params")
    assert first.marks == (Mark(1, 1, "wider"), Mark(2, 2, "deeper"))
    assert second.marks == (Mark(1, 2, "deeper"),)


def test_only_the_lines_that_changed_most_are_drawn() -> None:
    rows = [(f"resnet18+sr:memories={n}", 1_000_000 + n) for n in range(1, 12)]
    found = past(
        [counted(spec, params) for spec, params in rows],
        [counted(spec, params + 100 * n) for n, (spec, params) in enumerate(rows, start=1)],
    )
    params = panel(found, "Params")
    assert params.title == "Params since the first commit, the 7 of 11 lines that changed most"
    assert params.y == "Δ Params (k)"
    ends = [line.points[-1].y for line in params.series]
    assert ends == [0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1]
    assert len({line.colour for line in params.series}) == MOST_LINES


def test_nothing_is_drawn_where_nothing_changed() -> None:
    assert history_panels([past([counted(BASE)], [counted(BASE), counted(SE)])]) == []


def test_the_page_has_steps_marks_and_names_of_commits() -> None:
    found = past(*([counted(BASE, 1000 * n, reason=f"No. {n}")] for n in range(2, 9)))
    drawn = chart(panel(found, "Params"))
    (curve,) = drawn.curves
    places = [tuple(map(float, at.split(","))) for at in curve.path[1:].split(" L")]
    assert all(a[0] == b[0] or a[1] == b[1] for a, b in pairwise(places))
    assert [tick.text[:10] for tick in drawn.x_ticks] == [f"2026-01-0{n}" for n in (1, 3, 5, 7)]
    assert [mark.text for mark in drawn.marks] == ["1", "2", "3", "4", "5", "6", "7"]
    assert all(0 < y < HEIGHT for _, y in places)


@pytest.mark.parametrize("suffix", ["pdf", "png", "svg"])
def test_pictures_hold_the_reasons_as_text(tmp_path: Path, suffix: str) -> None:
    reason = "wider $x^2$ \\input{y} \x1b[2J"
    found = past([counted(BASE, 1000)], [counted(BASE, 2000, reason=reason)], [counted(BASE, 2500)])
    (path,) = plot_panels(history_panels([found]), tmp_path / f"steps.{suffix}")
    assert path.stat().st_size > 3000
    if suffix == "svg":
        assert "input{y}" in path.read_text().replace(" ", "")
