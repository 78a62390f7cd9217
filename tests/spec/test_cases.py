"""Which rows a comparison has, and in which order."""

import pytest

from srbench.errors import SpecError
from srbench.spec.cases import rows


def names(*args: object, **kwargs: object) -> list[str]:
    return [str(spec) for spec in rows(*args, **kwargs)]


def test_a_backbone_alone_is_compared_with_the_default_set() -> None:
    expected = ["resnet50", "resnet50+se", "resnet50+cbam", "resnet50+sr"]
    assert names(["resnet50"]) == expected
    assert names([]) == expected


def test_a_variant_makes_one_row_per_backbone_after_its_baseline() -> None:
    assert names(["resnet18", "resnet34"], ["se", "se+sr:memories=4"]) == [
        "resnet18",
        "resnet18+se",
        "resnet18+se+sr:memories=4",
        "resnet34",
        "resnet34+se",
        "resnet34+se+sr:memories=4",
    ]


def test_a_whole_spec_adds_one_row_after_its_baseline() -> None:
    assert names(["resnet50+sr"]) == ["resnet50", "resnet50+sr"]
    assert names(["resnet50+sr", "resnet50"]) == ["resnet50", "resnet50+sr"]
    assert names(["resnet50+sr"], ["se"]) == ["resnet50", "resnet50+sr", "resnet50+se"]


def test_a_backbone_with_other_options_is_another_baseline() -> None:
    assert names(["resnet50+se", "resnet50:stride=v1+se"]) == [
        "resnet50",
        "resnet50+se",
        "resnet50:stride=v1",
        "resnet50:stride=v1+se",
    ]


def test_each_backbone_without_variants_gets_the_default_set() -> None:
    assert names(["resnet18", "resnet50+sr"]) == [
        "resnet18",
        "resnet18+se",
        "resnet18+cbam",
        "resnet18+sr",
        "resnet50",
        "resnet50+sr",
    ]


def test_duplicate_rows_are_left_out() -> None:
    assert names(["resnet18", "resnet18", "resnet18+se:reduction=16"], ["se", "+se"]) == [
        "resnet18",
        "resnet18+se",
    ]


def test_the_default_set_can_be_empty() -> None:
    assert names(["resnet18"], default_variants=()) == ["resnet18"]


@pytest.mark.parametrize("variant", ["", "+", "resnet50+se", "se+"])
def test_a_variant_must_consist_of_blocks(variant: str) -> None:
    with pytest.raises(SpecError):
        rows(["resnet50"], [variant])
