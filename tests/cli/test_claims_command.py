"""``srbench claims`` as a user runs it: formats, names, exit codes, and bad tables."""

import csv
import io
import json
import sys
from pathlib import Path

import pytest

from srbench.cli.app import run
from srbench.records import jsonl

TABLE = """\
Model,Params (M),Top-1
ResNet-20,0.27,91.25
ResNet-20 + SE,0.35,91.60
ResNet-20 + XYZ,0.35,91.70
"""


@pytest.fixture
def paper(tmp_path: Path) -> str:
    path = tmp_path / "paper.csv"
    path.write_text(TABLE, encoding="utf-8")
    return str(path)


def test_a_verdict_a_figure_and_a_sentence_a_table(
    paper: str, capsys: pytest.CaptureFixture
) -> None:
    assert run(["claims", paper]) == 0
    out, said = capsys.readouterr()
    lines = [line.split("  ") for line in out.splitlines()]
    (held,) = [line for line in lines if line[0] == "ResNet-20"]
    assert held[-1].strip() == "holds"
    (failed,) = [line for line in lines if line[0] == "ResNet-20 + SE"]
    assert failed[-1].strip() == "unexplained"
    assert "paper.csv: of 2 figures, 1 holds to the last digit and 1 is unexplained." in out
    assert "line 4: ResNet-20 + XYZ: not recognised: 'XYZ' is not understood" in out
    assert "columns that are not judged: Top-1" in said


def test_strict_fails_if_a_figure_is_unexplained(paper: str, tmp_path: Path) -> None:
    assert run(["claims", paper, "--strict"]) == 1
    true = tmp_path / "true.csv"
    true.write_text(TABLE.replace("0.35", "0.27"), encoding="utf-8")
    assert run(["claims", str(true), "--strict"]) == 0


