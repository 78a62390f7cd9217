"""The data of the plots of rows."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from support.records import counted, printed, timed

from srbench.conditions import Setup
from srbench.errors import SrbenchError
from srbench.records.join import rows_of
from srbench.report.plots.panel_files import plot_panels
from srbench.report.plots.panels import batch_panels, panels, pareto
from srbench.report.plots.points import Point
from srbench.report.plots.svg import HEIGHT, WIDTH, chart

SWEEP = [
    counted("resnet18", 1000, 5000),
    *(counted(f"resnet18+sr:memories={p}", 1000 + 10 * p, 5000 + p) for p in (1, 2, 50)),
    counted("resnet18+sr", 1100, 5010),
]
TRADE = counted("resnet18+se", 1600, 3000)  # fewer MACs for more weights


def test_overhead_against_an_option_includes_its_default() -> None:
    params, macs, *_ = panels(rows_of(SWEEP))
    assert (params.title, macs.title) == (
        "Params overhead against memories of SR",
        "MACs overhead against memories of SR",
    )
    (line,) = params.series
    assert [(p.x, p.y) for p in line.points] == [(1, 1.0), (2, 2.0), (10, 10.0), (50, 50.0)]
    assert params.is_log_x


def test_overhead_against_resolution_has_one_line_per_spec() -> None:
    rows = []
    for side in (64, 128):
        for record in (counted("resnet18", 1000), counted("resnet18+sr", 1000 + side)):
            rows.append(replace(record, input=(3, side, side)))
    panel = next(p for p in panels(rows_of(rows)) if "resolution" in p.title)
    assert [(p.x, p.y) for p in panel.series[0].points] == [(64, 6.4), (128, 12.8)]
    assert panel.series[0].name == "ResNet-18 + SR"


def test_rows_that_also_differ_in_another_block_do_not_share_a_line() -> None:
    rows = rows_of([*SWEEP[:2], counted("resnet18+se+sr:memories=5", 1200)])
    assert not any("memories" in panel.title for panel in panels(rows))


def test_lines_of_several_batches_have_different_names() -> None:
    rows = [*SWEEP]
    for batch in (1, 8):
        for record in SWEEP:
            rows.append(timed(record.spec, [0.1] * 6, 1.1, setup=Setup(batch=batch)))
    panel = next(p for p in panels(rows_of(rows)) if p.y == "forward overhead (%)")
    assert [line.name for line in panel.series] == ["batch 1", "batch 8"]
    assert panel.series[0].points[0].y == pytest.approx(10)


@pytest.mark.parametrize("batches", [(), (1,), (1, 8)])
@pytest.mark.parametrize("timed_rows", [1, 2, 4])
def test_counts_are_in_a_plot_whether_their_row_was_timed_or_not(
    timed_rows: int, batches: tuple[int, ...]
) -> None:
    """And only once, in however many ways the row was timed."""
    rows = [*SWEEP, counted("resnet18+se", 1600, 5000)]  # no MACs, but many weights
    for batch in batches:
        for record in SWEEP[:timed_rows]:
            rows.append(timed(record.spec, [0.1] * 6, 1.1, setup=Setup(batch=batch)))
    found = {panel.title: panel for panel in panels(rows_of(rows))}
    (line,) = found["Params overhead against memories of SR"].series
    assert [(p.x, p.y) for p in line.points] == [(1, 1.0), (2, 2.0), (10, 10.0), (50, 50.0)]
    points, _ = found["MACs overhead against Params overhead"].series
    assert [(p.x, p.y) for p in points.points] == [
        (1, 0.02),
        (2, 0.04),
        (50, 1),
        (10, 0.2),
        (60, 0),
    ]


def test_the_front_holds_the_points_that_no_other_beats() -> None:
    points = [Point(x, y, "") for x, y in ((1, 5), (2, 3), (2, 4), (3, 3), (4, 1), (5, 2))]
    assert [(p.x, p.y) for p in pareto(points)] == [(1, 5), (2, 3), (4, 1)]
    assert pareto([]) == ()


def test_published_errors_give_a_front_of_error_and_cost() -> None:
    errors = {"resnet18": "30.0", "resnet18+sr:memories=1": "29.0", "resnet18+sr": "29.5"}
    rows = rows_of([*SWEEP, *(printed(spec, top1_error=e) for spec, e in errors.items())])
    panel = next(p for p in panels(rows) if p.y == "Top-1 error (%)")
    front = next(series for series in panel.series if series.kind == "front")
    assert [(p.x, p.y) for p in front.points] == [(5000 / 1e9, 30.0), (5001 / 1e9, 29.0)]


def front_of(rows: list, y: str) -> list[tuple[float, float]]:
    panel = next(p for p in panels(rows_of(rows)) if p.y == y and "against Params" in p.title)
    fronts = [series.points for series in panel.series if series.kind == "front"]
    return [(p.x, p.y) for front in fronts for p in front]


def test_an_incomplete_count_is_in_the_plot_but_in_no_front() -> None:
    best = (60.0, -40.0)
    assert front_of([*SWEEP, TRADE], "MACs overhead (%)") == [(1.0, 0.02), best]
    lacking = replace(SWEEP[1], counts=replace(SWEEP[1].counts, macs=4000, macs_fvcore=4000))
    doubtful = replace(lacking, counts=replace(lacking.counts, unknown={"blur": 1}))
    rows = [SWEEP[0], lacking, *SWEEP[2:], TRADE]
    assert front_of(rows, "MACs overhead (%)") == [(1.0, -20.0), best]
    rows = [SWEEP[0], doubtful, *SWEEP[2:], TRADE]
    assert front_of(rows, "MACs overhead (%)") == [(2.0, 0.04), best]
    panel = next(p for p in panels(rows_of(rows)) if "Params" in p.title)
    assert any("(P=1) at 64×64 *: " in p.label for s in panel.series for p in s.points)


def test_an_undecided_overhead_is_in_no_front_and_is_labelled() -> None:
    times = [timed("resnet18", [0.1] * 6)]
    times += [timed(r.spec, [0.1] * 6, 1.05 + n / 100) for n, r in enumerate(SWEEP[1:])]
    times.append(timed(TRADE.spec, [0.1] * 6, 0.9))
    best = (60.0, pytest.approx(-10.0))
    whole = front_of([*SWEEP, TRADE, *times], "forward overhead (%)")
    assert whole == [(1.0, pytest.approx(5.0)), best]
    times[1] = timed(SWEEP[1].spec, [0.1] * 6, 1.02, reach=0.3)
    rows = [*SWEEP, TRADE, *times]
    assert front_of(rows, "forward overhead (%)") == [(2.0, pytest.approx(6.0)), best]
    labels = [p.label for panel in panels(rows_of(rows)) for s in panel.series for p in s.points]
    assert "ResNet-18 + SR (P=1) at 64×64: undecided [-28.0, +32.0]" in labels


def test_warnings_about_times_do_not_change_a_plot_of_counts() -> None:
    rows = [*SWEEP, TRADE]
    times = [timed(r.spec, [0.1] * 6, 1.1, notes=("the GPU was busy",)) for r in rows]
    assert front_of([*rows, *times], "MACs overhead (%)") == front_of(rows, "MACs overhead (%)")
    shown = [panel for panel in panels(rows_of([*rows, *times])) if "against Params" in panel.title]
    assert [panel.y for panel in shown] == ["MACs overhead (%)"]


def test_there_is_no_front_where_one_model_is_the_best_in_both() -> None:
    assert not any("against Params" in panel.title for panel in panels(rows_of(SWEEP)))


def test_overheads_of_times_are_plotted_against_the_batch_size_with_their_intervals() -> None:
    rows = [*SWEEP[:2]]
    for batch, ratio in ((1, 1.2), (8, 1.1)):
        for record, own in zip(SWEEP[:2], (None, ratio), strict=True):
            rows.append(timed(record.spec, [0.1] * 6, own, reach=0.02, setup=Setup(batch=batch)))
    (panel,) = batch_panels(rows_of(rows))
    (line,) = panel.series
    assert panel.title == "Forward overhead against batch size"
    assert [(p.x, p.y) for p in line.points] == [(1, pytest.approx(20)), (8, pytest.approx(10))]
    low, high = line.points[0].interval
    assert low < 20 < high
    assert panel.has_zero
    drawn = chart(panel)
    assert drawn.curves[0].dots[0].ends[0] > drawn.curves[0].dots[0].ends[1]
    assert drawn.zero > max(dot.y for dot in drawn.curves[0].dots)  # below them, in an SVG


def test_specs_of_a_newer_version_are_left_out() -> None:
    assert panels(rows_of([counted("hypernet9"), counted("hypernet9+sr")])) == []


def test_svg_coordinates_are_inside_the_plot_and_in_order() -> None:
    drawn = chart(panels(rows_of(SWEEP))[0])
    xs, ys = zip(*((dot.x, dot.y) for dot in drawn.curves[0].dots), strict=True)
    assert list(xs) == sorted(xs)
    assert list(ys) == sorted(ys, reverse=True)  # y grows downwards in an SVG
    assert 0 < min(xs) < max(xs) < WIDTH
    assert 0 < min(ys) < max(ys) < HEIGHT
    assert [tick.text for tick in drawn.x_ticks] == ["1", "2", "10", "50"]


def test_pictures_are_written_in_every_format(tmp_path: Path) -> None:
    for suffix in ("png", "svg", "pdf"):
        plot_panels(panels(rows_of(SWEEP)), tmp_path / f"p.{suffix}")
        assert (tmp_path / f"p.{suffix}").stat().st_size > 5000
    files = plot_panels(panels(rows_of(SWEEP)), tmp_path / "each-{}.pdf", "ieee")
    assert [path.name for path in files] == [
        "each-params-overhead-against-memories-of-sr.pdf",
        "each-macs-overhead-against-memories-of-sr.pdf",
    ]
    with pytest.raises(SrbenchError, match="nothing to plot"):
        plot_panels([], tmp_path / "none.png")


@pytest.mark.parametrize(("style", "inches"), [("ieee", (3.5, 7.16)), ("neurips", (5.5, 5.5))])
@pytest.mark.parametrize("wide", [False, True])
def test_a_picture_is_as_wide_as_the_paper_and_its_fonts_are_embedded(
    style: str, inches: tuple[float, float], wide: bool, tmp_path: Path
) -> None:
    plot_panels(panels(rows_of(SWEEP))[:1], tmp_path / "p.pdf", style, wide)
    content = (tmp_path / "p.pdf").read_bytes()
    width = float(re.search(rb"/MediaBox \[ 0 0 ([\d.]+)", content)[1])
    assert width == pytest.approx(72 * inches[wide], rel=0.01)
    assert b"/Type3" not in content
    assert b"/TrueType" in content or b"/CIDFontType2" in content
