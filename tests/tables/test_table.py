"""`srbench table`: measures what is missing, writes what has changed, and keeps the rest."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from support import fakes
from support.records import LAYOUT, printed, write_layout

from srbench.cli.app import run
from srbench.errors import SrbenchError
from srbench.measure import passes
from srbench.records import jsonl, record_file
from srbench.runner import resume

SMALLEST = LAYOUT.replace("resnet18", "cifar_resnet8")
FILES = ["small.csv", "small.jsonl", "small.md", "small.tex", "small.toml"]


def table(folder: Path, *arguments: str, code: int = 0) -> None:
    assert run(["table", "--folder", str(folder), *arguments]) == code


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_layout(tmp_path / "tables").parent


def test_a_layout_alone_becomes_a_table(folder: Path, capsys: pytest.CaptureFixture) -> None:
    table(folder, "small")
    assert sorted(path.name for path in folder.iterdir()) == FILES
    stdout, stderr = capsys.readouterr()
    assert stdout.startswith("small: Small nets.\n\nModel ")
    assert "resnet18+sr" in stdout
    assert "small: resnet18+se at 64×64: counted" in stderr
    assert f"wrote {folder / 'small.md'}" in stderr
    csv = (folder / "small.csv").read_text().splitlines()
    assert csv[0].startswith("spec,params,macs,flops,params_delta,macs_delta,baseline,")
    assert csv[1].startswith("resnet18,11181642,")


def test_rows_with_records_are_not_measured_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    table(folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    (folder / "small.tex").unlink()

    def measured(*arguments: object, **others: object) -> None:
        raise AssertionError("measured")

    monkeypatch.setattr(resume.Counter, "__call__", measured)
    capsys.readouterr()
    table(folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert "wrote" in capsys.readouterr().err
    table(folder, "--render-only")
    assert "wrote" not in capsys.readouterr().err


def test_rows_counted_before_an_interruption_are_kept(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    plain = resume.Counter.__call__

    def failing(self: resume.Counter, row: object, *needs: object) -> object:
        if "+sr" in str(row):
            raise KeyboardInterrupt
        return plain(self, row, *needs)

    monkeypatch.setattr(resume.Counter, "__call__", failing)
    table(folder, code=130)
    kept = jsonl.read(folder / "small.jsonl")
    assert [record.spec for record in kept.records] == ["resnet18", "resnet18+se"]
    monkeypatch.setattr(resume.Counter, "__call__", plain)
    table(folder)
    assert (folder / "small.jsonl").read_bytes().startswith(jsonl.line(kept.records[0]))


def test_records_come_in_the_layouts_order(folder: Path) -> None:
    table(folder)
    path = folder / "small.jsonl"
    whole = path.read_bytes()
    jsonl.write(path, reversed(jsonl.read(path).records))
    table(folder)
    assert path.read_bytes() == whole


def test_an_update_needs_a_reason_and_keeps_it(folder: Path, capsys: pytest.CaptureFixture) -> None:
    table(folder)
    path = folder / "small.jsonl"
    true = jsonl.read(path).records
    line = jsonl.line(true[1]).replace(b'"params":11', b'"params":22', 1)
    path.write_bytes(jsonl.line(true[0]) + line + jsonl.line(true[2]))
    table(folder)  # does not touch what it did not measure
    assert path.read_bytes().splitlines()[1] + b"\n" == line
    capsys.readouterr()
    table(folder, "--update", code=2)
    assert "--update needs a reason" in capsys.readouterr().err
    table(folder, "--update", "--reason", "It was “wrong”.")
    records = jsonl.read(path).records
    assert [record.reason for record in records] == ["", "It was “wrong”.", ""]
    assert (records[0], records[1].counts, records[2]) == (true[0], true[1].counts, true[2])
    assert "resnet18+se at 64×64: params 22," in capsys.readouterr().err
    assert run(["check", str(folder)]) == 0


def test_rows_removed_from_the_layout_are_dropped_only_by_an_update(folder: Path) -> None:
    table(folder)
    write_layout(folder, LAYOUT.replace('["se", "sr"]', '["sr"]'))
    table(folder)
    assert len(jsonl.read(folder / "small.jsonl").records) == 3
    assert run(["check", str(folder)]) == 1
    table(folder, "--update", "--reason", "SE is out")
    assert len(jsonl.read(folder / "small.jsonl").records) == 2
    assert run(["check", str(folder)]) == 0


CUSTOM = """
import torch
from torch import nn


