"""What models are called: by papers in tables, and by their specs where that is clearer."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from support.records import counted, timed

from srbench.catalog import BACKBONES, BLOCKS
from srbench.records.record import MadeOf, Record
from srbench.report.formats.latex_text import escaped
from srbench.report.labels import Label, Name, titles_of
from srbench.report.names import Names, named_row


def names(*specs: str, given: Mapping[str, Label] | None = None) -> list[Name]:
    """The names of rows in one table."""
    known = Names([counted(spec) for spec in specs], given)
    return [known(spec) for spec in specs]


def titles(*specs: str) -> list[str]:
    return [name.title.plain for name in names(*specs)]


@pytest.mark.parametrize(
    ("spec", "title", "latex", "short"),
    [
        ("resnet50", "ResNet-50", "ResNet-50", "ResNet-50"),
        ("resnet50+se", "ResNet-50 + SE", "ResNet-50 + SE", "+ SE"),
        (
            "resnet50+sr:memories=2",
            "ResNet-50 + SR (P=2)",
            "ResNet-50 + SR ($P=2$)",
            "+ SR (P=2)",
        ),
        (
            "resnet18+cbam:kernel=3,reduction=8",
            "ResNet-18 + CBAM (r=8, k=3)",
            "ResNet-18 + CBAM ($r=8$, $k=3$)",
            "+ CBAM (r=8, k=3)",
        ),
        (
            "resnet18+dropout2d:p=0.25",
            "ResNet-18 + Dropout2d (p=0.25)",
            "ResNet-18 + Dropout2d ($p=0.25$)",
            "+ Dropout2d (p=0.25)",
        ),
        (
            "resnet18+se:stage=layer3/layer4",
            "ResNet-18 + SE (layer3/layer4)",
            "ResNet-18 + SE (layer3/layer4)",
            "+ SE (layer3/layer4)",
        ),
        (
            "resnet18+se:after=layer4.1",
            "ResNet-18 + SE (after layer4.1)",
            "ResNet-18 + SE (after layer4.1)",
            "+ SE (after layer4.1)",
        ),
        (
            "resnet34+se+sr:memories=4",
            "ResNet-34 + SE + SR (P=4)",
            "ResNet-34 + SE + SR ($P=4$)",
            "+ SE + SR (P=4)",
        ),
        (
            "resnet50:stride=v1+se",
            "ResNet-50 (stride=v1) + SE",
            "ResNet-50 (stride=v1) + SE",
            "+ SE",
        ),
        ("cifar_resnet8+se", "ResNet-8 + SE", "ResNet-8 + SE", "+ SE"),
        ("wrn22_3", "WRN-22-3", "WRN-22-3", "WRN-22-3"),
        ("timm:vgg16_bn", "vgg16_bn (timm)", r"vgg16\_bn (timm)", "vgg16_bn (timm)"),
        (
            "my.nets:My_Net+my.blocks:Gate:k_size=3",
            "My_Net + Gate (k_size=3)",
            r"My\_Net + Gate (k\_size=3)",
            "+ Gate (k_size=3)",
        ),
        (
            "deeplabv3_resnet50:classes=19",
            "DeepLabv3 (ResNet-50)",
            "DeepLabv3 (ResNet-50)",
            "DeepLabv3 (ResNet-50)",
        ),
    ],
)
def test_a_model_is_called_what_papers_call_it(
    spec: str, title: str, latex: str, short: str
) -> None:
    (name,) = names(spec)
    assert (name.spec, name.title, name.short.plain) == (spec, Label(title, latex), short)
    assert str(name) == title


def test_a_default_is_named_only_if_the_option_varies_with_the_same_network() -> None:
    assert titles("resnet50", "resnet50+sr:memories=2", "resnet50+sr", "resnet101+sr") == [
        "ResNet-50",
        "ResNet-50 + SR (P=2)",
        "ResNet-50 + SR (P=10)",
        "ResNet-101 + SR",
    ]
    assert titles("resnet50+sr:memories=2", "resnet101+sr") == [
        "ResNet-50 + SR (P=2)",
        "ResNet-101 + SR",
    ]
    assert titles("resnet18+se:reduction=8", "resnet18+cbam") == [
        "ResNet-18 + SE (r=8)",
        "ResNet-18 + CBAM",
    ], "another block's option of the same name"


def test_the_options_of_a_block_of_ones_own_are_those_of_the_record() -> None:
    def made(spec: str, k: int) -> Record:
        return counted(spec, parts=(MadeOf("resnet18", {}), MadeOf("own:Gate", {"k": k})))

    known = Names([made("resnet18+own:Gate", 3), made("resnet18+own:Gate:k=5", 5)])
    assert str(known("resnet18+own:Gate")) == "ResNet-18 + Gate (k=3)"
    assert str(known("resnet18+own:Gate:k=5")) == "ResNet-18 + Gate (k=5)"


@pytest.mark.parametrize(
    ("specs", "alone"),
    [
        (["one:Net", "two:Net"], "resnet18"),
        (["resnet18+one:Gate", "resnet18+two:Gate"], "resnet18+se"),
        (["deeplabv3_resnet50", "deeplabv3_resnet50:classes=19"], "fcn_resnet50"),
    ],
)
def test_two_models_that_would_have_one_name_keep_their_specs(specs: list[str], alone: str) -> None:
    *same, other = names(*specs, alone)
    assert [(name.title.plain, name.short.plain) for name in same] == [(s, s) for s in specs]
    assert other.title.plain != alone


def test_a_model_and_an_object_never_have_one_name() -> None:
    known = Names([counted("resnet18"), counted("ResNet-18", subject="module")])
    assert str(known("resnet18")) != str(known("ResNet-18"))


def test_given_names_come_first() -> None:
    ours = Label("Ours, P=2", r"\emph{Ours}, $P=2$")
    plain, given = names("resnet18", "resnet18+sr", given={"resnet18+sr": ours})
    assert plain.title == Label("ResNet-18", "ResNet-18")
    assert (given.title, given.short, given.spec) == (ours, ours, "resnet18+sr")


@pytest.mark.parametrize("subject", ["module", "callable"])
def test_objects_keep_their_names(subject: str) -> None:
    records = [counted(name, subject=subject) for name in ("resnet18", "my_net+se", "Net")]
    known = Names(records)
    for record in records:
        assert known(record.spec).title == Label(record.spec)
        assert known(record.spec).short == Label(record.spec)


def test_what_is_no_spec_keeps_its_name() -> None:
    assert titles("hypernet900 (beta)", "") == ["hypernet900 (beta)", ""]
    assert Names([])("resnet18").title.plain == "resnet18", "no record has it"


def test_the_baseline_timed_again_is_marked() -> None:
    again = timed("resnet18", [0.1])
    assert again.timing
    again = replace(again, timing=replace(again.timing, role="aa"))
    name = named_row(again, Names([again]))
    assert name.title.plain.startswith("ResNet-18 ")
    assert name.spec.removeprefix("resnet18") == name.title.plain.removeprefix("ResNet-18") != ""
    assert name.title.latex == escaped(name.title.plain)


def test_control_characters_are_made_visible() -> None:
    (odd,) = names("\x1b[2Jnet\n")
    assert odd.title.plain == odd.short.plain == r"\x1b[2Jnet\n"
    assert "\x1b" not in odd.as_("spec").plain


def test_every_network_and_block_has_a_title_of_its_own() -> None:
    networks = [one.title for one in BACKBONES.values()]
    for found in (networks, [one.title for one in BLOCKS.values()]):
        assert all(found)
        assert len({*found}) == len(found)
    assert len({*titles(*BACKBONES)}) == len(BACKBONES)


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("resnext50_32x4d", "ResNeXt-50 32×4d"),
        ("wide_resnet101_2", "Wide ResNet-101-2"),
        ("wrn28_10", "WRN-28-10"),
        ("vgg16", "VGG-16"),
        ("vgg19_bn", "VGG-19-BN"),
        ("densenet121", "DenseNet-121"),
        ("mobilenet_v2", "MobileNetV2"),
        ("mobilenet_v3_small", "MobileNetV3-Small"),
        ("efficientnet_b7", "EfficientNet-B7"),
        ("efficientnet_v2_s", "EfficientNetV2-S"),
        ("regnet_x_400mf", "RegNetX-400MF"),
        ("regnet_y_1_6gf", "RegNetY-1.6GF"),
        ("convnext_tiny", "ConvNeXt-T"),
        ("fcn_resnet101", "FCN (ResNet-101)"),
        ("deeplabv3_mobilenet_v3_large", "DeepLabv3 (MobileNetV3-Large)"),
    ],
)
def test_titles_are_those_of_the_papers(name: str, title: str) -> None:
    assert BACKBONES[name].title == title


def test_no_title_needs_a_character_that_papers_cannot_print() -> None:
    for title in titles(*BACKBONES, *(f"resnet18+{block}" for block in BLOCKS)):
        assert "Umathcode" not in escaped(title)


CALLED = {name.spec: name for name in names("resnet50", "resnet50+se", "resnet50:stem=cifar")}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("resnet50", "ResNet-50"),
        ("* resnet50: not counted: a::b", "* ResNet-50: not counted: a::b"),
        ("resnet50, resnet50+se: odd.", "ResNet-50, ResNet-50 + SE: odd."),
        ("as in resnet50.", "as in ResNet-50."),
        ("(as in resnet50+se)", "(as in ResNet-50 + SE)"),
        ("resnet50:stem=cifar is one", "ResNet-50 (stem=cifar) is one"),
        # Parts of other specs, of paths and of words:
        ("resnet50+cbam", "resnet50+cbam"),
        ("resnet50+se+sr", "resnet50+se+sr"),
        ("resnet50+se:reduction=8", "resnet50+se:reduction=8"),
        ("resnet50:stride=v1", "resnet50:stride=v1"),
        ("timm:resnet50", "timm:resnet50"),
        ("wide_resnet50 and resnet500", "wide_resnet50 and resnet500"),
        ("weights/resnet50.pt", "weights/resnet50.pt"),
        ("resnet50/x, resnet50.fc", "resnet50/x, resnet50.fc"),
        ("resnet50,stride=v1", "resnet50,stride=v1"),
        ("nothing", "nothing"),
        ("", ""),
    ],
)
def test_only_whole_specs_are_replaced_in_a_text(text: str, expected: str) -> None:
    pieces = titles_of(text, CALLED)
    assert "".join(map(str, pieces)) == expected
    assert "".join(p.spec if isinstance(p, Name) else p for p in pieces) == text


def test_a_name_that_looks_like_a_pattern_is_taken_as_it_is() -> None:
    called = {"a.b(c": Name("a.b(c", Label("X"), Label("X"))}
    assert "".join(map(str, titles_of("a.b(c axb(c", called))) == "X axb(c"
