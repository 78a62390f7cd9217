"""Tables of publications come out as what is known of how they were counted."""

from functools import cache

import pytest
from conftest import read_data

from srbench.claims.judged_rows import judged
from srbench.claims.paper import Cell, Column, PaperTable, Printed, Row
from srbench.records.claim import JudgedFigure
from srbench.records.record import Record
from srbench.runner.tallies import Tally, tally
from srbench.spec.cases import Case

ROWS = read_data("published.csv")
CBAM, SENET, ECANET, HE, WRN = dict.fromkeys(
    row["source"] for row in ROWS if row["params"] or row["macs"]
)
AS_USUAL = {"params": 1e6, "macs": 1e9}  # the heads of columns say M and G


@cache
def counted(case: Case) -> Tally:
    return tally(case)


def judge(source: str, among: str = "") -> dict[str, dict[str, JudgedFigure]]:
    """The verdicts on a publication's table, by row and quantity."""
    rows = [row for row in ROWS if row["source"] == source and row["spec"] and among in row["row"]]
    columns = tuple(
        Column(name, name, unit)
        for name, unit in AS_USUAL.items()
        if any(row[name] for row in rows)
    )
    table = PaperTable(
        source, columns, tuple(_row(at, row, columns) for at, row in enumerate(rows))
    )
    records = judged(table, {}, counted)
    assert [_without_stride(row["spec"]) for row in rows] == [record.spec for record in records]
    return {row["row"]: _by_column(record) for row, record in zip(rows, records, strict=True)}


def _row(at: int, row: dict[str, str], columns: tuple[Column, ...]) -> Row:
    cells = [
        Cell(text, Printed(text, column.unit) if text else None)
        for column in columns
        for text in [row[column.title]]
    ]
    return Row(row["row"], at + 2, tuple(cells))


def _without_stride(spec: str) -> str:
    """As papers name it: none of them writes the stride."""
    return spec.replace("stride=v1,", "").replace(":stride=v1", "")


def _by_column(record: Record) -> dict[str, JudgedFigure]:
    assert record.claim
    return {one.quantity: one for one in record.claim.figures if one.text}


def first(figure: JudgedFigure) -> set[str]:
    return set(figure.explanations[0].departures)


def is_with_stride(figure: JudgedFigure) -> bool:
    return figure.verdict == "holds" or first(figure) == {"with stride=v1"}


def check_cbam(found: dict[str, dict[str, JudgedFigure]]) -> None:
    assert all(one["params"].verdict == "holds" for one in found.values())
    assert all(is_with_stride(one["macs"]) for one in found.values())
    assert {found[row]["macs"].verdict for row in found if "18" in row} <= {"holds"}


def test_cbams_figures_hold_with_the_stride_on_the_first_convolution() -> None:
    check_cbam(judge(CBAM, "ResNet50"))


def test_ecanets_parameters_are_in_units_of_2_20_and_its_se_has_no_bias() -> None:
    found = judge(ECANET, "R18") | judge(ECANET, "R50")
    assert first(found["R18 ResNet"]["params"]) == {"in units of 2^20"}
    without = {"in units of 2^20", "without the blocks' biases"}
    for row in ("R18 SENet", "R50 CBAM"):
        assert without in [{*one.departures} for one in found[row]["params"].explanations]
    ways = [{*one.departures} for one in found["R18 ResNet"]["macs"].explanations[:2]]
    assert {"as thop counts", "in units of 2^30"} in ways
    # It agrees with SENet's figure by coincidence: both ways are given.
    ways = [{*one.departures} for one in found["R50 ResNet"]["macs"].explanations]
    assert {"with stride=v1"} in ways
    assert any("in units of 2^30" in way for way in ways)


def test_parameters_of_networks_for_cifar_hold() -> None:
    for source in (HE, WRN):
        assert all(one["params"].verdict == "holds" for one in judge(source).values())


@pytest.mark.catalog
def test_all_of_cbams_figures_hold() -> None:
    found = judge(CBAM)
    assert len(found) == 24
    check_cbam(found)


@pytest.mark.catalog
def test_all_of_ecanets_parameters_are_in_units_of_2_20() -> None:
    found = judge(ECANET)
    for row, figures in found.items():
        assert "in units of 2^20" in first(figures["params"]), row
        has_bias = row in ("R34 CBAM",) or row.endswith("ResNet")
        assert ("without the blocks' biases" in first(figures["params"])) != has_bias, row
        ways = [{*one.departures} for one in figures["macs"].explanations]
        assert any("in units of 2^30" in way for way in ways), row


@pytest.mark.catalog
def test_senet_adds_a_blocks_cost_to_the_baseline_that_it_prints() -> None:
    found = judge(SENET)
    assert found["VGG-16(BN)"]["macs"].verdict == "holds"
    assert first(found["ResNet-50"]["macs"]) == {"with stride=v1"}
    added = "with the block's cost added to the printed baseline"
    for row, figures in found.items():
        if row.startswith("SE-"):
            ways = [{*one.departures} for one in figures["macs"].explanations]
            assert any(added in way for way in ways), row
        if "ResNeXt" in row:  # their stride is on the 3x3
            assert "with stride=v1" not in first(figures["macs"])
