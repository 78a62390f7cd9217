"""Measure, edit the block, measure again: no figure of the old block is shown as current."""

import csv
import io
import itertools
import json
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import DATA, forget_modules
from support import fakes
from support.afresh import Afresh
from support.records import counted, printed, timed, write_layout

from srbench.cli.app import run
from srbench.models import subject
from srbench.records import jsonl
from srbench.records.counts import has
from srbench.records.environment import versions
from srbench.records.join import RowIndex, rows_of
from srbench.records.record import UNKNOWN, MadeOf
from srbench.report.origin import origin
from srbench.report.overview import rows_report
from srbench.runner import resume

numbers = itertools.count()

GATE = '''
from torch import nn


class Gate(nn.Module):
    """Weighs every place."""

    def __init__(self, channels: int, k: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, k, padding=k // 2, bias=False)

    def forward(self, x):
        return x * self.conv(x).sigmoid()
'''
GROUPED = ("bias=False", "groups=channels, bias=False")  # one weight per channel instead of C
SAME_FIGURES = ("k // 2", "(k - 1) // 2")  # the same for odd k
LOOKS_ONLY = ("Weighs every place.", "Weighs every place, as in equation 3.")
SIZE = ("--input-size", "64")
# Parameters of a ResNet-8: plain, and with 1x1 convolutions behind its three branches, full or with
# one weight per channel.
PLAIN, FULL, SMALL = 75_290, 80_666, 75_402


@pytest.fixture
def edit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Edits the block's file, which is then imported again, as by the next command."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    path = tmp_path / f"gate{next(numbers)}.py"
    path.write_text(GATE)

    def edit(before: str = "", after: str = "") -> None:
        text = path.read_text()
        assert before in text
        path.write_text(text.replace(before, after))
        forget_modules(path.stem)

    edit.block = f"{path.stem}:Gate"
    forget_modules()
    yield edit
    forget_modules(path.stem)


Printed = Callable[..., dict[str, str]]


