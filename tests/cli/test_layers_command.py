"""`srbench layers` as people use it."""

import csv
import io
import json
from pathlib import Path

import pytest

from srbench.cli.app import run
from srbench.records import jsonl

NET = ("cifar_resnet8", "--input-size", "32")
INPUT = ("--input", "1x3x32x32")

OWN = '''
import torch
from torch import nn


class Reads(nn.Module):
    """Its path depends on the image."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1)

    def forward(self, x):
        return self.conv(x) if x.sum() > 0 else self.conv(x).mean((2, 3))


class Twice(nn.Module):
    """A module that runs twice, one that has two names, and one that never runs."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)
        self.again = self.conv
        self.never = nn.Linear(3, 3)

    def forward(self, x):
        return self.again(self.conv(x)).mean((2, 3))


class Many(nn.Sequential):
    def __init__(self):
        super().__init__(*(nn.Sequential(nn.ReLU(), nn.Dropout()) for _ in range(400)))
'''


@pytest.fixture(autouse=True)
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def layers(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    capsys.readouterr()
    assert run(["layers", *arguments]) == code
    said = capsys.readouterr()
    return said.err if code else said.out


def own(folder: Path, name: str) -> str:
    """A network of one's own; each name is imported once."""
    (folder / f"layers_{name.lower()}.py").write_text(OWN)
    return f"layers_{name.lower()}:{name}"


def test_the_tree_has_every_module_and_the_memory(capsys: pytest.CaptureFixture[str]) -> None:
    text = layers(capsys, *NET)
    assert "├─ conv1 Conv2d 3×3" in text
    assert "│  └─ 0 BasicBlock" in text
    assert "SGD with momentum" in text
    assert "Images that fit" not in text
    rows = list(csv.DictReader(io.StringIO(layers(capsys, *NET, "-f", "csv"))))
    assert [row["name"] for row in rows][:2] == ["", "conv1"]
    assert rows[0]["params"] == "75290"
    assert float(rows[1]["macs_share"]) == int(rows[1]["macs"]) / int(rows[0]["macs"])
    assert rows[1]["tensors"] == "weight 16x3x3x3"
    assert rows[1]["input"] == "float32:1x3x32x32"


def test_the_depth_and_folding(capsys: pytest.CaptureFixture[str]) -> None:
    assert "BasicBlock" not in layers(capsys, *NET, "--depth", "1")
    assert "BasicBlock" in layers(capsys, *NET, "--depth", "2")
    folded = layers(capsys, "cifar_resnet20", "--input-size", "32", "--fold", "--depth", "2")
    assert "0–2 BasicBlock" in folded
    assert "1–2 BasicBlock" in folded


def test_only_what_differs_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    text = layers(capsys, "cifar_resnet8+sr", "--against", "cifar_resnet8")
    assert "SqueezeRemember" in text
    assert "conv1" not in text
    assert "itself: memory 10×64×8×8" in text
    assert "peak, training" in text
    assert text.count("cifar_resnet8+sr   cifar_resnet8 ") == 1
    assert "no module" not in text
    same = layers(capsys, "cifar_resnet8", "--against", "cifar_resnet8")
    assert "has the same modules as cifar_resnet8" in same
    gone = layers(capsys, "cifar_resnet8", "--against", "cifar_resnet8+sr", "-f", "csv")
    rows = list(csv.DictReader(io.StringIO(gone)))
    assert {"gone", "different"} == {row["change"] for row in rows}
    assert int(rows[0]["params_delta"]) < 0


def test_how_many_images_fit(capsys: pytest.CaptureFixture[str]) -> None:
    text = layers(capsys, *NET, "--max-batch", "1GiB", "--batch-size", "2,16")
    assert "Images that fit into 1 GiB: " in text
    assert "A batch of 2: inference" in text
    assert "A batch of 16: inference" in text
    adamw = layers(capsys, *NET, "--optimizer", "adamw")
    assert "AdamW" in adamw
    assert "state 602.4 kB" in adamw  # two numbers for each parameter, and a step for each tensor


def test_the_largest_modules_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    text = layers(capsys, *NET, "--order=-activations", "--top", "3", "-f", "csv")
    found = list(csv.DictReader(io.StringIO(text)))
    every = list(csv.DictReader(io.StringIO(layers(capsys, *NET, "-f", "csv"))))
    names = {row["name"] for row in every}
    leaves = [row for row in every if not any(n.startswith(f"{row['name']}.") for n in names)]
    most = sorted((int(row["activations"]) for row in leaves[1:]), reverse=True)[:3]
    assert [int(row["activations"]) for row in found[1:]] == most
    assert "├" not in layers(capsys, *NET, "--order", "params")


def test_memory_is_in_the_first_row_of_the_csv(capsys: pytest.CaptureFixture[str]) -> None:
    more = ("--max-batch", "1GiB,2GB", "--max-batch", "3GiB", "--batch-size", "16")
    first, second, *_ = csv.DictReader(io.StringIO(layers(capsys, *NET, *more, "-f", "csv")))
    assert int(first["training_bytes@16"]) > int(first["training_bytes"])
    assert int(first["max_batch@1GiB"]) < int(first["max_batch@2GB"])
    assert int(first["max_batch@2GB"]) < int(first["max_batch@3GiB"])
    assert second["training_bytes@16"] == ""


def test_it_is_kept_as_a_record(capsys: pytest.CaptureFixture[str]) -> None:
    layers(capsys, *NET, "-o", "net.jsonl")
    (record,) = jsonl.read(Path("net.jsonl")).records
    assert len(record.counts.layers) > 10
    assert record.counts.memory.inference.lines
    assert jsonl.parse(jsonl.line(record)) == record
    found = json.loads(layers(capsys, *NET, "-f", "json"))[0]
    assert len(found["layers"]) == len(record.counts.layers)
    assert found["memory"]["inference"]["counted"] == found["peak_inference_bytes"]


@pytest.mark.parametrize("form", ["markdown", "latex", "html"])
def test_other_formats_have_whole_names(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = layers(capsys, *NET, "-f", form)
    assert "├" not in text
    assert "BasicBlock" in text


def test_a_narrow_terminal_leaves_columns_out_and_says_so(
    capsys: pytest.CaptureFixture[str],
) -> None:
    from rich.console import Console

    from srbench.report.formats.text import render
    from srbench.report.layers import layers_report

    layers(capsys, *NET, "-o", "net.jsonl")
    (record,) = jsonl.read(Path("net.jsonl")).records
    (table,) = layers_report(record).tables
    for width in (80, 120, 200):
        text = render(table, Console(width=width, force_terminal=False))
        tree = text.partition("\n\n")[0].splitlines()
        assert max(map(len, tree)) <= width
        assert ("Too narrow for" in text) == (width < 150)
    assert "MACs" in text


def test_a_network_that_reads_values_says_what_is_missing(
    inside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = layers(capsys, own(inside, "Reads"), *INPUT)
    assert "Conv2d" in text
    assert "memory: inference is not known: it needs values" in text
    assert "alive at once" not in text


def test_modules_that_run_twice_or_never(inside: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = own(inside, "Twice")
    text = layers(capsys, spec, *INPUT)
    assert "conv Conv2d 3×3, called 2×" in text
    assert "again Conv2d = conv" in text
    assert "never Linear, never runs" in text
    rows = list(csv.DictReader(io.StringIO(layers(capsys, spec, *INPUT, "-f", "csv"))))
    macs = {row["name"]: int(row["macs"]) for row in rows}
    assert macs == {"": 2 * 81 * 32**2, "conv": 2 * 81 * 32**2, "again": 0, "never": 0}
    assert rows[0]["params"] == str(84 + 12)


def test_many_modules(inside: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = layers(capsys, own(inside, "Many"), *INPUT, "--fold")
    assert "0–399 Sequential" in text


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--depth", "0"], "--depth 0 shows no module"),
        (["--depth", "-3"], "--depth -3 shows no module"),
        (["--max-batch", "80"], "'80' has no unit"),
        (["--max-batch", "80GBit"], "'80GBit' has an unknown unit"),
        (["--max-batch", "lots"], "'lots' is not a size"),
        (["--max-batch", "0GiB"], "a size of 0GiB is out of range"),
        (["--batch-size", "0"], "--batch-size is out of range"),
        (["--batch-size", "many"], "--batch-size 'many' is not a whole number"),
        (["--optimizer", "adam"], "did you mean adamw?"),
        (["--columns", "mac"], "did you mean macs?"),
        (["--against", "resnet1"], "unknown model 'resnet1'"),
    ],
)
def test_bad_input_is_refused_in_one_line(
    options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    error = layers(capsys, *NET, *options, code=2)
    assert said in error
    assert "hint: " in error
    assert "Traceback" not in error


def test_a_network_that_cannot_be_built(capsys: pytest.CaptureFixture[str]) -> None:
    assert "too small" in layers(capsys, "resnet18", "--input-size", "8", code=4)
