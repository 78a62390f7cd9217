"""Activations, bytes and the largest batch as columns: of `flops`, `sweep`, layouts and plots."""

import csv
import io
import json
from pathlib import Path

import pytest

from srbench.cli.app import run
from srbench.records import jsonl
from srbench.records.join import rows_of
from srbench.report.plots.panels import panels

SMALL = ("--input-size", "32")
BYTES = "param_bytes,peak_inference_bytes,training_bytes"


@pytest.fixture(autouse=True)
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def shown(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    capsys.readouterr()
    assert run([*arguments]) == code
    said = capsys.readouterr()
    return said.err if code else said.out


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_bytes_are_worked_out_only_if_a_column_shows_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    plain = rows(shown(capsys, "flops", "cifar_resnet8", "--sr-memories", "2", "-f", "csv"))
    assert {row["training_bytes"] for row in plain} == {""}
    assert int(plain[0]["activations"]) > 0
    assert int(plain[1]["param_bytes"]) == 4 * int(plain[1]["params"])
    asked = rows(
        shown(
            capsys, "flops", "cifar_resnet8", "--sr-memories", "2", "--columns", BYTES, "-f", "csv"
        )
    )
    assert all(int(row["training_bytes"]) > int(row["peak_inference_bytes"]) for row in asked)


def test_differences_of_bytes_have_a_unit(capsys: pytest.CaptureFixture[str]) -> None:
    columns = "activations_delta,training_bytes,training_bytes_delta,training_bytes_percent"
    text = shown(capsys, "flops", "cifar_resnet8+sr", *SMALL, "--columns", columns)
    title, _, base, variant = text.splitlines()[:4]
    assert "Activations Δ" in title
    assert "Training peak (MB)" in title
    assert "Δ (kB)" in title or "Δ (MB)" in title
    assert base.split()[1:3] == ["–", base.split()[2]]
    assert variant.count("+") == 1 + 3
    assert "SGD with momentum" in text
    assert "Activations: elements that" in text


@pytest.mark.parametrize("form", ["text", "csv", "json", "latex"])
def test_the_largest_batch_is_a_column_in_every_format(
    form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = shown(capsys, "flops", "cifar_resnet8", *SMALL, "--max-batch", "1 GiB", "-f", form)
    if form == "csv":
        (row, *_) = rows(text)
        assert int(row["max_batch@1 GiB"]) > int(row["max_training_batch@1 GiB"]) > 100
    elif form == "json":
        memory = json.loads(text)[0]["memory"]
        fixed, each = memory["inference"]["lines"][-1]
        assert fixed > 0 < each
    else:
        assert "Images in 1 GiB" in text


def test_a_sweep_counts_again_only_for_what_a_record_lacks(
    capsys: pytest.CaptureFixture[str],
) -> None:
    grid = ("sweep", "cifar_resnet8+sr", "--memories", "1,4", *SMALL)
    shown(capsys, *grid)
    assert all(one.counts.memory is None for one in jsonl.read(Path("sweep.jsonl")).records)
    first = rows(shown(capsys, *grid, "--max-batch", "1GiB", "-f", "csv"))
    records = jsonl.read(Path("sweep.jsonl")).records
    assert len(records) == len(first) == 3
    for row, record in zip(first, records, strict=True):
        peak = record.counts.memory.training
        assert int(row["max_training_batch@1GiB"]) == peak.largest_batch(2**30)
    before = Path("sweep.jsonl").stat().st_mtime_ns
    again = shown(capsys, *grid, "--columns", "params,max_batch@2GB", "--plot", "memory.svg")
    assert "Images in 2 GB" in again
    assert Path("sweep.jsonl").stat().st_mtime_ns == before, "other cards need no new count"
    drawn = [panel.title for panel in panels(rows_of(records))]
    assert "Training peak overhead at batch 1 against memories of SR" in drawn
    assert "Activations overhead against memories of SR" in drawn
    assert Path("memory.svg").exists()


def test_a_layout_has_them_and_check_compares_them(capsys: pytest.CaptureFixture[str]) -> None:
    folder = Path("tables")
    folder.mkdir()
    layout = (
        'caption = "Fits."\ncolumns = ["params", "training_bytes", "max_batch@1GiB"]\n'
        '[[rows]]\nmodels = ["cifar_resnet8"]\nvariants = ["sr"]\n'
    )
    (folder / "fits.toml").write_text(layout)
    shown(capsys, "table")
    assert "Images in 1 GiB" in (folder / "fits.md").read_text()
    shown(capsys, "check")
    text = (folder / "fits.jsonl").read_text()
    peak = jsonl.read(folder / "fits.jsonl").records[0].counts.memory.training.counted
    (folder / "fits.jsonl").write_text(text.replace(str(peak), str(peak + 4)))
    capsys.readouterr()
    assert run(["check"]) == 1
    assert f"training_bytes {peak + 4:,} → {peak:,} (-4)" in capsys.readouterr().out


def test_a_table_of_other_columns_needs_no_memory(capsys: pytest.CaptureFixture[str]) -> None:
    folder = Path("tables")
    folder.mkdir()
    layout = 'caption = "C."\ncolumns = ["params"]\n[[rows]]\nmodels = ["cifar_resnet8"]\n'
    (folder / "plain.toml").write_text(layout)
    shown(capsys, "table")
    (record,) = jsonl.read(folder / "plain.jsonl").records
    assert record.counts.memory is None
    (folder / "plain.toml").write_text(layout.replace('"params"', '"params", "training_bytes"'))
    assert run(["check"]) == 1
    assert "has a record without what a column shows" in capsys.readouterr().out
    shown(capsys, "table")
    (record,) = jsonl.read(folder / "plain.jsonl").records
    assert record.counts.memory is not None


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ("max_batch@80", "has no unit"),
        ("max_batch@", "is of a card's memory"),
        ("max_batch", "max_batch@SIZE"),
        ("max_batch@80XB", "unknown unit"),
        ("params@80GiB", "unknown column 'params@80GiB'"),
        ("top1@0.1", "unknown column 'top1@0.1'"),
    ],
)
def test_columns_without_a_size_are_refused(
    columns: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said in shown(capsys, "flops", "cifar_resnet8", "--columns", columns, code=2)
    assert said in shown(capsys, "flops", "cifar_resnet8", "--columns", columns, code=2)


@pytest.mark.parametrize("command", [("flops", "cifar_resnet8"), ("sweep", "cifar_resnet8+sr")])
def test_a_size_without_a_unit_is_refused(
    command: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert "has no unit" in shown(capsys, *command, "--max-batch", "80", code=2)
    assert not Path("sweep.jsonl").exists()


def test_peaks_of_a_batch_have_columns_of_their_own(capsys: pytest.CaptureFixture[str]) -> None:
    of_64 = [f"training_bytes{what}@64" for what in ("", "_delta", "_percent")]
    asked = ("--columns", ",".join(["training_bytes_percent", *of_64]), "-f", "csv")
    base, variant = rows(shown(capsys, "flops", "cifar_resnet8+sr", *SMALL, *asked))
    shown(capsys, "flops", "cifar_resnet8+sr", *SMALL, *asked[:2], "-o", "a.jsonl")
    peaks = [one.counts.memory.training.at(64) for one in jsonl.read(Path("a.jsonl")).records]
    assert [int(base[of_64[0]]), int(variant[of_64[0]])] == peaks
    assert int(variant[of_64[1]]) == peaks[1] - peaks[0]
    assert float(variant[of_64[2]]) == pytest.approx(100 * (peaks[1] - peaks[0]) / peaks[0])
    assert base[of_64[1]] == ""
    text = shown(capsys, "flops", "cifar_resnet8+sr", *SMALL, *asked[:2], "--notes", "short")
    assert "Training peak, batch 64" in text
    assert "SGD with momentum" in text


@pytest.mark.parametrize("batch", ["0", "x", "1.5", "99999999", ""])
def test_a_batch_that_is_none_is_refused(batch: str, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("flops", "cifar_resnet8", "--columns", f"training_bytes@{batch}")
    assert "is of no batch" in shown(capsys, *asked, code=2)
