"""``srbench analyze``: the committed weights, one's own network, and what is refused."""

import io
import json
import re
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from support.pages import DOCS
from support.processes import two_processes

import srbench
from srbench.cli.app import run
from srbench.records import jsonl
from srbench.report import analysis_folder
from srbench.report.plots.analysis.gates import variation
from srbench.runner.analysis import AnalysisPlan, analysis_of_file
from srbench.runner.tested_weights import EvaluationPlan

WEIGHTS = Path(__file__).parents[2] / "weights"
SR, SE_SR = WEIGHTS / "cifar_resnet20+sr.safetensors", WEIGHTS / "cifar_resnet20+se+sr.safetensors"


@pytest.fixture(scope="module")
def analyzed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the committed network with SR, and what was shown."""
    folder = tmp_path_factory.mktemp("analysis")
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        asked = ["-o", str(folder), "--classes", "7,1,0", "-f", "json"]
        assert run(["analyze", str(SR), *asked]) == 0
    (folder / "out.json").write_text(out.getvalue())
    (folder / "err.txt").write_text(err.getvalue())
    return folder


def test_the_committed_network_gets_all_figures(analyzed: Path) -> None:
    stems = ("weights", "classes", "memories", "activity", "features", "channels")
    names = {*(f"layer3.3-{stem}" for stem in stems), "ablations"}
    pictures = {path.stem for path in analyzed.glob("*.pdf")}
    assert pictures == names
    assert {path.stem for path in analyzed.glob("*.csv")} == names | {"images", "blocks"}
    assert all(path.read_bytes().startswith(b"%PDF") for path in analyzed.glob("*.pdf"))


def test_the_record_holds_what_the_figures_show(analyzed: Path) -> None:
    (record,) = jsonl.read(analyzed / "analysis.jsonl").records
    assert (record.spec, record.kind) == ("cifar_resnet20+sr", "analyzed")
    assert record.analysis is not None
    assert record.analysis.key.classes == ("7", "1", "0")
    assert (record.analysis.images, record.analysis.right) == (300, 297)
    assert len(record.parts) == 2
    table = np.genfromtxt(
        analyzed / "layer3.3-weights.csv", delimiter=",", names=True, dtype=None, encoding="utf-8"
    )
    (block,) = record.analysis.memory_blocks
    assert table["mean"].reshape(4, 10) == pytest.approx(np.array(block.weights.spread.mean))
    images = np.genfromtxt(
        analyzed / "images.csv", delimiter=",", names=True, dtype=None, encoding="utf-8"
    )
    assert len(images) == 300
    assert images["right"].sum() == 297
    assert images["weight_layer33_M1"].mean() == pytest.approx(block.weights.spread.mean[0][0])


def test_what_is_shown_is_data(analyzed: Path) -> None:
    (found,) = json.loads((analyzed / "out.json").read_text())
    assert found["spec"] == "cifar_resnet20+sr"
    assert found["analysis"]["memory_blocks"][0]["name"] == "layer3.3"
    assert (analyzed / "err.txt").read_text() == f"wrote 17 files to {analyzed}\n"


def test_a_second_analysis_is_added_to_the_records(analyzed: Path, tmp_path: Path) -> None:
    (record,) = jsonl.read(analyzed / "analysis.jsonl").records
    assert record.analysis is not None
    for data in ("one", "two", "one"):
        key = replace(record.analysis.key, data=data)
        bare = replace(record.analysis, key=key, memory_blocks=(), ablations=())
        analysis_folder.write(replace(record, analysis=bare), None, tmp_path / "new" / "x", ())
    records = jsonl.read(tmp_path / "new" / "x" / "analysis.jsonl").records
    assert [one.analysis.key.data for one in records] == ["one", "two"]


def test_the_page_shows_every_figure(analyzed: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    assert run(["report", str(analyzed / "analysis.jsonl"), "-o", str(page)]) == 0
    text = page.read_text()
    assert text.count("data:image/svg+xml;base64,") == 7
    assert "cifar_resnet20+sr on digits" in text
    assert "no prediction of 300 images changes" in text


def test_one_file_may_hold_an_analysis_and_counts(analyzed: Path, tmp_path: Path, capsys) -> None:
    both = tmp_path / "both.jsonl"
    assert run(["flops", "cifar_resnet20+sr", "-o", str(both)]) == 0
    with both.open("ab") as file:
        file.write((analyzed / "analysis.jsonl").read_bytes())
    assert run(["report", str(both), "-o", str(tmp_path / "page.html")]) == 0
    capsys.readouterr()
    assert run(["compare", str(both), str(both)]) == 0
    assert "cifar_resnet20+sr" in capsys.readouterr().out


def test_a_network_of_ones_own(tmp_path: Path, monkeypatch, capsys) -> None:
    """A state dict, for code that is imported because it was named."""
    code = "import srbench\n\n\ndef make(num_classes):\n    return srbench.build(\n"
    code += "        'cifar_resnet20+sr', input_size=16, num_classes=num_classes\n    )\n"
    (tmp_path / "defined_net.py").write_text(code)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    model = srbench.build("cifar_resnet20+sr", input_size=16, num_classes=10)
    torch.save(model.state_dict(), "mine.pth")
    command = ["analyze", "mine.pth", "--model", "defined_net:make", "--data", "fake"]
    assert run([*command, "-o", "figures", "--no-ablations", "--classes", "0"]) == 0
    assert "all memories are zero: the block is fresh" in capsys.readouterr().out


@pytest.fixture
def plain(tmp_path: Path) -> str:
    path = tmp_path / "plain.pth"
    torch.save(srbench.build("cifar_resnet20", num_classes=10).state_dict(), path)
    return str(path)


def test_a_network_without_blocks_says_what_it_has(plain: str, tmp_path: Path, capsys) -> None:
    asked = ["--model", "cifar_resnet20", "--data", "fake", "-o", str(tmp_path / "x")]
    assert run(["analyze", plain, *asked]) == 2
    assert not (tmp_path / "x").exists()
    told = capsys.readouterr().err
    assert "has no SR, SE or CBAM block; it has 19 Conv2d" in told


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        ([], "no weights are named", "name a file of weights"),
        ([str(SR), "--weights", "X"], "files and --weights are both given", "name a file"),
        (["--weights", "X"], "--weights needs --model", "--model resnet50"),
        ([str(SR), "--classes", "11"], "there is no class '11'", "the classes are 0, 1"),
        ([str(WEIGHTS)], "is a folder", "such as model.safetensors"),
        ([str(SR), "--classes", ""], "has an empty value", "give at least one value"),
        ([str(SR), "--classes", "1,,2"], "has an empty value", "separate values"),
        ([str(SR), "--picture", "gif"], "--picture does not accept 'gif'", "pdf, svg, png"),
        (["missing.pth", "--model", "resnet18", "--data", "fake"], "missing.pth", "name another"),
        ([str(SR), "-o", __file__], "is a file", "name a folder"),
        ([str(SR), "--data", "fakes"], "unknown data set 'fakes'", "did you mean fake?"),
    ],
)
def test_bad_input_is_told(
    arguments: list[str], message: str, hint: str, tmp_path: Path, monkeypatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["analyze", *arguments]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert hint in captured.err
    assert captured.out == ""


def test_the_page_in_docs_reads_these_numbers(analyzed: Path) -> None:
    page = (DOCS / "how-to" / "analysis.md").read_text(encoding="utf-8")
    printed = re.findall(r"```console\n(.*?)```", page, re.DOTALL)[0]
    read = re.findall(r"^> (.*)$", page, re.MULTILINE)
    assert len(read) == 6
    assert all(sentence in printed for sentence in read)
    page = " ".join(page.split())
    (record,) = jsonl.read(analyzed / "analysis.jsonl").records
    assert record.analysis is not None
    cosines = np.array(record.analysis.memory_blocks[0].memories.cosine)
    assert f"have a cosine of {cosines.min():.2f}" in page
    plan = AnalysisPlan(EvaluationPlan())
    other = analysis_of_file(SE_SR, plan, lambda share, what: None)[0].analysis
    assert other is not None
    assert f"varies most, {100 * other.gate_blocks[-1].explained:.0f} % of it between" in page
    variations = [variation(block) for block in other.gate_blocks]
    assert max(variations) == variations[-1]
    mean, off = other.ablations[-2:]
    assert (mean.name, mean.changed) == ("mean weights", 0)
    assert f"all of them {off.changed} of 300 do" in page


def test_images_of_another_size_than_the_memories(tmp_path: Path, capsys) -> None:
    assert run(["analyze", str(SR), "--set", "size=32", "-o", str(tmp_path)]) == 4
    told = capsys.readouterr().err
    assert "layer3.3.memory has the shape (10, 64, 4, 4), not (10, 64, 8, 8)" in told
    assert "the input size" in told


TOGETHER = """
import os
import sys
from pathlib import Path

