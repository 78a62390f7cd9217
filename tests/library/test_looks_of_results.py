"""How results look in Python: in the words of a layout."""

from pathlib import Path
from typing import Any

import pytest

import srbench
from srbench.errors import SrbenchError
from srbench.library.shown import RowNotFound, ShownResults


@pytest.fixture(scope="module")
def counts() -> ShownResults:
    return srbench.count("resnet18+sr", "resnet18+se:reduction=8", input_size=32)


def test_latex_has_the_columns_and_the_names_asked_for(counts: ShownResults) -> None:
    latex = counts.to_latex(
        columns=["params", "params_delta"],
        names={
            "resnet18+sr:memories=10": ("SR (ours)", r"SR \emph{(ours)}"),
            "resnet18": "Base_line",
        },
        heads={"params": ("|W|", "$W$")},
        label="tab:ours",
    )
    # SR on a map of 512×1×1: 513 for the squeeze, 128 + 650 for the FCN, 5,120 for the memories
    assert r"    Base\_line & 11.69 & -- \\" in latex
    assert r"    SR \emph{(ours)} & 11.70 & +6,411 \\" in latex
    assert r"    ResNet-18 + SE ($r=8$) & 11.87 & +" in latex
    assert r"    Model & $W$ (M) & $\Delta$ \\" in latex
    assert r"\label{tab:ours}" in latex
    assert "MACs (" not in latex.partition("bottomrule")[0]


def test_markdown_and_text_take_the_same_words(counts: ShownResults) -> None:
    look: dict[str, Any] = {
        "columns": ["params"],
        "naming": "short",
        "decimals": {"params": 1},
        "order": "-params",
        "notes": "none",
        "caption": "Mine.",
    }
    lines = counts.to_markdown(**look).splitlines()
    assert lines[:7] == [
        "Mine.",
        "",
        "| Model | Params (M) |",
        "| :--- | ---: |",
        "| ResNet-18 | 11.7 |",
        "| + SE (r=8) | 11.9 |",
        "| + SR | 11.7 |",
    ]
    (table,) = counts.report(**look).tables
    assert table.rows[0][1] == 11_689_512
    assert "Params (M)" in counts.to_markdown(columns=("params",)), "a tuple will do, too"


def test_a_file_is_saved_with_its_look(counts: ShownResults, tmp_path: Path) -> None:
    path = tmp_path / "x.tex"
    counts.save(path, style="cvpr", wide=True, position="b")
    text = path.read_text(encoding="utf-8")
    assert text.startswith("% needs \\usepackage{booktabs,graphicx}, and aligns numbers")
    assert "\\begin{table*}[b]" in text
    assert text == counts.to_latex(style="cvpr", wide=True, position="b")
    counts.save(path, columns=["macs"])
    assert path.read_text(encoding="utf-8") == counts.to_latex(columns=["macs"])


def test_csv_does_not_change_with_the_look(counts: ShownResults, tmp_path: Path) -> None:
    counts.save(tmp_path / "x.csv", columns=["params"], names={"resnet18": "B"}, notes="none")
    assert (tmp_path / "x.csv").read_text(encoding="utf-8") == counts.to_csv()


@pytest.mark.parametrize(
    ("look", "message"),
    [
        ({"colums": ["params"]}, r"a table has no 'colums' \(did you mean columns\?"),
        ({"columns": ["parms"]}, r"unknown column 'parms' \(did you mean params\?"),
        ({"order": "-parms"}, r"unknown column 'parms' \(did you mean params\?"),
        ({"style": "cvp"}, r"style cannot be 'cvp' \(did you mean cvpr\?"),
        ({"notes": None}, "notes is not a text"),
        ({"decimals": {"params": 12}}, "params cannot have 12 decimals"),
        ({"label": "a b"}, "'a b' is not a label"),
    ],
)
def test_impossible_looks_are_refused(
    look: dict[str, Any], message: str, counts: ShownResults, tmp_path: Path
) -> None:
    with pytest.raises(SrbenchError, match=message):
        counts.to_latex(**look)
    with pytest.raises(SrbenchError, match=message):
        counts.save(tmp_path / "x.md", **look)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "look",
    [
        {"label": 3},
        {"position": None},
        {"caption": 3},
        {"order": 3},
        {"decimals": {"params": "1"}},
        {"decimals": {"params": 1.5}},
        {"decimals": {"params": True}},
        {"heads": {"params": 3}},
        {"heads": {"params": ("a", "b", "c")}},
        {"wide": "yes"},
        {"columns": 3},
    ],
)
def test_values_of_a_wrong_type_are_refused_in_words(
    look: dict[str, Any], counts: ShownResults
) -> None:
    (word,) = look
    with pytest.raises(SrbenchError, match=word):
        counts.to_latex(**look)


def test_a_name_for_a_row_that_is_not_there_is_refused(counts: ShownResults) -> None:
    with pytest.raises(RowNotFound, match=r"no row is called 'resnet19' \(did you mean resnet18\?"):
        counts.to_markdown(names={"resnet19": "x"})
    with pytest.raises(KeyError):
        counts.to_markdown(names={"resnet18+cbam": "x"})