@torch.library.custom_op("words::blur", mutates_args=())
def blur(x: torch.Tensor) -> torch.Tensor:
    return x * 0.5


@blur.register_fake
def _(x):
    return torch.empty_like(x)


blur.register_autograd(lambda context, gradient: 0.5 * gradient)


class Blur(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1, channels, 1, 1))

    def forward(self, x):
        return blur(x * self.scale)
"""


def test_a_row_with_an_unknown_operator_is_not_the_best(
    folder: Path, install: Callable[..., None]
) -> None:
    install("wordsblocks", CUSTOM, blur="Blur")
    rank = LAYOUT.replace("columns", "rank = true\ncolumns").replace("sr", "cbam")
    write_layout(folder, rank.replace('"cbam"]', '"cbam", "sr", "blur"]'))
    table(folder)
    lines = (folder / "small.md").read_text().splitlines()
    cells = {line.split(" | ")[0][2:]: line for line in lines if line.startswith("| ResNet-18")}
    assert "**" not in cells[r"ResNet-18 + blur \*"]
    assert "<ins>" not in cells[r"ResNet-18 + blur \*"]
    assert cells[r"ResNet-18 + blur \*"].endswith("| 0 |"), "MACs that nobody counted"
    # 512 x 2 x 2 places: the closed form's 23,424 at 64 pixels, as everywhere
    assert cells["ResNet-18 + SR"].endswith("| **+23,424** |")
    assert "<ins>" in cells["ResNet-18 + SE"]
    assert r"- \* ResNet-18 + blur: not counted: words::blur (×8)." in lines
    assert any(line.endswith(r"Rows with \* are not ranked.") for line in lines)
    tex = (folder / "small.tex").read_text()
    assert "ResNet-18 + blur * & " in tex
    assert r"\textbf{+23,424}" in tex
    assert r"\textbf{0}" not in tex
    assert "Rows with * are not ranked." in tex
    csv = (folder / "small.csv").read_text().splitlines()
    assert csv[-1].endswith(",not counted: words::blur (×8)")


def test_published_figures_are_shown_beside_the_counts(
    folder: Path, capsys: pytest.CaptureFixture
) -> None:
    layout = (
        'caption = "P"\ncolumns = ["published_name", "published_params", "here_params", '
        '"deviation_params"]\n[[rows]]\npublished = "A <b>paper</b>, Table 1_&|"\n'
    )
    write_layout(folder, layout, name="paper")
    source = "A <b>paper</b>, Table 1_&|"
    rows = [
        printed("resnet18", source, "=cmd|' /C calc'!A0", params="11.69"),
        printed("resnet18+se", source, "Net", params="11.80"),
        printed("resnet18+sr", source, "Net", params="11.00"),
    ]
    jsonl.write(folder / "paper.jsonl", rows)
    table(folder, "paper")
    markdown = (folder / "paper.md").read_text()
    assert "| ResNet-18 + SE | Net | 11.80 | 11.78 | -0.02 |" in markdown
    assert "| 11.69 | 11.69 | 0 |" in markdown
    assert "| ResNet-18 + SR | Net | 11.00 | 11.71 | +0.71 |" in markdown
    assert "<b>" not in markdown.replace(r"\<b\>", "")
    latex = (folder / "paper.tex").read_text()
    assert r"1\_\&" in latex
    csv = (folder / "paper.csv").read_text()
    assert ",'=cmd" in csv
    assert ",11.80,1000000.0," in csv
    assert run(["check", str(folder), "--only", "paper"]) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--reason", "x"], "--reason needs --update"),
        (["--update", "--reason", "  "], "needs a reason"),
        (["--render-only", "--update", "--reason", "x"], "accepts no change"),
        (["--render-only", "--device", "cpu"], "measures nothing"),
        (["--batch-size", "2"], "--batch-size needs --device"),
        (["--cuda-graph"], "--cuda-graph needs --device"),
        (["nothing"], "there is no table 'nothing'"),
    ],
)
def test_options_that_make_no_sense_together_are_refused(
    arguments: list[str], message: str, folder: Path, capsys: pytest.CaptureFixture
) -> None:
    table(folder, *arguments, code=2)
    stdout, stderr = capsys.readouterr()
    assert stdout == ""
    assert message in stderr
    assert sorted(path.name for path in folder.iterdir()) == ["small.toml"]


def test_a_damaged_file_is_not_overwritten(folder: Path, capsys: pytest.CaptureFixture) -> None:
    path = folder / "small.jsonl"
    path.write_bytes(b'{"schema":1,"spec":"resn')
    table(folder, code=2)
    assert path.read_bytes() == b'{"schema":1,"spec":"resn'
    assert "small.jsonl line 1" in capsys.readouterr().err


def test_an_unwritable_folder_is_an_error_before_anything_is_counted(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    def refuse(path: Path) -> None:
        raise SrbenchError(f"cannot write to {path}: Read-only file system", "elsewhere")

    monkeypatch.setattr(record_file, "require_writable", refuse)
    monkeypatch.setattr(resume.Counter, "__call__", lambda *_: pytest.fail("counted"))
    table(folder, code=2)
    assert "Read-only" in capsys.readouterr().err


def test_times_are_in_a_separate_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    fakes.install_fake_cuda(monkeypatch)
    write_layout(folder, SMALLEST)
    table(folder)
    exact = (folder / "small.md").read_bytes()
    table(folder, "--device", "cuda")
    times = jsonl.read(folder / "small.fake-h100.jsonl").records
    assert [record.spec for record in times] == [
        *("cifar_resnet8", "cifar_resnet8+se", "cifar_resnet8+sr"),
    ]
    assert (folder / "small.md").read_bytes() == exact
    assert "Forward (ms)" in capsys.readouterr().out
    markdown = (folder / "small.fake-h100.md").read_text()
    assert "| Forward (ms) | Overhead % | Train (ms) | Overhead % |" in markdown
    assert "+10." in markdown
    assert "Fake H100" in markdown
    before = (folder / "small.fake-h100.jsonl").read_bytes()
    table(folder, "--device", "cuda")
    assert (folder / "small.fake-h100.jsonl").read_bytes() == before
    assert "already timed; delete" in capsys.readouterr().err
    assert {*times[0].timing.passes} == {"forward", "train"}  # what the table shows
    table(folder, "--device", "cuda", "--batch-size", "2")
    records = jsonl.read(folder / "small.fake-h100.jsonl").records
    assert {record.timing.setup.batch for record in records} == {2}
    assert run(["check", str(folder)]) == 0
    (folder / "small.fake-h100.md").write_text("edited")
    assert run(["check", str(folder)]) == 1


def test_times_can_be_measured_with_cuda_graphs(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without graphs a small model's times are the host's, and not worth printing."""
    fakes.install_fake_cuda(monkeypatch)
    write_layout(folder, SMALLEST)
    monkeypatch.setattr(passes, "captured", lambda device, *steps, is_known: list(steps))
    table(folder, "--device", "cuda", "--cuda-graph")
    records = jsonl.read(folder / "small.fake-h100.jsonl").records
    assert {record.timing.setup.cuda_graph for record in records} == {True}
    assert (
        "float32 with TF32 convolutions, CUDA graphs, on cuda:0"
        in (folder / "small.fake-h100.md").read_text()
    )


