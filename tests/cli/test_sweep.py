"""`srbench sweep` as people use it: repeated, interrupted, and with mistakes."""

import csv
import io
import re
from pathlib import Path

import pytest
from support import fakes

from srbench.cli.app import run
from srbench.cli.commands import sweep as command
from srbench.records import jsonl
from srbench.runner import resume

SMALL = ("--input-size", "64")


@pytest.fixture(autouse=True)
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def sweep(*arguments: str, code: int = 0) -> None:
    assert run(["sweep", *arguments]) == code


def rows(capsys: pytest.CaptureFixture) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(capsys.readouterr().out)))


def test_a_grid_becomes_records_and_a_table(capsys: pytest.CaptureFixture) -> None:
    sweep("resnet18+sr", "--memories", "1,2", "--input-size", "64,96", "-f", "csv")
    found = rows(capsys)
    assert [(r["spec"], r["input_height"]) for r in found] == [
        (spec, side)
        for side in ("64", "96")
        for spec in ("resnet18", "resnet18+sr:memories=1", "resnet18+sr:memories=2")
    ]
    # at 64x64 a memory is 512x2x2, and a unit with 65 parameters
    assert int(found[2]["params"]) - int(found[1]["params"]) == 512 * 2 * 2 + 65
    records = jsonl.read(Path("sweep.jsonl")).records
    assert [str(r.counts.params) for r in records] == [r["params"] for r in found]


def test_rows_with_a_record_are_not_measured_again(monkeypatch: pytest.MonkeyPatch) -> None:
    sweep("resnet18+sr", "--memories", "1,2", *SMALL)
    before = Path("sweep.jsonl").read_bytes()
    counted: list[str] = []
    plain = resume.Counter.__call__

    def spy(self: resume.Counter, row: object, *needs: object) -> object:
        counted.append(str(row))
        return plain(self, row, *needs)

    monkeypatch.setattr(resume.Counter, "__call__", spy)
    sweep("resnet18+sr", "--memories", "1,2,5", *SMALL)
    assert counted == ["resnet18+sr:memories=5 at 64×64"]
    assert Path("sweep.jsonl").read_bytes().startswith(before)


def test_other_versions_are_named_and_make_no_count_stale(capsys: pytest.CaptureFixture) -> None:
    sweep("resnet18+sr", "--memories", "1", *SMALL)
    path = Path("sweep.jsonl")
    path.write_bytes(path.read_bytes().replace(b'"torch":"', b'"torch":"0.'))
    before = path.read_bytes()
    capsys.readouterr()
    sweep("resnet18+sr", "--memories", "1,2", *SMALL)
    assert path.read_bytes().startswith(before)
    said = capsys.readouterr().err
    assert "1 counted now; 2 counted before, taken from records of" in said
    assert "made with other versions: torch 0." in said
    sweep("resnet18+sr", "--memories", "1", *SMALL)
    said = capsys.readouterr().err
    assert "made with other versions: torch 0." in said, "also if nothing is new"


def test_an_interrupted_sweep_keeps_its_rows_and_resumes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    plain = resume.Counter.__call__

    def interrupted(self: resume.Counter, row: object, *needs: object) -> object:
        if "memories=5" in str(row):
            raise KeyboardInterrupt
        return plain(self, row, *needs)

    monkeypatch.setattr(resume.Counter, "__call__", interrupted)
    sweep("resnet18+sr", "--memories", "1,5,9", *SMALL, "--plot", "p.png", code=130)
    stdout, stderr = capsys.readouterr()
    assert "resnet18+sr:memories=1 " in stdout
    assert "2 rows of this sweep in sweep.jsonl" in stderr
    assert not Path("p.png").exists()
    monkeypatch.setattr(resume.Counter, "__call__", plain)
    sweep("resnet18+sr", "--memories", "1,5,9", *SMALL, "--plot", "p.png")
    assert len(jsonl.read(Path("sweep.jsonl")).records) == 4
    assert Path("p.png").stat().st_size > 5000


def test_a_failed_row_does_not_affect_the_others(capsys: pytest.CaptureFixture) -> None:
    sweep("resnet18+sr", "--memories", "1,2", "--input-size", "16,64", code=4)
    stdout, stderr = capsys.readouterr()
    assert stderr.count("error: ") == stderr.count("too small for resnet18") == 1
    assert "error: resnet18 and its variants at 16×16: failed: an input of 16x16" in stderr
    rows_of_two = [line.split() for line in stdout.splitlines() if "memories=2" in line]
    assert rows_of_two[0][1:4] == ["*", "16×16", "–"]
    assert rows_of_two[1][1:3] == ["64×64", f"{11_689_512 + 5_059:,}"]


