"""Published and exact figures, to every printed digit, without a tolerance."""

import pytest
from conftest import read_data

from srbench.runner.counting import run
from srbench.spec.cases import case_of, cases
from srbench.spec.parse import parse

TABLE4 = read_data("cbam_table4.csv")
EXACT = read_data("exact.csv")


def test_all_rows_of_cbams_table_4_are_in_the_data() -> None:
    assert len(TABLE4) == 24


# The two networks of 101 layers consist of the same blocks as those of 50.
DEEP = ("resnet101", "resnext101")


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(row, marks=pytest.mark.catalog if row["spec"].startswith(DEEP) else ())
        for row in TABLE4
    ],
    ids=lambda row: row["spec"],
)
def test_counts_agree_with_cbams_table_4(row: dict[str, str]) -> None:
    (record,) = run([case_of(parse(row["spec"]))])
    assert record.warnings == ()
    assert f"{record.counts.params / 1e6:.2f}" == row["params"]
    assert f"{record.counts.macs / 1e9:.3f}" == row["macs"]


@pytest.mark.parametrize("row", EXACT, ids=lambda row: row["spec"])
def test_counts_agree_with_exact_figures(row: dict[str, str]) -> None:
    (record,) = run([case_of(parse(row["spec"]), row["input"])])
    counts = record.counts
    found = {"params": counts.params, "macs": counts.macs, "flops_fvcore": counts.flops}
    told = {key: int(row[key]) for key in found if row[key]}
    assert told == {key: found[key] for key in told}
    assert told
    assert counts.macs == counts.macs_fvcore


def test_the_overhead_of_squeeze_remember_agrees_with_the_paper() -> None:
    baseline, sr = run(cases(["resnet50+sr"]))
    assert sr.counts.params - baseline.counts.params == 1_009_419
    assert sr.counts.macs - baseline.counts.macs == 1_107_648
    assert sr.counts.flops - baseline.counts.flops == 1_107_648