@pytest.fixture
def params(capsys: pytest.CaptureFixture) -> Printed:
    """Runs a command that prints CSV, and returns the parameters by spec."""

    def params(*arguments: str, code: int = 0) -> dict[str, str]:
        capsys.readouterr()
        assert run([*arguments, "-f", "csv"]) == code
        return {
            row["spec"]: row["params"]
            for row in csv.DictReader(io.StringIO(capsys.readouterr().out))
        }

    return params


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The specs of the rows, added as they are counted."""
    found: list[str] = []
    plain = resume.Counter._count

    def spy(self: resume.Counter, row: object, *needs: object) -> object:
        found.append(row.spec)
        return plain(self, row, *needs)

    monkeypatch.setattr(resume.Counter, "_count", spy)
    return found


# --- sweep


def test_an_edited_block_is_measured_again(edit: Callable, params: Printed) -> None:
    sweep = ("sweep", f"cifar_resnet8+{edit.block}", "--vary", *SIZE)
    first = params(*sweep[:3], f"{edit.block}.k=1", *SIZE)
    assert first == {"cifar_resnet8": str(PLAIN), f"cifar_resnet8+{edit.block}": str(FULL)}
    edit(*GROUPED)
    found = params(*sweep[:3], f"{edit.block}.k=1,3", *SIZE)
    today = params("flops", f"cifar_resnet8+{edit.block}", f"cifar_resnet8+{edit.block}:k=3", *SIZE)
    assert found == today
    assert found[f"cifar_resnet8+{edit.block}"] == str(SMALL)


@pytest.mark.parametrize("change", [LOOKS_ONLY, ("import nn\n", "import nn  # torch's\n")])
def test_an_edit_without_effect_causes_no_measurement(
    edit: Callable, params: Printed, measured: list[str], change: tuple[str, str]
) -> None:
    sweep = ("sweep", f"cifar_resnet8+{edit.block}", *SIZE)
    before = params(*sweep)
    edit(*change)
    measured.clear()
    assert params(*sweep) == before
    assert measured == []


def test_only_the_rows_of_the_edited_block_are_measured_again(
    edit: Callable, params: Printed, measured: list[str]
) -> None:
    sweep = ("sweep", f"cifar_resnet8+se+{edit.block}", "--reduction", "8,16", *SIZE)
    params(*sweep)
    edit(*SAME_FIGURES)
    measured.clear()
    params(*sweep)
    assert measured == [
        f"cifar_resnet8+se:reduction=8+{edit.block}",
        f"cifar_resnet8+se+{edit.block}",
    ]


def test_a_row_that_cannot_be_measured_any_more_has_no_figures(
    edit: Callable, params: Printed
) -> None:
    sweep = ("sweep", f"cifar_resnet8+{edit.block}", *SIZE)
    params(*sweep)
    edit("super().__init__()", "raise RuntimeError('unfinished')")
    assert params(*sweep, code=4) == {
        "cifar_resnet8": str(PLAIN),
        f"cifar_resnet8+{edit.block}": "",
    }


def test_times_of_the_old_block_are_not_shown(
    edit: Callable, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    fakes.install_fake_cuda(monkeypatch)
    sweep = ["sweep", f"cifar_resnet8+{edit.block}", *SIZE, "-f", "json"]
    assert run([*sweep, "--device", "cuda"]) == 0
    edit(*SAME_FIGURES)
    capsys.readouterr()
    assert run(sweep) == 0
    found = json.loads(capsys.readouterr().out)
    assert {one["spec"] for one in found if "forward_s" in one} == {"cifar_resnet8"}
    assert run(["report", "sweep.jsonl", "-o", "page.html"]) == 0
    assert "was timed with other code than it was counted with" in Path("page.html").read_text()
    capsys.readouterr()
    assert run([*sweep, "--device", "cuda"]) == 0  # both rows are timed again, together
    found = json.loads(capsys.readouterr().out)
    timed_now = [one for one in found if "forward_s" in one]
    assert [one["from_records"] for one in timed_now] == [False, False]
    records = jsonl.read(Path("sweep.jsonl")).records
    assert len({r.fingerprint for r in records if r.spec != "cifar_resnet8"}) == 1


def test_the_origin_of_rows_is_printed(edit: Callable, capsys: pytest.CaptureFixture) -> None:
    sweep = ["sweep", f"cifar_resnet8+{edit.block}", "--vary", f"{edit.block}.k=1", *SIZE]
    assert run(sweep) == 0
    edit(*GROUPED)
    capsys.readouterr()
    assert run([*sweep, "-f", "json"]) == 0
    stdout, stderr = capsys.readouterr()
    (line,) = stderr.splitlines()
    made = jsonl.read(Path("sweep.jsonl")).records[0].made
    assert line == (
        "2 rows of this sweep in sweep.jsonl: 1 counted now; "
        f"1 counted before, taken from records of {made[:10]}"
    )
    rows = json.loads(stdout)
    assert [row["from_records"] for row in rows] == [True, False]
    assert rows[0]["made"] == made
    assert len(rows[1]["fingerprint"]) == 16


def test_an_edit_is_noticed_by_a_fresh_process(afresh: Afresh, tmp_path: Path) -> None:
    """As in a shell, where nothing is patched."""
    (tmp_path / "gate.py").write_text(GATE)

    def swept() -> str:
        done = afresh(["sweep", "cifar_resnet8+gate:Gate", *SIZE, "-f", "csv"], tmp_path)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()[2].split(",")[1]

    assert swept() == str(FULL)
    (tmp_path / "gate.py").write_text(GATE.replace(*GROUPED))
    assert swept() == str(SMALL)


# --- table


@pytest.fixture
def folder(edit: Callable, tmp_path: Path) -> Path:
    layout = (
        f'caption = "T"\ncolumns = ["params"]\n[[rows]]\nmodels = ["cifar_resnet8+{edit.block}"]\n'
    )
    folder = write_layout(tmp_path / "tables", layout + "input_size = 64\n", name="t").parent
    assert run(["table", "t"]) == 0
    return folder


def test_a_table_keeps_figures_that_are_still_true(
    edit: Callable, folder: Path, capsys: pytest.CaptureFixture
) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    old = jsonl.read(folder / "t.jsonl").records
    edit(*SAME_FIGURES)
    assert run(["check"]) == 0, "check compares only counts"
    capsys.readouterr()
    assert run(["table", "t"]) == 0
    assert "its record was made by other code; the figures are the same" in capsys.readouterr().err
    new = jsonl.read(folder / "t.jsonl").records
    assert new[0] == old[0]
    assert new[1].fingerprint not in (old[1].fingerprint, UNKNOWN)
    assert replace(new[1], fingerprint=old[1].fingerprint, parts=old[1].parts) == old[1]
    after = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert {name for name in after if after[name] != before[name]} == {"t.jsonl"}


def test_a_table_does_not_show_figures_that_are_no_longer_true(
    edit: Callable, folder: Path, capsys: pytest.CaptureFixture
) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    edit(*GROUPED)
    capsys.readouterr()
    assert run(["table", "t"]) == 1
    stdout, stderr = capsys.readouterr()
    assert f"{FULL:,} → {SMALL:,}" in stderr
    assert 'hint: if this is intended: srbench table t --update --reason "why"' in stderr
    row = next(
        line for line in stdout.splitlines() if line.startswith(f"cifar_resnet8+{edit.block}")
    )
    assert row.split() == [f"cifar_resnet8+{edit.block}", "*", "–"]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert run(["check"]) == 1
    assert run(["table", "t", "--update", "--reason", "Grouped."]) == 0
    assert f"cifar_resnet8+{edit.block},{SMALL}," in (folder / "t.csv").read_text()
    assert run(["check"]) == 0


def test_new_rows_are_not_written_beside_outdated_ones(edit: Callable, folder: Path) -> None:
    edit(*GROUPED)
    layout = folder / "t.toml"
    layout.write_text(
        layout.read_text().replace(":Gate", f':Gate", "cifar_resnet8+{edit.block}:k=3')
    )
    before = (folder / "t.csv").read_bytes()
    assert run(["table", "t"]) == 1
    assert (folder / "t.csv").read_bytes() == before
    assert len(jsonl.read(folder / "t.jsonl").records) == 3, "what was counted is kept"


def variant(path: Path) -> dict[str, str]:
    """The row of the edited block in a CSV."""
    rows = csv.DictReader(path.read_text().splitlines())
    return next(row for row in rows if row["spec"] != "cifar_resnet8")


def test_the_times_of_a_table_are_measured_again_after_an_edit(
    edit: Callable, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    fakes.install_fake_cuda(monkeypatch)
    assert run(["table", "t", "--device", "cuda"]) == 0
    times = folder / "t.fake-h100.csv"
    assert f"cifar_resnet8+{edit.block},{FULL}" in times.read_text()
    edit(*SAME_FIGURES)
    assert run(["table", "t"]) == 0
    assert variant(times)["forward"] == ""
    assert "other code than it was counted with" in times.with_suffix(".md").read_text()
    assert run(["table", "t", "--device", "cuda"]) == 0
    assert float(variant(times)["forward"]) > 0


# --- older records


def test_times_join_only_counts_of_the_same_code() -> None:
    counts = counted("resnet18", fingerprint="a" * 16)
    other = timed("resnet18", [0.1] * 6, fingerprint="b" * 16)
    same = timed("resnet18", [0.1] * 6, fingerprint="a" * 16)
    unknown = timed("resnet18", [0.1] * 6)
    row = counts.row
    assert RowIndex([counts, other])(row).timing is None
    assert RowIndex([counts, other])(row).outdated == (other,)
    assert RowIndex([counts, same])(row).timing == same
    assert RowIndex([counts, unknown])(row).timing is None
    assert RowIndex([replace(counts, fingerprint=UNKNOWN), unknown])(row).timing == unknown
    assert RowIndex([other])(row).timing == other, "without counts, there is nothing to mix"


def test_the_origin_of_records_is_one_line() -> None:
    today = versions()
    old = counted("resnet18", made="2026-01-02T03:04:05Z", environment=today | {"torch": "2.0"})
    older = replace(old, spec="resnet34", made="2025-12-31T03:04:05Z")
    now = counted("resnet50", environment=today)
    times = timed("resnet18", [0.1] * 6, environment=today)
    failed = replace(counted("resnet101"), counts=None, status="failed: x")
    records = [old, older, now, times, failed, printed("resnet18", params="11.69")]
    assert origin(records, {old.key, older.key, times.key}) == (
        "1 counted now; 2 counted before, taken from records of 2025-12-31 to 2026-01-02; "
        "1 timed before, taken from records of an unknown date; "
        "made with other versions: torch 2.0"
    )
    assert origin([now], {now.key}) == "1 counted before, taken from records of an unknown date"
    assert origin([failed], ()) == ""


def of_an_older_srbench(name: str, folder: Path) -> tuple[str, jsonl.Loaded]:
    """A copy of a file that an older srbench wrote, and its records, which are all sound."""
    path = Path(shutil.copy(DATA / name, folder / "old.jsonl"))
    loaded = jsonl.read(path)
    assert not loaded.problems
    return str(path), loaded


def test_the_first_schema_is_read_with_unknown_code_and_date(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    path, loaded = of_an_older_srbench("schema1.jsonl", tmp_path)
    assert {(r.fingerprint, r.made) for r in loaded.records} == {(UNKNOWN, UNKNOWN)}
    assert [r.timing is not None for r in loaded.records].count(True) == 2
    assert loaded.records[1].settings["sr"].startswith("memories=10")
    assert run(["compare", path, path]) == 4  # it holds a row that failed
    assert "Whether the code is the same is unknown for 5 rows." in capsys.readouterr().out
    assert run(["report", path, "-o", str(tmp_path / "page.html")]) == 0
    assert "unknown" in (tmp_path / "page.html").read_text()


def test_the_second_schema_is_read_with_the_default_precision(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    path, loaded = of_an_older_srbench("schema2.jsonl", tmp_path)
    assert {r.made for r in loaded.records} == {"2026-11-26T08:00:00Z", UNKNOWN}
    assert [r.timing.precision for r in loaded.records if r.timing] == [0.01, 0.01]
    assert run(["compare", path, path]) == 4  # it holds a row that failed
    assert "undecided [-30.0, +60.0]" in capsys.readouterr().out
    assert run(["report", path, "-o", str(tmp_path / "page.html")]) == 0
    assert "undecided [-30.0, +60.0]" in (tmp_path / "page.html").read_text()
    times = replace(loaded.records[4], timing=replace(loaded.records[4].timing, precision=0.5))
    assert jsonl.parse(jsonl.line(times)) == times


def test_the_third_schema_is_read_without_placements(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    path, loaded = of_an_older_srbench("schema3.jsonl", tmp_path)
    timings = [record.timing for record in loaded.records if record.timing]
    assert [timing.precision for timing in timings] == [0.02, 0.02]
    assert {timing.setup.optimizer for timing in timings} == {None}
    (sr,) = [timing.passes["forward"] for timing in timings if timing.role == "variant"]
    assert sr.placements == ()
    assert sr.units == sr.samples[0]
    assert run(["compare", path, path]) == 4  # it holds a row that failed
    capsys.readouterr()
    assert run(["report", path, "-o", str(tmp_path / "page.html")]) == 0
    assert "which never moved the models" in (tmp_path / "page.html").read_text()


def test_the_fourth_schema_is_read_with_the_macs_that_fvcore_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    path, loaded = of_an_older_srbench("schema4.jsonl", tmp_path)
    plain, _sr, wrong, *_ = (record.counts for record in loaded.records)
    assert (plain.macs, plain.macs_fvcore, plain.flops) == (5000, 5000, 5007)
    assert {plain.counter, wrong.counter} == {"fvcore"}
    assert (wrong.macs, wrong.macs_fvcore) == (5000, 5000), "what was printed"
    assert wrong.warnings == (
        "the counters disagree: srbench 5,600 MACs, fvcore 5,000",
        "not counted: cdist (×2)",
    )
    assert run(["compare", path, path]) == 4  # it holds a row that failed
    capsys.readouterr()
    assert run(["report", path, "-o", str(tmp_path / "page.html")]) == 0
    assert "counted by fvcore." in (tmp_path / "page.html").read_text()
    assert all(jsonl.parse(jsonl.line(record)) == record for record in loaded.records)


def test_the_fifth_schema_is_read_with_its_trainings(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    path, loaded = of_an_older_srbench("schema5.jsonl", tmp_path)
    assert [record.kind for record in loaded.records] == [
        *("counted", "counted", "trained", "trained", "timed", "timed")
    ]
    assert {record.analysis for record in loaded.records} == {None}
    assert all(record.training.epochs for record in loaded.records if record.training)
    capsys.readouterr()
    assert run(["report", path, "-o", str(tmp_path / "page.html")]) == 0
    assert all(jsonl.parse(jsonl.line(record)) == record for record in loaded.records)


def test_the_sixth_schema_is_read_and_a_table_is_written_in_this_one(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    path, loaded = of_an_older_srbench("schema6.jsonl", tmp_path)
    with_details = [json.loads(text)["counts"] for text in Path(path).read_text().splitlines()]
    for record, before in zip(loaded.records, with_details, strict=True):
        assert dict(record.counts.operators) == before["operators"]
        assert dict(record.counts.parameters) == before["parameters"]
    table = tmp_path / "t.jsonl"
    Path(path).rename(table)
    layout = 'caption = "C."\ncolumns = ["params"]\n[[rows]]\nmodels = ["cifar_resnet20"]\n'
    (tmp_path / "t.toml").write_text(layout + 'variants = ["sr"]\n')
    assert run(["table", "--folder", str(tmp_path)]) == 0, capsys.readouterr().err
    assert table.read_text().count('{"schema":9,') == len(loaded.records)
    now = {one.spec: one for one in jsonl.read(table).records}
    for record in loaded.records:
        assert now[record.spec].counts == record.counts
    before = table.stat().st_mtime_ns
    assert run(["table", "--folder", str(tmp_path)]) == 0
    assert table.stat().st_mtime_ns == before


def test_the_seventh_schema_is_read_and_gets_what_a_column_needs(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    path, loaded = of_an_older_srbench("schema7.jsonl", tmp_path)
    assert {(one.counts.activations, one.counts.memory) for one in loaded.records} == {(None, None)}
    Path(path).rename(tmp_path / "t.jsonl")
    rows = [row for record in loaded.records for row in ("[[rows]]", f'models = ["{record.spec}"]')]
    for columns, needed in (('"params"', []), ('"params", "max_batch@80GiB"', ["memory"])):
        layout = ['caption = "C."', f"columns = [{columns}]", *rows, ""]
        (tmp_path / "t.toml").write_text("\n".join(layout))
        assert run(["table", "--folder", str(tmp_path)]) == 0, capsys.readouterr().err
        assert run(["check", str(tmp_path)]) == 0, capsys.readouterr()
        now = {one.spec: one for one in jsonl.read(tmp_path / "t.jsonl").records}
        for record in loaded.records:
            after = now[record.spec]
            assert has(after.counts, ["memory"]) == bool(needed)
            assert after.counts.operators == record.counts.operators
    assert "7,772" in (tmp_path / "t.md").read_text()


def test_the_eighth_schema_is_read(tmp_path: Path) -> None:
    path, loaded = of_an_older_srbench("schema8.jsonl", tmp_path)
    lines = Path(path).read_bytes().splitlines(keepends=True)
    for record, first in zip(loaded.records, lines, strict=True):
        assert (record.counted.conventions, record.claim) == (None, None)
        assert jsonl.line(record) == first.replace(b'"schema":8', b'"schema":9')


def test_a_newer_schema_is_refused_with_a_message(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    path = tmp_path / "new.jsonl"
    path.write_bytes(jsonl.line(counted("resnet18")).replace(b'"schema":9', b'"schema":10'))
    assert run(["compare", str(path), str(path)]) == 2
    assert (
        "written by a newer srbench, schema 10; this one reads up to 9" in capsys.readouterr().err
    )


def test_code_that_changes_while_it_is_measured_fails_the_row(
    edit: Callable, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    """A fresh process imports the block again, perhaps after an edit."""
    fakes.install_fake_cuda(monkeypatch)
    plain = subject.assemble

    def edited(spec: object, conditions: object, initialised: bool) -> object:
        assembly = plain(spec, conditions, initialised)
        return replace(assembly, fingerprint="edited") if spec.blocks else assembly

    monkeypatch.setattr(subject, "assemble", edited)
    arguments = ["latency", f"cifar_resnet8+{edit.block}", *SIZE, "--device", "cuda", "-f", "csv"]
    assert run(arguments) == 4
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert rows[0]["status"] == "ok"
    assert "its code was changed while it was measured" in rows[1]["status"]


def test_a_row_without_figures_has_no_times_either(
    edit: Callable, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    fakes.install_fake_cuda(monkeypatch)
    assert run(["table", "t", "--device", "cuda"]) == 0
    edit(*GROUPED)
    capsys.readouterr()
    assert run(["table", "t", "--device", "cuda"]) == 1
    stdout, stderr = capsys.readouterr()
    row = next(
        line for line in stdout.splitlines() if line.startswith(f"cifar_resnet8+{edit.block}")
    )
    assert set(row.split()[2:]) == {"–"}
    assert "parameter layer1.0.bn2.1.conv.weight: 16x16x1x1 → 16x1x1x1" in stderr
    assert "1 counted before, taken from" in stderr


def test_a_row_that_fails_leaves_the_files_as_they_are(
    edit: Callable, folder: Path, capsys: pytest.CaptureFixture
) -> None:
    before = (folder / "t.csv").read_bytes()
    edit("super().__init__()", "raise RuntimeError('unfinished')")
    capsys.readouterr()
    assert run(["table", "t"]) == 4
    stdout, stderr = capsys.readouterr()
    assert "RuntimeError: unfinished" in stdout, "the row says why"
    assert "its Markdown, LaTeX and CSV are left as they are" in stderr
    assert (folder / "t.csv").read_bytes() == before


def test_a_new_row_that_fails_is_shown_with_its_reason(
    edit: Callable, folder: Path, capsys: pytest.CaptureFixture
) -> None:
    layout = folder / "t.toml"
    layout.write_text(
        layout.read_text().replace(":Gate", f':Gate", "cifar_resnet8+{edit.block}:k=-1')
    )
    capsys.readouterr()
    assert run(["table", "t"]) == 4
    stdout = capsys.readouterr().out
    assert f"cifar_resnet8+{edit.block}:k=-1 *" in stdout
    assert f"* cifar_resnet8+{edit.block}:k=-1: failed: " in stdout
    assert f"cifar_resnet8+{edit.block}:k=-1," in (folder / "t.csv").read_text()


def test_a_sweep_survives_the_loss_of_its_file(
    edit: Callable, monkeypatch: pytest.MonkeyPatch, params: Printed
) -> None:
    plain = resume.Counter._count

    def harms(self: resume.Counter, row: object, *needs: object) -> object:
        if row.spec.endswith("memories=5"):
            Path("sweep.jsonl").unlink()
        return plain(self, row, *needs)

    monkeypatch.setattr(resume.Counter, "_count", harms)
    found = params("sweep", "cifar_resnet8+sr", "--memories", "1,5", *SIZE)
    assert len(found) == 3
    assert all(found.values())
    assert len(jsonl.read(Path("sweep.jsonl")).records) == 3


# --- rows of several versions of a block in one file


def test_rows_of_older_code_are_marked_and_not_plotted(
    edit: Callable, capsys: pytest.CaptureFixture
) -> None:
    """A file of records keeps what another sweep measured before the edit."""
    block = edit.block
    sweep = ["sweep", f"cifar_resnet8+{block}", *SIZE, "--vary"]
    assert run([*sweep, f"{block}.k=1,3,5"]) == 0
    path = Path("sweep.jsonl")
    path.write_bytes(
        re.sub(rb'"made":"[^"]*"', b'"made":"2026-01-02T03:04:05Z"', path.read_bytes())
    )
    edit(*GROUPED)
    assert run([*sweep, f"{block}.k=1,7"]) == 0
    assert run(["report", "sweep.jsonl", "-o", "page.html"]) == 0
    page = Path("page.html").read_text()
    gate = f"ResNet-8 + {block.rpartition(':')[2]}"
    said = f"* {gate} (k=3), {gate} (k=5): was measured with older code of {block}"
    assert said in page
    assert f">ResNet-8 + {block.rpartition(':')[2]} (k=5) *<" in page, "the row is marked"
    assert f'data-label="{gate} (k=5) at' not in page, "and not plotted"
    assert f'data-label="{gate} (k=7) at' in page
    report = rows_report("x", rows_of(jsonl.read(path).records))
    warned = [row["spec"] for row in report.rows if "older code" in row["warnings"]]
    assert warned == [f"cifar_resnet8+{block}:k=3", f"cifar_resnet8+{block}:k=5"]


def test_the_newest_code_is_that_of_the_latest_record() -> None:
    def row(k: int, code: str, made: str) -> object:
        parts = (MadeOf("cifar_resnet8", {}, "r"), MadeOf("b:B", {"k": k}, code))
        return counted(f"cifar_resnet8+b:B:k={k}", parts=parts, made=made)

    records = [
        row(1, "new", "2026-01-02T00:00:00Z"),
        row(2, "old", "2026-01-01T00:00:00Z"),
        row(3, UNKNOWN, UNKNOWN),
        row(4, "new", "2026-01-01T00:00:00Z"),
        row(5, "older", UNKNOWN),
    ]
    assert [row.older for row in rows_of(records)] == [(), ("b:B",), (), (), ("b:B",)]


LATE = """
from pathlib import Path

