"""Names that an author gives specs."""

from pathlib import Path

import pytest

from srbench.claims.naming import Recognised, Unrecognised, load_names, recognise
from srbench.errors import SpecError, SrbenchError

GIVEN = {
    "R50*": "resnet50:stride=v1.5",
    "Proposed  Net": "resnet18+sr:memories=4",
    "DA": "+dropout2d",
    "Both": "+se:reduction=8+sr",
    "Human": "",
}


@pytest.mark.parametrize(
    ("name", "section", "spec"),
    [
        ("R50*", "", "resnet50"),
        ("proposed net ", "", "resnet18+sr:memories=4"),
        ("R50 + DA", "", "resnet50+dropout2d"),
        ("R50 + DA (p=0.2)", "", "resnet50+dropout2d:p=0.2"),
        ("DA-ResNet-50", "", "resnet50+dropout2d"),
        ("DAResNet50", "", "resnet50+dropout2d"),
        ("Both", "ResNet-18", "resnet18+se:reduction=8+sr"),
    ],
)
def test_given_names_come_first(name: str, section: str, spec: str) -> None:
    answer = recognise(name, section, GIVEN)
    assert isinstance(answer, Recognised)
    assert answer.spec == spec


def test_an_empty_text_leaves_a_row_out() -> None:
    answer = recognise("human", given=GIVEN)
    assert isinstance(answer, Unrecognised)
    assert answer.is_left_out


def test_a_given_block_may_be_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "from torch import nn\nclass ECA(nn.Identity):\n    def __init__(self, channels, k=3):\n"
    (tmp_path / "attention_of_ours.py").write_text(f"{code}        super().__init__()\n")
    monkeypatch.syspath_prepend(tmp_path)
    given = {"ECA": "+attention_of_ours:ECA"}
    for name, options in (("R50 + ECA", ""), ("ECA-ResNet-50 (k=5)", ":k=5")):
        answer = recognise(name, given=given)
        assert isinstance(answer, Recognised), answer
        assert answer.spec == f"resnet50+attention_of_ours:ECA{options}"
    assert isinstance(recognise("R50 + ECA (z=5)", given=given), Unrecognised)


@pytest.mark.parametrize("text", ["resnet5", "+see", "not a spec", "+se:r=2"])
def test_a_wrong_spec_is_an_error_with_its_name(text: str) -> None:
    with pytest.raises(SpecError, match=r"A1 in \[names\]"):
        recognise("A1", given={"A1": text})


def test_a_file_gives_names(tmp_path: Path) -> None:
    path = tmp_path / "paper.toml"
    path.write_text('[names]\n"R50 (a)" = "resnet50"\n"ECA" = "+no.such:ECA"\nHuman = ""\n')
    assert load_names(path) == {"R50 (a)": "resnet50", "ECA": "+no.such:ECA", "Human": ""}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[nmaes]\na = 'resnet50'", "did you mean [names]?"),
        ("[names]\na = 'resnet50'\n[rows]\nb = 1", "the only section is [names]"),
        ("", "no section [names]"),
        ("names = 3", "no section [names]"),
        ("[names]\na = 3", "line 2: a in [names] is no text"),
        ("[names]\na = 'resnet50'\nb = 'resnet5'", "line 3: b in [names]: unknown model"),
        ("[names]\n'a b' = '+see'", "did you mean se?"),
        ("[names]\n'a+b' = '+se'", "no name of a block"),
        ("[names]\na = ", "is not TOML"),
    ],
)
def test_what_is_wrong_in_a_file_is_said(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "paper.toml"
    path.write_text(text)
    with pytest.raises(SrbenchError) as caught:
        load_names(path)
    assert said in str(caught.value)


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SrbenchError, match="cannot read"):
        load_names(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes("[names]\n'é' = ''".encode("latin-1"))
    with pytest.raises(SrbenchError, match="UTF-8"):
        load_names(tmp_path / "latin.toml")
