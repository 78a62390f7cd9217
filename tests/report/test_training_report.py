"""Scores over seeds as a reader sees them: cells, notes, plots and comparisons."""

from typing import Any

import pytest
from support.records import counted, trained

from srbench.records.compare import differences
from srbench.records.gain import Gain, Score
from srbench.records.join import rows_of
from srbench.records.record import Record
from srbench.records.timing import Estimate
from srbench.report.cells import written
from srbench.report.compare import differences_report
from srbench.report.formats import FORMATS
from srbench.report.overview import rows_report
from srbench.report.plots.panels import panels
from srbench.report.table import Column, Table
from srbench.report.training import training_report


def runs(spec: str, *right: int, **others: Any) -> list[Record]:
    return [trained(spec, seed, one, **others) for seed, one in enumerate(right)]


def lines(records: list[Record]) -> list[str]:
    return FORMATS["text"](training_report(records)).splitlines()


@pytest.mark.parametrize(
    ("value", "hint", "text"),
    [
        (Score(0.99125, 0.0042, 6), "score", "99.12 ± 0.42"),
        (Score(0.5, None, 1), "score", "50.00"),
        (Gain(Estimate(0.0052, 0.0011, 0.0093, 6)), "gain", "+0.52 [+0.11, +0.93]"),
        (Gain(Estimate(0.0052, -0.0011, 0.0093, 6)), "gain", "+0.52 [-0.11, +0.93] undecided"),
        (Gain(Estimate(-0.0052, None, None, 1)), "gain", "-0.52 (n=1)"),
        (Gain(Estimate(0.01, None, None, 6), are_equal=True), "gain", "+1.00 (all equal)"),
    ],
)
def test_cells(value: Any, hint: Any, text: str) -> None:
    table = Table("t", (Column("T", hint),), ((value,),))
    titles, cells = written(table, scaled=False)
    assert cells == [[text]]
    assert titles == ["T (%)" if hint == "score" else "T"]


def test_pairs_are_compared_and_the_words_say_what_is_known() -> None:
    found = lines(
        [
            *runs("resnet18", 50, 52, 54),
            *runs("resnet18+se", 60, 62, 65),
            *runs("resnet18+sr", 51, 51, 55),
            *runs("resnet18+cbam", 51, 53, 55),
        ]
    )
    text = "\n".join(found)
    assert found[2].split()[:4] == ["resnet18", "52.00", "±", "2.00"]
    assert "+10.33 [" in found[3]
    assert "] undecided" in found[4]
    assert "+1.00 (all equal)" in found[5]
    assert "Undecided: the interval contains 0. To decide, train with more seeds." in text
    assert "All equal: the differences say nothing" in text
    assert "Nadeau and Bengio, 2003" in text
    assert "Trained on digits, recipe digits: 500 images; each seed holds out 100" in text


def test_given_test_images_are_named_and_not_corrected() -> None:
    records = [
        *runs("resnet18", 50, 52, held_out=None),
        *runs("resnet18+se", 60, 63, held_out=None),
    ]
    text = "\n".join(lines(records))
    assert "it holds for other seeds, not for other images" in text
    assert "Nadeau" not in text
    corrected = "\n".join(lines([*runs("resnet18", 50, 52), *runs("resnet18+se", 60, 63)]))

    def reach(text: str) -> float:
        low, high = text.partition("[")[2].partition("]")[0].split(", ")
        return float(high) - float(low)

    # of two runs 1/2 of the variance, and 1/2 + (1/6) / (5/6) with the correction
    assert reach(corrected) / reach(text) == pytest.approx(
        ((1 / 2 + 1 / 5) / (1 / 2)) ** 0.5, rel=1e-2
    )


def test_regimes_are_sections_and_never_mixed() -> None:
    records = [*runs("resnet18", 50, 52), *runs("resnet18", 20, 22, share=0.1)]
    rows = training_report(records).rows
    assert [row["share"] for row in rows] == [1.0, 0.1]
    assert [row["top1"] for row in rows] == pytest.approx([0.51, 0.21])
    overview = rows_report("x", rows_of(records))
    assert len(overview.rows) == 2


def test_failed_runs_are_left_out_and_named() -> None:
    records = [
        *runs("resnet18", 50, 52),
        trained("resnet18", 2, 0, status="failed: the disk is full"),
    ]
    found = lines(records)
    assert "51.00 ± 1.41" in found[2]
    assert any("the disk is full" in line for line in found)


def test_scores_join_counts_and_runs_of_other_code_do_not() -> None:
    counts = [counted("resnet18", fingerprint="a"), counted("resnet18+se", fingerprint="a")]
    same = [
        *runs("resnet18", 50, 52, fingerprint="a"),
        *runs("resnet18+se", 60, 63, fingerprint="a"),
    ]
    _, variant = rows_of([*counts, *same])
    assert variant.runs() is not None
    assert variant.delta("params") is not None
    other = runs("resnet18+se", 60, 63, fingerprint="b")
    _, variant = rows_of([*counts, *same[:2], *other])
    assert variant.runs() is None
    assert any("trained with other code" in doubt for doubt in variant.doubts)


def test_plots_show_curves_and_error_against_cost() -> None:
    records = []
    for number, block in enumerate(("", "+se", "+cbam", "+sr")):
        spec = f"resnet18{block}"
        records += [counted(spec, macs=5000 + 10 * number)]
        records += runs(spec, 50 + number, 60 + 2 * number)
    found = {panel.title: panel for panel in panels(rows_of(records))}
    curve = found["Top-1 by epoch: digits, recipe digits"]
    assert [series.name for series in curve.series] == [
        f"ResNet-18{b}" for b in ("", " + SE", " + CBAM", " + SR")
    ]
    assert [(point.x, point.y) for point in curve.series[0].points] == [(1, 27.5), (2, 55.0)]
    (cost,) = [
        panel for title, panel in found.items() if title.startswith("Error, 100 − top-1 against")
    ]
    assert cost.x == "MACs (G)"
    assert [point.y for point in cost.series[0].points] == pytest.approx([45, 43.5, 42, 40.5])
    front = next(series for series in cost.series if series.kind == "front")
    assert [point.y for point in front.points] == pytest.approx([45, 43.5, 42, 40.5])


def test_two_sets_are_compared_seed_by_seed() -> None:
    before, after = runs("resnet18", 50, 52, 54), runs("resnet18", 51, 55, 58)
    report = differences_report(differences(before, after), "a", "b")
    top1 = next(row for row in report.rows if row["score"] == "top1")
    assert (top1["mean_a"], top1["mean_b"]) == pytest.approx((0.52, 0.52 + 0.08 / 3))
    assert top1["mean_delta"] == pytest.approx(0.08 / 3)
    assert top1["mean_delta_low"] < 0.026 < top1["mean_delta_high"]
    only_two = differences(before, after[:2])
    (top1,) = [row for row in differences_report(only_two, "a", "b").rows if row["score"] == "top1"]
    assert top1["mean_delta"] == pytest.approx(0.02)
