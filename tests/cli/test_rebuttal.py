"""The reviewer's question: table, figure and words over batch sizes, also from saved records."""

import csv
import io
from pathlib import Path

import pytest
from support.fakes import install_fake_cuda
from support.pages import DOCS
from support.records import timed

from srbench.cli.app import run
from srbench.records import environment, jsonl
from srbench.runner.resume import same_environment

MODELS = ("cifar_resnet8", "--se", "--sr-memories", "2", "--input-size", "32", "--device", "cuda")
H200 = str(DOCS / "figures" / "h200.jsonl")


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    install_fake_cuda(monkeypatch)
    monkeypatch.chdir(tmp_path)


def shown(capsys: pytest.CaptureFixture, *arguments: str, code: int = 0) -> tuple[str, str]:
    capsys.readouterr()
    found = run([*arguments])
    stdout, stderr = capsys.readouterr()
    assert found == code, stderr
    return stdout, stderr


@pytest.mark.usefixtures("cuda")
def test_a_group_of_rows_for_each_batch_size(capsys: pytest.CaptureFixture) -> None:
    stdout, stderr = shown(
        *(capsys, "latency", *MODELS, "--batch-size", "1,8", "--pass", "forward"),
        *("-f", "csv", "--no-energy"),
    )
    rows = list(csv.DictReader(io.StringIO(stdout)))
    specs = ["cifar_resnet8", "cifar_resnet8+se", "cifar_resnet8+sr:memories=2"]
    assert [(row["batch"], row["spec"]) for row in rows] == [
        *(("1", spec) for spec in specs),
        *(("8", spec) for spec in specs),
    ]
    assert all(row["forward_ratio"] for row in rows if "+" in row["spec"])
    assert "for each of 2 comparisons" in stderr


@pytest.mark.usefixtures("cuda")
def test_table_figure_and_words_are_written_at_once_and_again_from_the_records(
    capsys: pytest.CaptureFixture,
) -> None:
    command = ("latency", *MODELS, "--batch-size", "2,8", "--pass", "forward,train")
    look = ("--style", "cvpr", "--notes", "short", "--label", "tab:overhead")
    files = ("--plot", "overhead-{}.pdf", "--words", "words.tex")
    _, stderr = shown(capsys, *command, *files, "-o", "times.jsonl", "--no-energy", *look)
    written = sorted(path.name for path in Path().glob("*.*"))
    assert written == [
        "overhead-forward-overhead-against-batch-size.pdf",
        "overhead-train-overhead-against-batch-size.pdf",
        *("times.jsonl", "words.tex"),
    ]
    assert all(f"wrote {name}" in stderr for name in written)
    words = Path("words.tex").read_text()
    assert "Overheads over ResNet-8 on Fake H100" in words
    assert words.count("at batch size 8") == 2 * 2  # variants, passes
    shown(capsys, "report", "times.jsonl", "-o", "again.tex", *look, "--plot", "again.pdf")
    again = Path("again.tex").read_text()
    assert r"\label{tab:overhead}" in again
    assert Path("again.pdf").exists()
    first = len(jsonl.read(Path("times.jsonl")).records)
    assert first == 6
    assert "    + SE & " not in again  # titles, unless asked for short names
    assert again.count("ResNet-8 + SE & ") == 4  # batch sizes, passes


def test_saved_records_become_a_table_in_any_format(capsys: pytest.CaptureFixture) -> None:
    markdown, _ = shown(
        capsys, "report", H200, "-o", "-", "-f", "markdown", "--columns", "overhead"
    )
    assert "| ResNet-50 + SR | +1.13 \\[+1.06, +1.18\\] |" in markdown
    text, _ = shown(capsys, "report", H200, "-o", "-", "-f", "text", "--group", "heading")
    assert "batch 8, forward\n" in text
    stdout, _ = shown(capsys, "report", H200, "-o", "-", "-f", "csv")
    (row,) = [
        row
        for row in csv.DictReader(io.StringIO(stdout))
        if (row["spec"], row["batch"]) == ("resnet50+sr", "1")
    ]
    assert float(row["forward_ratio"]) == pytest.approx(1.0248, abs=1e-4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("latency", *MODELS, "--words", "w.pdf"), "w.pdf is not the name of a text"),
        (("latency", *MODELS, "--words", "t.tex", "-o", "t.tex"), "two outputs go to one file"),
        (("latency", *MODELS, "--batch-size", "1,x"), "--batch-size 'x' is not a whole number"),
        (("latency", *MODELS, "--batch-size", "0,1"), "--batch-size 0 is out of range"),
        (("latency", *MODELS, "--columns", "forward"), "unknown column 'forward'"),
        (("report", H200, "--plot", "x.gif"), "x.gif is not the name of a picture"),
        (("report", H200, "-o", "x.foo"), "x.foo has an unknown suffix"),
    ],
)
@pytest.mark.usefixtures("cuda")
def test_bad_input_measures_nothing(
    arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture
) -> None:
    stdout, stderr = shown(capsys, *arguments, code=2)
    assert stdout == ""
    assert message in stderr
    assert "building" not in stderr
    assert not list(Path().glob("*"))


def test_the_machine_is_known_by_the_processor_and_its_caches() -> None:
    facts = environment.machine()
    names = ("cpu_model", "cpu_l2_bytes", "cpu_l3_bytes", "cpu_flags")
    assert set(names) <= facts.keys()
    flags = (facts["cpu_flags"] or "").split()
    assert set(flags) <= set(environment.FLAGS)


def test_a_row_is_timed_again_on_another_processor_of_the_same_name() -> None:
    old = timed("net", [0.1] * 6, environment={"cpu": "AMD EPYC", "cpu_model": "25-1-1"})
    assert same_environment(old, {"cpu": "AMD EPYC", "cpu_model": "25-1-1"})
    assert not same_environment(old, {"cpu": "AMD EPYC", "cpu_model": "25-17-1"})
    older = timed("net", [0.1] * 6, environment={"cpu": "AMD EPYC"})  # did not say which
    assert same_environment(older, {"cpu": "AMD EPYC", "cpu_model": "25-1-1"})
