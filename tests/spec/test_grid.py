"""The specs of a sweep."""

import pytest

from srbench.errors import SpecError
from srbench.spec.grid import grid


def specs(*arguments: object) -> list[str]:
    return [str(spec) for spec in grid(*arguments)]


def test_every_combination_is_there_once() -> None:
    found = specs("resnet18+sr", {"memories": ["2", "10"], "stage": ["layer3", "layer3/layer4"]})
    assert found == [
        "resnet18+sr:memories=2,stage=layer3",
        "resnet18+sr:memories=2,stage=layer3/layer4",
        "resnet18+sr:stage=layer3",
        "resnet18+sr:stage=layer3/layer4",
    ]


def test_other_options_of_the_spec_are_kept() -> None:
    assert specs("resnet18:widen=2+se:reduction=8+sr:hidden=32", {"memories": ["1"]}) == [
        "resnet18:widen=2+se:reduction=8+sr:memories=1,hidden=32"
    ]


def test_options_of_the_backbone_can_be_varied_too() -> None:
    assert specs("resnet18+se", {"widen": ["1", "1.5"]}) == [
        "resnet18+se",
        "resnet18:widen=1.5+se",
    ]


def test_an_option_of_several_parts_needs_the_name_of_its_part() -> None:
    with pytest.raises(SpecError, match=r"several parts.*se\.stage, sr\.stage"):
        grid("resnet18+se+sr", {"stage": ["layer3"]})
    assert specs("resnet18+se+sr", {"sr.stage": ["layer3"]}) == ["resnet18+se+sr:stage=layer3"]


@pytest.mark.parametrize(
    ("spec", "varied", "message"),
    [
        ("resnet18", {"memories": ["1"]}, r"no option 'memories'.*sweep resnet18\+sr"),
        ("resnet18+sr", {"memories": ["0"]}, "memories=0"),
        ("resnet18+sr", {"memories": ["many"]}, "memories=many"),
        ("resnet18+sr", {"se.reduction": ["1"]}, "no option"),
        ("resnet18+sr", {"memories": [str(n) for n in range(1, 10_002)]}, "10,001 specs"),
    ],
)
def test_an_invalid_sweep_is_refused(spec: str, varied: dict, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        grid(spec, varied)
