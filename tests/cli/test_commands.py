"""The command line as people and scripts use it."""

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.afresh import Afresh
from support.records import counted

import srbench
from srbench.catalog import BACKBONES, BLOCKS
from srbench.cli.app import run
from srbench.measure.forward_counts import ForwardCounts
from srbench.records import jsonl
from srbench.runner import counting as runner

SMALL = ("--input-size", "64")


def flops(capsys: pytest.CaptureFixture, *arguments: str, code: int = 0) -> tuple[str, str]:
    assert run(["flops", *arguments]) == code
    return capsys.readouterr()


def rows(stdout: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(stdout)))


def test_flops_shows_exact_counts_and_differences(capsys: pytest.CaptureFixture) -> None:
    stdout, stderr = flops(capsys, "resnet50", "--sr-memories", "10")
    lines = stdout.splitlines()
    assert re.split(r"\s{2,}", lines[2]) == [
        *("resnet50", "25,557,032", "–", "–"),
        *("4,089,184,256", "–", "–", "4,111,512,576", "–", "–"),
    ]
    assert re.split(r"\s{2,}", lines[3]) == [
        *("resnet50+sr", "26,566,451", "+1,009,419", "+3.95"),
        *("4,090,291,904", "+1,107,648", "+0.027", "4,112,620,224", "+1,107,648", "+0.027"),
    ]
    assert stderr == ""


def test_csv_has_exact_numbers(capsys: pytest.CaptureFixture) -> None:
    stdout, _ = flops(capsys, "resnet18", "--se", "--format", "csv")
    assert stdout.startswith("spec,params,macs,flops,")
    baseline, se = rows(stdout)
    assert (baseline["params"], baseline["macs"], baseline["flops"]) == (
        "11689512",
        "1814073344",
        "1819065856",
    )
    assert baseline["params_delta"] == ""
    assert int(se["params"]) - int(baseline["params"]) == int(se["params_delta"])
    assert float(se["params_percent"]) == 100 * int(se["params_delta"]) / 11689512


def test_json_has_exact_numbers_and_all_fields(capsys: pytest.CaptureFixture) -> None:
    stdout, _ = flops(capsys, "resnet18+cbam", *SMALL, "--format", "json")
    baseline, cbam = json.loads(stdout)
    assert baseline["modules"] == []
    assert len(cbam["modules"]) == 8
    assert sum(m["params"] for m in cbam["modules"]) == cbam["params_delta"]
    assert cbam["uncounted"]["amax"] == 8
    assert cbam["environment"]["srbench"] == srbench.__version__


def test_shorthands_and_variants_add_rows_after_the_baseline(
    capsys: pytest.CaptureFixture,
) -> None:
    stdout, _ = flops(
        capsys,
        *("resnet18", "resnet34", *SMALL, "-f", "csv", "--se", "--cbam"),
        *("--sr-memories", "2", "--sr-memories", "10", "--dropout2d", "0.2"),
        *("--variant", "se+sr:memories=4"),
    )
    added = ["", "+se", "+cbam", "+sr:memories=2", "+sr", "+dropout2d:p=0.2", "+se+sr:memories=4"]
    expected = [name + variant for name in ("resnet18", "resnet34") for variant in added]
    assert [row["spec"] for row in rows(stdout)] == expected


def test_a_backbone_alone_gets_the_default_variants(capsys: pytest.CaptureFixture) -> None:
    stdout, _ = flops(capsys, "resnet18", *SMALL, "-f", "csv")
    assert [row["spec"] for row in rows(stdout)] == [
        "resnet18",
        "resnet18+se",
        "resnet18+cbam",
        "resnet18+sr",
    ]
    stdout, _ = flops(capsys, "resnet18", *SMALL, "-f", "csv", "--no-variants")
    assert [row["spec"] for row in rows(stdout)] == ["resnet18"]


def test_input_size_and_classes_can_be_given(capsys: pytest.CaptureFixture) -> None:
    arguments = ("resnet18+sr", "--input-size", "64x96", "--num-classes", "10", "-f", "csv")
    stdout, _ = flops(capsys, *arguments)
    assert [(r["input_height"], r["input_width"], r["num_classes"]) for r in rows(stdout)] == [
        ("64", "96", "10")
    ] * 2


