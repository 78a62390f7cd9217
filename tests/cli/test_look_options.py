"""Options for how a table looks, on the command line."""

import json
from pathlib import Path

import pytest

from srbench.cli.app import run
from srbench.runner import counting

SMALL = ["flops", "resnet18", "--se", "--input-size", "64"]


def shown(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    assert run([*SMALL, *options]) == 0
    out: str = capsys.readouterr().out
    return out


def test_only_the_columns_that_are_asked_for_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    head, _, plain, se, *_ = shown(capsys, "--columns", "params,macs,macs_percent").splitlines()
    # SE at 64 pixels: 2 C²/16 multiply-adds on each of 8 branches, 87,040 in all
    assert head.split("   ")[0] == "Model"
    assert head.split() == ["Model", "Params", "MACs", "Δ", "%"]
    assert plain.split() == ["resnet18", "11,689,512", "148,557,824", "–"]
    assert se.split() == ["resnet18+se", "11,778,592", "148,644,864", "+0.059"]


def test_a_single_difference_says_of_what(capsys: pytest.CaptureFixture[str]) -> None:
    assert "| Model | Params Δ % |" in shown(
        capsys, "--columns", "params_percent", "-f", "markdown"
    )


@pytest.mark.parametrize(
    "spelling",
    [
        "resnet18+se",
        "resnet18 + se",
        "resnet18+se:reduction=16",
        "resnet18+se:stage=layer1/layer2/layer3/layer4",
    ],
)
def test_a_row_can_be_renamed_in_any_spelling(
    spelling: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = shown(capsys, "--rename", f"{spelling}=Ours & more", "-f", "latex")
    assert "    Ours \\& more & 11.78 &" in found
    assert "    ResNet-18 & 11.69 &" in found


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_a_renamed_row_has_its_name_in_every_format(
    form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = shown(
        capsys, "--rename", "resnet18=Baseline", "--rename", "resnet18+se=Ours", "-f", form
    )
    assert "Baseline" in found
    assert "Ours" in found


def test_a_name_may_contain_an_equals_sign(capsys: pytest.CaptureFixture[str]) -> None:
    found = shown(capsys, "--rename", "resnet18+se=SE (r=16)", "-f", "markdown")
    assert "| SE (r=16) |" in found


def test_heads_decimals_order_and_names_together(capsys: pytest.CaptureFixture[str]) -> None:
    look = ["--head", "params=Weights = all", "--decimals", "params=1,macs=3", "--names", "short"]
    columns = ["--columns", "params,macs", "--order=-params", "--notes", "none", "--cbam"]
    lines = shown(capsys, *look, *columns, "-f", "markdown").splitlines()
    assert lines[2] == "| Model | Weights = all (M) | MACs (M) |"
    assert [line.split(" | ")[0] for line in lines[4:7]] == ["| ResNet-18", "| + CBAM", "| + SE"]
    assert lines[6] == "| + SE | 11.8 | 148.645 |"
    assert lines[8] == "<!--"


def test_latex_options_are_heard(capsys: pytest.CaptureFixture[str]) -> None:
    place = ["--label", "tab:cost", "--position", "htb", "--caption", "All & more"]
    for width, kind in (("--wide", "table*"), ("--narrow", "table")):
        found = shown(capsys, *place, width, "--style", "acm", "-f", "latex")
        assert f"\\begin{{{kind}}}[htb]\n" in found
        assert "\\caption{All \\& more}\\label{tab:cost}\n" in found


def test_tables_of_blocks_have_a_label_of_their_own(capsys: pytest.CaptureFixture[str]) -> None:
    found = shown(capsys, "--per-module", "--label", "tab:cost", "--names", "short", "-f", "latex")
    assert found.count("\\label{tab:cost}") == 1
    assert found.count("\\label{tab:cost-modules}") == 1
    assert "    ResNet-18 + SE & layer1 & se & 2 &" in found


@pytest.mark.parametrize(
    ("options", "message", "remedy"),
    [
        (["--columns", "parms"], "unknown column 'parms'", "did you mean params?"),
        (["--style", "cvp"], "--style does not accept 'cvp'", "did you mean cvpr?"),
        (["--names", "titles"], "--names does not accept 'titles'", "did you mean title?"),
        (["--notes", "long"], "--notes does not accept 'long'", "full, short, none"),
        (["--delta", "rounded"], "--delta does not accept 'rounded'", "exact, short"),
        (["--group", "rules"], "--group does not accept 'rules'", "did you mean rule?"),
        (["--order=-parms"], "unknown column 'parms'", "did you mean params?"),
        (["--label", "my table"], "'my table' is not a label", "as in tab:cost"),
        (["--position", "x"], "'x' is not a position", "h, t, b, p, H, !"),
        (["--decimals", "params=12"], "params cannot have 12 decimals", "0 to 9"),
        (["--decimals", "params"], "--decimals 'params' is not COLUMN=N", "params=1"),
        (["--decimals", "params=-1"], "--decimals 'params=-1' is not", "params=1"),
        (["--decimals", "params=1.5"], "--decimals 'params=1.5' is not", "params=1"),
        (["--decimals", "params=²"], "--decimals 'params=²' is not", "params=1"),
        (["--decimals", "params=" + "9" * 5000], "is not COLUMN=N", "params=1"),
        (["--decimals", "parms=1"], "unknown column 'parms'", "did you mean params?"),
        (["--head", "params"], "--head 'params' is not COLUMN=TEXT", 'params="Parameters"'),
        (["--head", "params="], "--head 'params=' is not COLUMN=TEXT", 'params="Parameters"'),
        (["--head", "parms=x"], "unknown column 'parms'", "did you mean params?"),
        (["--rename", "resnet18"], "--rename 'resnet18' is not", 'resnet50="Baseline"'),
        (["--rename", "=x"], "--rename '=x' is not", 'resnet50="Baseline"'),
        (["--rename", "resnet19=x"], "resnet19", "did you mean resnet18?"),
        (["--rename", "resnet18+cbam=x"], "there is no row or block 'resnet18+cbam'", "they are"),
        (["--rename", "resnet18+ses=x"], "'resnet18+ses'", "did you mean resnet18+se?"),
    ],
)
def test_wrong_values_are_refused_before_anything_is_counted(
    options: list[str],
    message: str,
    remedy: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(counting, "run", lambda *_: pytest.fail("counted"))
    assert run([*SMALL, *options]) == 2
    stdout, stderr = capsys.readouterr()
    assert stdout == ""
    error, hint = stderr.splitlines()
    assert error.startswith("error: ")
    assert message in error
    assert hint.startswith("hint: ")
    assert remedy in hint


EVERYTHING = [
    *("--columns", "params", "--style", "cvpr", "--names", "short", "--notes", "none"),
    *("--rename", "resnet18=B", "--head", "params=P", "--decimals", "params=1"),
    *("--delta", "short", "--group", "heading", "--order=-params", "--caption", "C"),
    *("--label", "l", "--position", "h", "--wide"),
]


def test_csv_json_and_records_do_not_change_with_any_look(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shown(capsys, "-f", "csv", *EVERYTHING) == shown(capsys, "-f", "csv")
    for suffix in ("json", "jsonl"):
        found = []
        for name, look in (("a", EVERYTHING), ("b", [])):
            path = tmp_path / f"{name}.{suffix}"
            shown(capsys, "-o", str(path), *look)
            text = path.read_text()
            rows = (
                json.loads(text) if suffix == "json" else list(map(json.loads, text.splitlines()))
            )
            found.append([{**row, "made": ""} for row in rows])
        assert found[0] == found[1]
        assert len(found[0]) == 2