def test_csv_has_a_line_for_each_figure_and_json_has_all(
    paper: str, capsys: pytest.CaptureFixture
) -> None:
    assert run(["claims", paper, "-f", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["verdict"] for row in rows] == ["holds", "unexplained", "not judged"]
    assert rows[0]["here"] == "269722"
    assert rows[0]["spec"] == "cifar_resnet20"
    assert rows[2]["spec"] == ""
    assert run(["claims", paper, "-f", "json"]) == 0
    first, *_ = json.loads(capsys.readouterr().out)
    assert first["claim"]["figures"][0]["digits"] == "0.27"
    assert first["holds"] == 1


def test_records_of_verdicts_are_shown_by_report(
    paper: str, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    records, page = tmp_path / "verdicts.jsonl", tmp_path / "page.html"
    assert run(["claims", paper, "-o", str(records)]) == 0
    loaded = jsonl.read(records)
    loaded.require_sound()
    assert [one.kind for one in loaded.records] == ["claimed"] * 3
    assert run(["report", str(records), "-o", str(page)]) == 0
    text = page.read_text(encoding="utf-8")
    assert "of 2 figures, 1 holds to the last digit" in text
    capsys.readouterr()
    assert run(["report", str(records), "-f", "markdown", "-o", "-"]) == 0
    assert "| ResNet-20 + SE | ResNet-20 + SE | Params (M) | 0.35 |" in capsys.readouterr().out


def test_names_that_are_not_recognised_are_given(
    paper: str, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    specs = tmp_path / "specs.toml"
    specs.write_text('[names]\n"XYZ" = "+cbam"\n"ResNet-20 + SE" = ""\n', encoding="utf-8")
    assert run(["claims", paper, "--specs", str(specs), "-f", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["spec"] for row in rows] == ["cifar_resnet20", "cifar_resnet20+cbam"]


def test_the_size_and_the_classes_of_a_table_are_used(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    path = tmp_path / "sizes.md"
    path.write_text(
        "| Model | Input | Classes | FLOPs (M) |\n|---|---|---|---|\n"
        "| ResNet-20 | 32x32 | 10 | 40.55 |\n| ResNet-20 | 64x64 | 100 | 162.21 |\n",
        encoding="utf-8",
    )
    assert run(["claims", str(path), "-f", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["verdict"] for row in rows] == ["holds", "holds"]


def test_usual_size_and_classes_may_be_given(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    path = tmp_path / "c.csv"
    path.write_text("Model,Params\nResNet-20,275572\n", encoding="utf-8")
    assert run(["claims", str(path), "--num-classes", "100", "-f", "csv"]) == 0
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert row["verdict"] == "holds"
    assert "taken to be in units of 1" in row["note"]


def test_the_standard_input_may_be_latex(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    latex = rb"""
\begin{tabular}{lr}\toprule Model & Params (M) \\ \midrule
\textbf{ResNet-20}~\cite{he} & \underline{0.27}$^\dagger$ \\ \bottomrule\end{tabular}"""

    class Stdin:
        buffer, closed = io.BytesIO(latex), False

    monkeypatch.setattr(sys, "stdin", Stdin)
    assert run(["claims", "-", "-f", "csv"]) == 0
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert (row["source"], row["verdict"]) == ("the standard input", "holds")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\x00\x01\x02", "is not text"),
        (b"\xff\xfeM\x00", "is UTF-16"),
        (b"a,b\n1,2\n", "Params"),
        (b"Model;Acc\nResNet-18;70,1\n", "Params"),
        ("Modèle".encode("latin-1"), "is not UTF-8"),
    ],
)
def test_what_is_no_table_of_figures_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture, content: bytes, said: str
) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    assert run(["claims", str(path)]) == 2
    assert said in capsys.readouterr().err


def test_a_closed_standard_input_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert run(["claims", "-"]) == 2
    assert "the standard input is closed" in capsys.readouterr().err


def test_accuracy_and_impossible_numbers_are_not_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    path = tmp_path / "odd.csv"
    path.write_text(
        "Model,mAcc,Params (×10^5)\nResNet-20,51.2,2.7\nResNet-20,51.2,1e400\n", encoding="utf-8"
    )
    assert run(["claims", str(path), "-f", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["verdict"] for row in rows] == ["holds", "not judged"]
    assert {row["quantity"] for row in rows} == {"params"}


def test_a_block_below_its_baseline_is_read_and_copied_figures_are_found(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    path = tmp_path / "below.csv"
    path.write_text(
        "Model,Params\nResNet-20,269722\n+ SE,272095\n+ CBAM,269722\n+ SE,0.272095\n",
        encoding="utf-8",
    )
    assert run(["claims", str(path), "-f", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["spec"].partition("+")[2] for row in rows] == ["", "se", "cbam", "se"]
    assert [row["verdict"] for row in rows[:3]] == ["holds", "holds", "explained"]
    assert rows[2]["explanation"] == "of the network without blocks"


def test_a_head_that_is_wrong_by_thousands_is_found(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    path = tmp_path / "units.csv"
    path.write_text('Model,Params (M),FLOPs (M)\nResNet-20,"269,722",0.04055\n', encoding="utf-8")
    assert run(["claims", str(path), "-f", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["explanation"] for row in rows] == ["in units of 1", "in units of 10^9"]


def test_a_missing_file_is_named(capsys: pytest.CaptureFixture) -> None:
    assert run(["claims", "nowhere.csv"]) == 2
    assert "nowhere.csv" in capsys.readouterr().err


@pytest.mark.parametrize("number", [1_000, pytest.param(10_000, marks=pytest.mark.catalog)])
def test_thousands_of_rows_are_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture, number: int
) -> None:
    path = tmp_path / "long.csv"
    rows = "\n".join(f"ResNet-20,{0.2697 + n / 100_000:.5f}" for n in range(number))
    path.write_text(f"Model,Params (M)\n{rows}\n", encoding="utf-8")
    assert run(["claims", str(path), "-f", "csv"]) == 0
    verdicts = [row["verdict"] for row in csv.DictReader(io.StringIO(capsys.readouterr().out))]
    assert len(verdicts) == number
    assert verdicts.count("holds") == 1


def test_a_network_that_cannot_be_counted_fails_its_row_alone(
    paper: str, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    specs = tmp_path / "specs.toml"
    specs.write_text('[names]\n"ResNet-20 + SE" = "cifar_resnet20+se:reduction=64"\n')
    assert run(["claims", paper, "--specs", str(specs)]) == 4
    out = capsys.readouterr().out
    assert "not judged, line 3: ResNet-20 + SE" in out
    assert "holds" in out
