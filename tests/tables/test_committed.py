"""The committed tables match their records, and the figures that papers print."""

import csv
from pathlib import Path

import pytest
from conftest import read_data

from srbench.check.renderings import check_renderings, orphans
from srbench.records import jsonl
from srbench.records.join import RowIndex
from srbench.records.schema import CONVENTION
from srbench.report.names import Names
from srbench.tables.committed import Committed, layout_paths, open_table

TABLES = Path(__file__).parents[2] / "tables"
COUNTS = ("params", "macs")
NAMES = {
    *("imagenet", "backbones", "memories", "placement", "resolution", "published"),
    *("cifar", "cityscapes", "senet", "ecanet"),
}


@pytest.fixture(scope="module")
def tables() -> dict[str, Committed]:
    return {path.stem: open_table(path) for path in layout_paths(TABLES)}


def test_all_expected_tables_are_committed(tables: dict[str, Committed]) -> None:
    assert set(tables) >= NAMES
    assert list(orphans(TABLES, list(tables.values()))) == []


@pytest.mark.parametrize("name", sorted(NAMES))
def test_the_files_match_their_records(name: str, tables: dict[str, Committed]) -> None:
    table = tables[name]
    table.require_sound()
    assert list(check_renderings(table)) == []
    join = RowIndex(table.records)
    assert all(join(wanted.row).counts for wanted in table.wanted)


def test_cbams_table_4_is_complete_and_agrees_in_every_digit() -> None:
    lines = [
        [cell.strip() for cell in line.strip("| \n").split(" | ")]
        for line in (TABLES / "published.md").read_text().splitlines()
        if line.startswith("| ResNe")
    ]
    reference = read_data("cbam_table4.csv")
    known = Names(jsonl.read(TABLES / "published.jsonl").records)
    called = {row["spec"]: str(known(row["spec"])) for row in reference}
    assert called["resnet18:stride=v1,widen=1.5+se"] == "ResNet-18 (stride=v1, widen=1.5) + SE"
    assert len(lines) == len(reference) == 24
    for cells, row in zip(lines, reference, strict=True):
        spec, name, params, here_params, params_off, macs, here_macs, macs_off, *errors = cells
        assert spec == called[row["spec"]]
        assert name == row["row"]
        assert (params, here_params, params_off) == (row["params"], row["params"], "0")
        assert (macs, here_macs, macs_off) == (row["macs"], row["macs"], "0")
        plain = [error.strip("*").removeprefix("<ins>").removesuffix("</ins>") for error in errors]
        assert plain == [row["top1_error"], row["top5_error"]]


@pytest.mark.parametrize("name", ["published", "senet", "ecanet", "cifar"])
def test_published_records_match_the_reference_figures(
    name: str, tables: dict[str, Committed]
) -> None:
    """Digit by digit, except for rows of the reference with blocks that srbench does not have."""
    units = {"1e6": 1e6, "1e9": 1e9, "2^20": 2.0**20, "2^30": 2.0**30}
    published = [record for record in tables[name].records if record.published]
    sources = {record.published.source for record in published}
    reference = [r for r in read_data("published.csv") if r["source"] in sources and r["spec"]]
    assert [(r["spec"], r["row"]) for r in reference] == [
        (record.spec, record.published.row) for record in published
    ]
    for row, record in zip(reference, published, strict=True):
        assert record.counts is None
        told = {
            figure: (row[figure], units[row[f"{figure}_unit"]] if figure in COUNTS else 0.01)
            for figure in (*COUNTS, "top1_error", "top5_error")
            if row[figure]
        }
        found = {key: (f.printed, f.unit) for key, f in record.published.figures.items()}
        assert found == told


@pytest.mark.parametrize("name", ["senet", "ecanet"])
def test_a_table_that_differs_from_its_source_says_how_the_source_counts(
    name: str, tables: dict[str, Committed]
) -> None:
    (convention,) = {r.published.convention for r in tables[name].records if r.published}
    assert convention != CONVENTION
    assert f"({convention})" in (TABLES / f"{name}.md").read_text()


def test_cifar_parameters_agree_with_the_published_ones() -> None:
    with (TABLES / "cifar.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    off = [row["deviation_params"] for row in rows if row["published_params"]]
    assert off == ["0"] * 6
