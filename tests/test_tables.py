"""The committed tables: what they say is what their records make, and what papers print."""

from pathlib import Path

import pytest
from conftest import read_data

from srbench.gate.committed import Committed, layout_paths, open_table
from srbench.gate.renderings import check_renderings, orphans
from srbench.rows import Join

TABLES = Path(__file__).parents[1] / "tables"
NAMES = {"imagenet", "backbones", "memories", "placement", "resolution", "published"}


@pytest.fixture(scope="module")
def tables() -> dict[str, Committed]:
    return {path.stem: open_table(path) for path in layout_paths(TABLES)}


def test_they_are_all_here(tables: dict[str, Committed]) -> None:
    assert set(tables) >= NAMES
    assert list(orphans(TABLES, list(tables.values()))) == []


@pytest.mark.parametrize("name", sorted(NAMES))
def test_files_are_what_the_records_make(name: str, tables: dict[str, Committed]) -> None:
    table = tables[name]
    table.require_sound()
    assert list(check_renderings(table)) == []
    join = Join(table.records)
    assert all(join(wanted.row).counts for wanted in table.wanted)


def test_cbams_table_4_is_all_there_and_agrees_in_every_digit() -> None:
    lines = [
        [cell.strip() for cell in line.strip("| \n").split(" | ")]
        for line in (TABLES / "published.md").read_text().splitlines()
        if line.startswith("| resne")
    ]
    reference = read_data("cbam_table4.csv")
    assert len(lines) == len(reference) == 24
    for cells, row in zip(lines, reference, strict=True):
        spec, name, params, here_params, params_off, macs, here_macs, macs_off, *errors = cells
        assert spec.replace("\\", "") == row["spec"]
        assert name == row["row"]
        assert (params, here_params, params_off) == (row["params"], row["params"], "0")
        assert (macs, here_macs, macs_off) == (row["macs"], row["macs"], "0")
        plain = [error.strip("*").removeprefix("<ins>").removesuffix("</ins>") for error in errors]
        assert plain == [row["top1_error"], row["top5_error"]]


def test_published_records_say_whose_they_are(tables: dict[str, Committed]) -> None:
    for record in tables["published"].records:
        if record.published:
            assert record.published.source == "CBAM (Woo et al., ECCV 2018), Table 4"
            assert record.counts is None