from torch import nn

{edits}


class Block(nn.Module):
    k = 1

    def __init__(self, channels):
        super().__init__()
        {lazy}
        self.conv = nn.Conv2d(channels, channels, self.k, bias=False)

    def forward(self, x):
        return x * self.conv(x).mean((2, 3), keepdim=True)
"""
EDITS = """
path = Path(__file__)
if "k = " + "1" in path.read_text():
    path.write_text(path.read_text().replace("k = " + "1", "k = " + "3"))
"""


@pytest.mark.parametrize("lazy", [False, True])
def test_a_file_edited_while_it_is_imported_is_counted_as_it_was_read(
    lazy: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, params: Printed
) -> None:
    """The code that Python has read is counted; the next command counts the edited file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    name = f"late{next(numbers)}"
    code = LATE.format(edits="" if lazy else EDITS, lazy="")
    if lazy:
        code = LATE.format(edits="", lazy=f"from inner{name} import k").replace("self.k", "k")
        Path(f"inner{name}.py").write_text(f"from pathlib import Path\n\nk = 1\n{EDITS}")
    Path(f"{name}.py").write_text(code)
    found = []
    for _ in range(3):
        found.append(params("sweep", f"cifar_resnet8+{name}:Block", "--input-size", "32"))
        forget_modules(name, f"inner{name}")
    spec = f"cifar_resnet8+{name}:Block"
    assert int(found[1][spec]) - 75_290 == 9 * (int(found[0][spec]) - 75_290)
    assert found[1] == found[2]
    records = jsonl.read(Path("sweep.jsonl")).records
    assert len(records) == 2