def test_per_module_shows_the_blocks_of_each_stage(capsys: pytest.CaptureFixture) -> None:
    stdout, _ = flops(capsys, "resnet18", "--cbam", "--sr-memories", "3", *SMALL, "--per-module")
    assert re.search(r"resnet18\+cbam +layer1 +cbam +2 +64×16×16", stdout)
    assert re.search(r"resnet18\+sr:memories=3 +layer4 +sr:memories=3 +1 +512×2×2", stdout)
    stdout, _ = flops(capsys, "resnet18", "--cbam", *SMALL, "--per-module", "-f", "csv")
    found = rows(stdout)
    assert list(found[0]) == [
        *("spec", "params", "macs", "flops", "stage", "module", "block"),
        *("channels", "height", "width"),
    ]
    assert [r["module"] for r in found] == [
        f"layer{stage}.{i}.bn2.1" for stage in range(1, 5) for i in range(2)
    ]
    c, h = 64, 16
    assert int(found[0]["params"]) == 2 * c * (c // 16) + c // 16 + c + 98 + 2
    assert int(found[0]["macs"]) == 4 * c * (c // 16) + 98 * h * h


@pytest.mark.parametrize("suffix", ["md", "tex", "csv", "json", "txt"])
def test_the_format_of_an_output_follows_its_suffix(
    suffix: str, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    path = tmp_path / f"table.{suffix}"
    stdout, stderr = flops(capsys, "resnet18", "--se", *SMALL, "-o", str(path))
    assert stdout == ""
    assert stderr == f"wrote {path}\n"
    forms = {"md": "markdown", "tex": "latex", "txt": "text"}
    expected, _ = flops(capsys, "resnet18", "--se", *SMALL, "-f", forms.get(suffix, suffix))
    made = r'"made": "[^"]*"'
    assert re.sub(made, "", path.read_text()) == re.sub(made, "", expected)


def test_an_unknown_suffix_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    path = tmp_path / "table.xlsx"
    _, stderr = flops(capsys, "resnet18", *SMALL, "-o", str(path), code=2)
    assert "has an unknown suffix" in stderr
    assert ".tex" in stderr
    assert not path.exists()
    flops(capsys, "resnet18", "--no-variants", *SMALL, "-o", str(path), "-f", "csv")
    assert path.read_text().startswith("spec,")


def test_output_replaces_a_file_only_after_counting(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    path = tmp_path / "table.csv"
    path.write_text("precious")
    flops(capsys, "resnet18+se:reduction=x", *SMALL, "-o", str(path), code=2)
    assert path.read_text() == "precious"
    flops(capsys, "resnet18+se", *SMALL, "-o", str(path))
    assert path.read_text().startswith("spec,")


def test_an_unwritable_output_is_found_before_counting(
    tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("counting has started")

    monkeypatch.setattr(runner, "run", never)
    for path in (tmp_path, tmp_path / "no" / "such" / "folder.csv", Path("/dev/full/x")):
        _, stderr = flops(capsys, "-o", str(path), code=2)
        assert stderr.startswith(f"error: cannot write to {path}")


BAD = [
    (["resnet5"], "unknown model 'resnet5'", "did you mean resnet50?"),
    (["resnet50+ses"], "unknown block 'ses'", "did you mean se?"),
    (["resnet50+sr:memory=3"], "no option 'memory'", "memories"),
    (["resnet50+sr:memories=3,memories=3"], "given twice", "once"),
    (["resnet50", "--sr-memories", "0"], "memories=0", "at least 1"),
    (["resnet50+sr:hidden=0"], "hidden=0", "at least 1"),
    (["resnet50", "--dropout2d", "1.5"], "p=1.5", "from 0 to 1"),
    (["resnet50", "--dropout2d", "nan"], "p=nan", "from 0 to 1"),
    (["resnet50+sr:stage=layer9"], "no stage 'layer9'", "layer4"),
    (["resnet50", "--input-size", "224,224"], "'224,224' is not an input size", "192x256"),
    (["resnet50", "--input-size", "224x"], "'224x' is not an input size", "192x256"),
    (["resnet50", "--input-size", "3x224x224"], "is not an input size", "192x256"),
    (["resnet50", "--input-size", "-224"], "is not an input size", "192x256"),
    (["resnet50", "--input-size", "0"], "0x0 pixels", "from 1"),
    (["resnet50", "--num-classes", "0"], "0 classes", "from 1"),
    (["resnet50", "--variant", "resnet50+se"], "unknown block 'resnet50'", "srbench blocks"),
    (["resnet50", "--variant", ""], "a variant is empty", "--variant se+sr"),
    (["resnet50", "--sr-memories", "x"], "--sr-memories", "write --sr-memories 2,10"),
    (["resnet50", "--form", "x"], "--form", "srbench flops --help"),
    (["resnet50", "--format", "yaml"], "yaml", "it accepts text, markdown"),
]


@pytest.mark.parametrize(("arguments", "problem", "remedy"), BAD, ids=lambda v: str(v)[:40])
def test_bad_input_is_two_lines_and_exit_code_2(
    arguments: list[str], problem: str, remedy: str, capsys: pytest.CaptureFixture, tmp_path: Path
) -> None:
    out = tmp_path / "out.csv"
    stdout, stderr = flops(capsys, *arguments, "--output", str(out), code=2)
    assert stdout == ""
    error, hint = stderr.splitlines()
    assert error.startswith("error: ")
    assert problem in error
    assert hint.startswith("hint: ")
    assert remedy in hint
    assert not out.exists()


FAILING = [
    (["resnet50+se:reduction=1000"], "reduction 1000 leaves none of 256 channels", "options"),
    (["resnet50+cbam:kernel=4"], "kernel must be odd", "options"),
    (["resnet50+sr:memories=999999999999"], "out of memory: 256000.00 GB", "options"),
    (["resnet50", "--input-size", "16"], "16x16 is too small for resnet50", "32 or more"),
    (["resnet50:widen=1.01"], "a fraction of a channel", "1/64"),
]


@pytest.mark.parametrize(("arguments", "problem", "remedy"), FAILING, ids=lambda v: str(v)[:40])
def test_a_model_that_cannot_be_built_is_a_failed_row_and_exit_code_4(
    arguments: list[str], problem: str, remedy: str, capsys: pytest.CaptureFixture
) -> None:
    stdout, stderr = flops(capsys, *arguments, "--no-variants", "-f", "csv", code=4)
    *good, bad = rows(stdout)
    assert {row["status"] for row in good} <= {"ok"}
    assert bad["params"] == ""
    assert problem in bad["status"]
    assert remedy in bad["status"]
    (error,) = stderr.splitlines()
    assert error == f"error: {bad['spec']}: {bad['status']}"


def test_an_unknown_command_is_an_error_with_a_hint(capsys: pytest.CaptureFixture) -> None:
    assert run(["flop"]) == 2
    stdout, stderr = capsys.readouterr()
    assert stdout == ""
    assert "flop" in stderr
    assert "hint: see `srbench --help`" in stderr


def test_debug_shows_the_traceback(capsys: pytest.CaptureFixture) -> None:
    assert run(["--debug", "flops", "resnet5"]) == 2
    stderr = capsys.readouterr().err
    assert stderr.startswith("Traceback (most recent call last):")
    assert "\nerror: unknown model 'resnet5'\n" in stderr


def test_a_failed_row_is_exit_code_4_and_keeps_the_others(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    real = runner.count_on_shapes

    def exhausted(model: object, *inputs: object) -> ForwardCounts:
        if model.inserted_blocks:
            raise MemoryError("no room")
        return real(model, *inputs)

    monkeypatch.setattr(runner, "count_on_shapes", exhausted)
    monkeypatch.setattr(runner, "count_for_real", exhausted)
    stdout, stderr = flops(capsys, "resnet18+se", *SMALL, code=4)
    assert "11,689,512" in stdout
    assert "* resnet18+se: failed: MemoryError: no room." in stdout
    assert "error: resnet18+se: failed: MemoryError: no room" in stderr


def test_ctrl_c_shows_what_was_counted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture, tmp_path: Path
) -> None:
    real = runner.count_on_shapes
    seen = []

    def interrupted(model: object, *inputs: object) -> ForwardCounts:
        seen.append(model)
        if len(seen) % 3 == 0:
            raise KeyboardInterrupt
        return real(model, *inputs)

    monkeypatch.setattr(runner, "count_on_shapes", interrupted)
    stdout, stderr = flops(capsys, "resnet18", *SMALL, "-f", "csv", code=130)
    assert [row["spec"] for row in rows(stdout)] == ["resnet18", "resnet18+se"]
    assert "interrupted: 2 of 4 rows are counted" in stderr
    out = tmp_path / "out.csv"
    stdout, _ = flops(capsys, "resnet18", *SMALL, "-o", str(out), code=130)
    assert [row["spec"] for row in rows(stdout)] == ["resnet18", "resnet18+se"]
    assert not out.exists()
    out.write_text("a whole table")
    flops(capsys, "resnet18", *SMALL, "-o", str(out), code=130)
    assert out.read_text() == "a whole table"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_an_error_of_two_lines(capsys: pytest.CaptureFixture) -> None:
    _, stderr = flops(capsys, "resnet18", "--no-variants", *SMALL, "-o", "/dev/full", code=2)
    assert stderr.splitlines()[0].startswith("error: cannot write to /dev/full")
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "srbench", "models"], stdout=full, stderr=-1, text=True
        )
    assert done.returncode == 2
    assert done.stderr.splitlines()[0].startswith("error: cannot write")


def test_long_and_linked_output_paths_are_handled(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    _, stderr = flops(capsys, "-o", str(tmp_path / ("a" * 300 + ".csv")), code=2)
    assert stderr.startswith("error: cannot write to")
    link, target = tmp_path / "link.csv", tmp_path / "target.csv"
    link.symlink_to(target)
    flops(capsys, "resnet18+se:reduction=x", *SMALL, "-o", str(link), code=2)
    assert link.is_symlink()
    assert not target.exists()
    flops(capsys, "resnet18", "--no-variants", *SMALL, "-o", str(link))
    assert link.is_symlink()
    assert target.read_text().startswith("spec,")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link.csv", "target.csv"]


def test_models_and_blocks_are_listed(capsys: pytest.CaptureFixture) -> None:
    assert run(["models", "--format", "csv"]) == 0
    assert [row["name"] for row in rows(capsys.readouterr().out)] == list(BACKBONES)
    assert run(["blocks", "--format", "json"]) == 0
    assert [row["name"] for row in json.loads(capsys.readouterr().out)][: len(BLOCKS)] == list(
        BLOCKS
    )
    assert run(["models"]) == 0
    assert "resnext101_32x8d" in capsys.readouterr().out


def srbench_process(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "srbench", *arguments],
        capture_output=True,
        text=True,
        env=os.environ | environment,
    )


def test_the_version_is_shown() -> None:
    done = srbench_process("--version")
    assert (done.stdout, done.returncode) == (f"srbench {srbench.__version__}\n", 0)


@pytest.mark.parametrize("arguments", [["--help"], ["flops", "-h"], ["models", "--help"]])
def test_the_help_is_shown(arguments: list[str]) -> None:
    done = srbench_process(*arguments)
    assert done.returncode == 0
    assert "Usage: srbench" in done.stdout
    assert done.stderr == ""


def test_no_command_shows_the_help() -> None:
    done = srbench_process()
    assert "Usage: srbench" in done.stdout + done.stderr


def test_output_is_plain_without_a_terminal(afresh: Afresh, tmp_path: Path) -> None:
    done = afresh(["flops", "resnet18", "--se", *SMALL], tmp_path, COLUMNS="40")
    assert done.stderr == ""
    assert "\x1b" not in done.stdout
    assert "resnet18+se   11,778,592" in done.stdout


def test_a_reader_that_leaves_early_is_not_an_error() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "srbench", "models", "--format", "json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == -signal.SIGPIPE


def test_a_terminal_without_unicode_still_gets_its_table(tmp_path: Path) -> None:
    records = tmp_path / "r.jsonl"
    jsonl.write(records, [counted("resnet18", 11_689_512)])
    command = ("report", str(records), "--output", "-", "--format", "text")
    assert "─" in srbench_process(*command).stdout
    done = srbench_process(*command, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.returncode == 0
    assert "11,689,512" in done.stdout


@pytest.mark.parametrize("form", ["markdown", "latex", "csv", "html", "json", "jsonl"])
def test_data_is_utf_8_on_any_terminal(form: str, tmp_path: Path) -> None:
    records = tmp_path / "r.jsonl"
    jsonl.write(records, [counted("größe–字")])
    command = ["compare", str(records), str(records), "--format", form]
    there = {"PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"}
    whole = [sys.executable, "-m", "srbench", *command]
    done = subprocess.run(whole, env=os.environ | there, capture_output=True, check=True)
    assert run([*command, "--output", str(tmp_path / "file")]) == 0
    assert done.stdout == (tmp_path / "file").read_bytes()
    assert "größe" in done.stdout.decode()
    assert "字" in done.stdout.decode()


def test_annotations_are_utf_8_on_any_terminal(tmp_path: Path) -> None:
    (tmp_path / "größe.toml").write_text("caption = 1")
    command = [sys.executable, "-m", "srbench", "check", str(tmp_path), "--format", "github"]
    there = os.environ | {"PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"}
    done = subprocess.run(command, env=there, capture_output=True)
    assert "größe.toml" in done.stdout.decode()