def test_json_lines_are_records_that_other_commands_read(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    path = tmp_path / "r.jsonl"
    assert run(["flops", "resnet18", "--se", "--input-size", "64", "-o", str(path)]) == 0
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["spec"] for line in lines] == ["resnet18", "resnet18+se"]
    assert jsonl.read(path).records[1].counts.params == lines[1]["counts"]["params"]


def test_rows_can_have_custom_names(folder: Path) -> None:
    names = '[names]\n"resnet18+se" = "ResNet-18 & SE_2"\n'
    write_layout(folder, LAYOUT + names)
    table(folder)
    assert r"ResNet-18 \& SE\_2 &" in (folder / "small.tex").read_text()
    assert "| ResNet-18 & SE\\_2 |" in (folder / "small.md").read_text()
    assert "\nresnet18+se," in (folder / "small.csv").read_text()


@pytest.mark.parametrize(
    "spelling", ["resnet18+sr", "resnet18+sr:memories=10", "resnet18 + sr:stage=layer4,memories=10"]
)
def test_a_name_holds_for_any_spelling_of_its_spec(spelling: str, folder: Path) -> None:
    write_layout(folder, f'{LAYOUT}[names]\n"{spelling}" = "Ours"\n')
    table(folder)
    before = (folder / "small.md").read_bytes()
    assert b"| Ours |" in before
    table(folder, "--render-only")
    assert (folder / "small.md").read_bytes() == before
    assert run(["check", str(folder)]) == 0