def test_times_are_measured_with_a_device(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    fakes.install_fake_cuda(monkeypatch)
    arguments = ("cifar_resnet8+se", "--reduction", "8,16", *SMALL, "--device", "cuda")
    sweep(*arguments, "--batch-size", "1,4", "-f", "csv")
    found = rows(capsys)
    assert [(r["spec"], r["batch"]) for r in found] == [
        (spec, batch)
        for spec in ("cifar_resnet8", "cifar_resnet8+se:reduction=8", "cifar_resnet8+se")
        for batch in ("1", "4")
    ]
    assert float(found[2]["forward_overhead"]) == pytest.approx(1.1, abs=0.01)
    before = Path("sweep.jsonl").read_bytes()
    sweep(*arguments, "--batch-size", "1,4")
    assert Path("sweep.jsonl").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("resnet18", "--memories", "1,2"), "has no option 'memories'"),
        (("resnet18+sr", "--memories", "1,,2"), "empty value"),
        (("resnet18+sr", "--memories", "1,x"), "memories=x"),
        (("resnet18+sr", "--vary", "memories"), "is not KEY=A,B"),
        (("resnet18+sr", "--memories", "1", "--vary", "memories=2"), "varied twice"),
        (("resnet18+sr", "--memories", "1", "--vary", "sr.memories=2"), "varied twice"),
        (("resnet18+sr", "--memories", "1", "--output", "sweep.jsonl"), "is read by this command"),
        (("resnet18+sr", "--input-size", "64,big"), "'big' is not an input size"),
        (("resnet18+sr", "--batch-size", "1,2"), "--batch-size needs --device"),
        (("resnet18+sr", "--device", "cpu", "--batch-size", "1,x"), "not a whole number"),
        (("resnet18+sr", "--plot", "p.txt"), "is not the name of a picture"),
        (("resnet18+sr", "--records", "/nonexistent/r.jsonl"), "cannot write to"),
        (("resnet81+sr",), "did you mean resnet18"),
    ],
)
def test_bad_input_is_named_before_any_work(
    arguments: tuple[str, ...],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    monkeypatch.setattr(command, "_count", lambda *_: pytest.fail("counted"))
    sweep(*arguments, code=2)
    stdout, stderr = capsys.readouterr()
    assert stdout == ""
    assert message in stderr
    assert not Path("sweep.jsonl").exists()


def test_the_records_of_a_table_are_refused(capsys: pytest.CaptureFixture) -> None:
    Path("t.toml").write_text("")
    sweep("resnet18+sr", "--memories", "1", *SMALL, "--records", "t.jsonl", code=2)
    assert "belongs to a table" in capsys.readouterr().err


def test_a_damaged_file_is_left_alone(capsys: pytest.CaptureFixture) -> None:
    sweep("resnet18+sr", "--memories", "1", *SMALL)
    path = Path("sweep.jsonl")
    first, second = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first[:-30] + b"\n" + second)
    damaged = path.read_bytes()
    sweep("resnet18+sr", "--memories", "1", *SMALL, code=2)
    assert path.read_bytes() == damaged
    assert "sweep.jsonl line 1" in capsys.readouterr().err


def test_a_last_line_that_was_cut_short_is_measured_again(
    capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("srbench.records.environment.now", lambda: "2026-01-31T23:59:59Z")
    sweep("resnet18+sr", "--memories", "1", *SMALL)
    path = Path("sweep.jsonl")
    whole = path.read_bytes()
    path.write_bytes(whole[:-30])
    sweep("resnet18+sr", "--memories", "1", *SMALL)
    found, expected = (re.sub(rb'"made":"[^"]*"', b"", b) for b in (path.read_bytes(), whole))
    assert found == expected
    assert "line 2 of sweep.jsonl was cut short" in capsys.readouterr().err


def test_a_last_line_without_a_newline_stays_whole() -> None:
    sweep("resnet18+sr", "--memories", "1", *SMALL)
    path = Path("sweep.jsonl")
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    sweep("resnet18+sr", "--memories", "1,2", *SMALL)
    assert len(jsonl.read(path).records) == 3
