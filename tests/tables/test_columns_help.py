"""`srbench table --columns help` lists the columns of a layout, whatever the folder."""

from pathlib import Path

import pytest

from srbench.cli.app import run
from srbench.report.columns import FIELDS, TIMED
from srbench.tables.columns_help import columns_report


def listed(capsys: pytest.CaptureFixture, *arguments: str) -> list[str]:
    assert run(["table", *arguments, "--columns", "help"]) == 0
    stdout, stderr = capsys.readouterr()
    assert stderr == ""
    return stdout.splitlines()


def test_every_column_is_listed_once_by_kind(capsys: pytest.CaptureFixture) -> None:
    head, rule, *rest = listed(capsys)
    assert head.split() == ["Name", "Title", "Kind", "Key"]
    assert set(rule) == {"─"}
    rows = [line for line in rest if line.endswith("columns")]
    assert sorted(line.split()[0] for line in rows) == sorted(FIELDS)
    keys = {line[head.index("Key") :] for line in rows}
    assert keys == {"columns, device_columns", "device_columns"}
    kinds = [line[head.index("Kind") : head.index("Key")].strip() for line in rows]
    assert list(dict.fromkeys(kinds)) == ["asked for", "counted", "published", "trained", "timed"]
    assert kinds == sorted(kinds, key=list(dict.fromkeys(kinds)).index)


def test_titles_tell_columns_apart_and_keys_are_where_a_layout_may_name_them() -> None:
    rows = {row["name"]: row for row in columns_report().rows}
    titles = [row["title"] for row in rows.values()]
    assert len(set(titles)) == len(titles)
    assert rows["macs_percent"]["title"] == "MACs Δ %"
    device = {name for name, row in rows.items() if row["key"] == "device_columns"}
    assert device == {name for name, field in FIELDS.items() if field.of == TIMED}


@pytest.mark.parametrize("arguments", [("nothing",), ("all",), ("--folder", "/nonexistent")])
def test_it_needs_no_table_and_no_folder(
    arguments: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert listed(capsys, *arguments) == listed(capsys)
    assert list(tmp_path.iterdir()) == []


def test_columns_are_chosen_in_the_layout(capsys: pytest.CaptureFixture) -> None:
    assert run(["table", "--columns", "params"]) == 2
    message, hint = capsys.readouterr().err.splitlines()
    assert message == "error: the columns of a table are not chosen by --columns params"
    assert "under columns = […]; `srbench table --columns help` lists them" in hint