def test_a_table_with_a_row_without_a_record_is_not_written(
    folder: Path, capsys: pytest.CaptureFixture
) -> None:
    write_layout(folder, LAYOUT, name="other")
    table(folder, "--render-only", code=2)
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["error", "hint"] * 2
    assert "table other has no record of 3 of its 3 rows: resnet18 at 64×64, resnet" in lines[0]
    assert lines[3] == "hint: run `srbench table small` to count them and write the table"
    assert run(["check", str(folder), "--format", "csv"]) == 1
    assert "missing" in capsys.readouterr().out
    table(folder, "small")
    table(folder, "small", "--render-only")
    assert run(["check", str(folder), "--only", "small"]) == 0
    written = (folder / "small.md").read_bytes()
    write_layout(folder, LAYOUT.replace('"sr"]', '"sr", "cbam"]'))
    capsys.readouterr()
    table(folder, "small", "--render-only", code=2)
    assert "no record of 1 of its 4 rows: resnet18+cbam at 64×64\n" in capsys.readouterr().err
    assert (folder / "small.md").read_bytes() == written
    assert run(["check", str(folder), "--only", "small", "--format", "json"]) == 1
    (checked,) = json.loads(capsys.readouterr().out)
    assert [(f["kind"], f["row"]) for f in checked["findings"]] == [
        ("missing", "resnet18+cbam at 64×64")
    ]


def test_a_table_of_published_figures_needs_no_counts(
    folder: Path, capsys: pytest.CaptureFixture
) -> None:
    text = 'caption = "P"\ncolumns = ["input", "published_params"]\n[[rows]]\npublished = "A"\n'
    write_layout(folder, text, name="paper")
    jsonl.write(folder / "paper.jsonl", [printed("resnet18", "A", params="11.69")])
    table(folder, "paper", "--render-only")
    assert "| ResNet-18 | 64×64 | 11.69 |" in (folder / "paper.md").read_text()
    assert run(["check", str(folder), "--only", "paper"]) == 0
    write_layout(folder, text.replace('"]', '", "here_params"]'), name="paper")
    table(folder, "paper", "--render-only", code=2)
    assert run(["check", str(folder), "--only", "paper"]) == 1


def test_a_page_says_which_rows_have_no_record(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(folder.parent)
    table(folder)
    write_layout(folder, LAYOUT.replace('"sr"]', '"sr", "cbam"]'))
    capsys.readouterr()
    assert run(["report", "small", "-o", "page.html"]) == 0
    assert "note: small: rows without a record: resnet18+cbam at 64×64" in capsys.readouterr().err


def test_the_first_column_of_a_group_names_the_group(folder: Path) -> None:
    columns = 'columns = ["flops_delta", "params", "params_delta", "macs_percent"]'
    write_layout(folder, LAYOUT.replace(LAYOUT.splitlines()[2], columns))
    table(folder)
    heading = next(
        line for line in (folder / "small.md").read_text().splitlines() if "Model" in line
    )
    assert heading == "| Model | FLOPs Δ | Params (M) | Δ | MACs Δ % |"


def test_a_note_explains_bold_in_ranked_tables(folder: Path) -> None:
    table(folder)
    assert "- Bold: the lowest value of its column in" in (folder / "small.md").read_text()
    write_layout(folder, LAYOUT.replace("[[rows]]", "rank = false\n[[rows]]"))
    table(folder)
    assert "Bold" not in (folder / "small.md").read_text()
    assert "**" not in (folder / "small.md").read_text()


def test_a_layout_gives_the_reason_why_an_operator_is_uncounted(
    folder: Path, install: Callable[..., None]
) -> None:
    install("wordsblocks", CUSTOM, blur="Blur")
    rank = LAYOUT.replace("columns", "rank = true\ncolumns").replace("sr", "cbam")
    layout = rank.replace('"cbam"]', '"cbam", "sr", "blur"]')
    write_layout(
        folder, f'{layout}\n[uncounted]\n"words::blur" = "fixed weights, no MACs to learn"\n'
    )
    table(folder)
    text = (folder / "small.md").read_text()
    assert r"\*" not in text
    assert "| ResNet-18 + blur |" in text
    assert "- Not counted: words::blur: fixed weights, no MACs to learn." in text
    csv = (folder / "small.csv").read_text().splitlines()
    assert csv[-1].endswith(",ok,"), "no warning"
    records = (folder / "small.jsonl").read_text()
    assert '"unknown":{"words::blur":8}' in records, "the records keep what was found"
    write_layout(folder, layout)
    table(folder)
    assert (
        r"- \* ResNet-18 + blur: not counted: words::blur (×8)."
        in (folder / "small.md").read_text()
    )