from srbench.records import jsonl
from srbench.runner.analysis import AnalysisPlan, analysis_of_file
from srbench.runner.tested_weights import EvaluationPlan

plan = AnalysisPlan(EvaluationPlan(), ["7", "1", "0"])
record, _ = analysis_of_file(Path(sys.argv[1]), plan, lambda share, what: None)
jsonl.write(Path(sys.argv[2]) / f"{os.environ['RANK']}.jsonl", [record])
"""


def test_two_processes_find_the_same(analyzed: Path, tmp_path: Path) -> None:
    """Each has every second batch, and both have the result of all."""
    script = tmp_path / "together.py"
    script.write_text(TOGETHER)
    two_processes(script, str(SR), str(tmp_path))
    (first,), (second,), (alone,) = (
        jsonl.read(path).records
        for path in (tmp_path / "0.jsonl", tmp_path / "1.jsonl", analyzed / "analysis.jsonl")
    )
    assert first.analysis == second.analysis
    here = first
    assert here.analysis is not None
    assert alone.analysis is not None
    assert here.analysis.ablations == alone.analysis.ablations
    assert here.analysis.pictures == alone.analysis.pictures
    ours, theirs = here.analysis.memory_blocks[0], alone.analysis.memory_blocks[0]
    assert [one.number for one in ours.examples] == [one.number for one in theirs.examples]
    assert np.array(ours.weights.spread.mean) == pytest.approx(
        np.array(theirs.weights.spread.mean), rel=1e-5
    )
    assert ours.weights.p_value == theirs.weights.p_value
    for name in ("before", "after", "difference"):
        one, other = getattr(ours.features, name), getattr(theirs.features, name)
        assert np.array(one.mean) == pytest.approx(np.array(other.mean), rel=1e-5)
        assert np.array(one.deviation) == pytest.approx(np.array(other.deviation), rel=1e-4)
