"""The specs of names as papers print them, and names that mean none."""

import csv
import random
import time
from itertools import product
from pathlib import Path

import pytest

from srbench.catalog import BACKBONES, BLOCKS
from srbench.claims.naming import Recognised, Unrecognised, recognise
from srbench.claims.naming.torchvision_names import torchvision_networks
from srbench.report.names import title
from srbench.spec.parse import parse

DATA = Path(__file__).parents[1] / "data"

# Written by hand, from the tables of papers.
SPECS = {
    "resnet50+se:reduction=8": "resnet50+se:reduction=8",
    "resnet_50": "resnet50",
    "Resnet50": "resnet50",
    "R-50": "resnet50",
    "R50 ResNet": "resnet50",
    "ResNet−50": "resnet50",
    "ResNet-50 + SE": "resnet50+se",
    "ResNet50+SE": "resnet50+se",
    "ResNet50 SE": "resnet50+se",
    "SE-ResNet-50": "resnet50+se",
    "SE_ResNet50": "resnet50+se",
    "SEResNet50": "resnet50+se",
    "SE (ResNet-50)": "resnet50+se",
    "R50 SENet": "resnet50+se",
    "SENet-50": "resnet50+se",
    "SE-ResNet-50 [16]": "resnet50+se",
    "SE-ResNet-50 (Hu et al., CVPR 2018)": "resnet50+se",
    "SE-ResNet-50 (CVPR'18)": "resnet50+se",
    "ResNet-50 + SE block": "resnet50+se",
    "ResNet-50 + Squeeze-and-Excitation": "resnet50+se",
    "R50+CBAM": "resnet50+cbam",
    "CBAM-ResNet-18": "resnet18+cbam",
    "ResNet-18-CBAM": "resnet18+cbam",
    "ResNet-18 (+CBAM)": "resnet18+cbam",
    "ResNet-18 w/ SE": "resnet18+se",
    "ResNet-18 w/SE": "resnet18+se",
    "ResNet-18 with SE": "resnet18+se",
    "ResNet18 + SE + SR (P=2)": "resnet18+se+sr:memories=2",
    "ResNet-50 + SR (P = 2)": "resnet50+sr:memories=2",
    "ResNet-50+SR, P=10": "resnet50+sr",
    "ResNet-50 + SR (P=4, h=32)": "resnet50+sr:memories=4,hidden=32",
    "SE(r=8)-ResNet-50": "resnet50+se:reduction=8",
    "SE-ResNet-50 (r=8)": "resnet50+se:reduction=8",
    "ResNet-50 + SE (reduction 8)": "resnet50+se:reduction=8",
    "ResNet-50 + SE (reduction ratio = 8)": "resnet50+se:reduction=8",
    "ResNet-50 + CBAM (k=3)": "resnet50+cbam:kernel=3",
    "ResNet-50 + Dropout2d (p=0.1)": "resnet50+dropout2d",
    "ResNet-50 + Dropout2d (p=0.2)": "resnet50+dropout2d:p=0.2",
    "ResNet-50 + SR (layer3/layer4)": "resnet50+sr:stage=layer3/layer4",
    "WideResNet18(widen=1.5)+SE": "resnet18:widen=1.5+se",
    "WideResNet18 (widen=2.0)": "resnet18:widen=2",
    "WRN-28-10": "wrn28_10",
    "Wide ResNet-28-10": "wrn28_10",
    "WRN-34-10": "wrn34_10",
    "WRN-50-2": "wide_resnet50_2",
    "ResNeXt50(32x4d)+CBAM": "resnext50_32x4d+cbam",
    "ResNeXt-50 32×4d": "resnext50_32x4d",
    "ResNeXt-50 ($32\\times4$d)": "resnext50_32x4d",
    "SE-ResNeXt-50": "resnext50_32x4d+se",
    "ResNeXt-101": "resnext101_32x4d",
    "ResNeXt-101 32x8d": "resnext101_32x8d",
    "ResNeXt-101 (64x4d)": "torchvision.models:resnext101_64x4d",
    "VGG-16": "vgg16",
    "VGG-16(BN)": "vgg16_bn",
    "VGG16-BN": "vgg16_bn",
    "SE-VGG-16(BN)": "vgg16_bn+se",
    "DenseNet-121": "densenet121",
    "MobileNet": "mobilenet_v1",
    "MobileNet-V1": "mobilenet_v1",
    "MobileNetV1 (\u03b1=0.5)": "mobilenet_v1:width=0.5",
    "0.5 MobileNet": "mobilenet_v1:width=0.5",
    "MobileNet-v2 1.0": "mobilenet_v2",
    "MobileNet V3 large": "mobilenet_v3_large",
    "EffNet-B0": "efficientnet_b0",
    "EfficientNet V2-S": "efficientnet_v2_s",
    "RegNetY-400MF": "regnet_y_400mf",
    "RegNetX-3.2GF": "regnet_x_3_2gf",
    "ConvNeXt-T": "convnext_tiny",
    "ConvNeXt-Tiny": "convnext_tiny",
    "DeepLabv3 (ResNet-50)": "deeplabv3_resnet50",
    "DeepLabV3-ResNet50 + SR": "deeplabv3_resnet50+sr",
    "FCN-ResNet101": "fcn_resnet101",
    "ResNet-20": "cifar_resnet20",
    "ResNet-56 (CIFAR-10)": "cifar_resnet56",
    "ResNet-18 (CIFAR stem)": "resnet18:stem=cifar",
    "ResNet-50 v1": "resnet50:stride=v1",
    "ResNet-50 (v1.5)": "resnet50",
    "ResNet-50 (ours)": "resnet50",
    "ResNet-50 (re-implementation)": "resnet50",
    "vanilla ResNet-50": "resnet50",
    "ViT-B/16": "torchvision.models:vit_b_16",
    "swin_t": "torchvision.models:swin_t",
    "ShuffleNetV2 1.0×": "torchvision.models:shufflenet_v2_x1_0",
    "SqueezeNet 1.1": "torchvision.models:squeezenet1_1",
    "MNASNet": "torchvision.models:mnasnet1_0",
    "timm:resnet50d+se": "timm:resnet50d+se",
    "resnet50d (timm) + SE": "timm:resnet50d+se",
}

# With the part of the name that a hint has to mention.
UNKNOWN = {
    "ResNet-51": "ResNet-51",
    "ResNet-5O": "ResNet-5O",
    "SE-ResNet-50-D": "'D'",
    "ResNet50-v1b": "'b'",
    "ResNet-50 + SEE": "did you mean SE?",
    "ResNet-50 (x2)": "x2",
    "ResNet-50 0.75x": "0.75x",
    "ResNet-50 + ECA": "ECA",
    "R50 GSoP-Net1": "GSoP-Net1",
    "ResNet-50 (pre-activation)": "pre-activation",
    "ResNet-50 (quantized)": "quantized",
    "ResNet-50 w/o SE": "w/o",
    "ResNet-50 without SE": "without",
    "ResNet-50 - SE": "-",
    "ResNet-50 −SE": "",
    "SE/CBAM-ResNet-50": "",
    "ResNet-50+": "+",
    "ResNet-10¹": "10¹",
    "ResNet-1 01": "",
    "ResNet-50 + SE + SE": "SE",
    "ResNet-50 + SE (P=2)": "P=2",
    "ResNet-50 + SE (r=1/16)": "reduction=1/16",
    "ResNet-50 + SE (r=8, r=4)": "r=4",
    "ResNet-50 + Dropout2d (p=2)": "p=2",
    "ResNet-50 + ResNet-18": "ResNet-18",
    "ResNet-50 + ours": "ours",
    "Ours (ResNet-50)": "Ours",
    "WideResNet18": "widen",
    "WRN-34-2": "wrn34_2",
    "Wide ResNet-18-2": "18-2",
    "CIFAR ResNet-50": "resnet50:stem=cifar",
    "ResNet-164": "ResNet-164",
    "RegNetY-4GF": "RegNetY-4GF",
    "DeepLabv3+ (ResNet-50)": "DeepLabv3",
    "DeepLabv3 + ResNet-50": "ResNet-50",
    "DeepLabv3+SR": "DeepLabv3",
    "ConvNeXtV2-T": "ConvNeXtV2-T",
    "Res2Net-50": "Res2Net-50",
    "R50+ViT-B/16": "ViT-B/16",
    "GoogLeNet": "auxiliary",
    "Inception v3": "auxiliary",
    "AlexNet + SE": "blocks have no place",
    "MobileNet-224": "224",
    "os:system": "os:system",
    "torchvision.models:load": "",
    "resnet50:stem=small": "stem",
    "SE": "network is not known",
    "baseline": "network is not known",
    "": "network is not known",
    "x" * 201: "200",
}

ROWS = [
    ("+ SE", "ResNet-50", "resnet50+se"),
    ("SE", "ResNet-50", "resnet50+se"),
    ("SENet", "ResNet-50", "resnet50+se"),
    ("w/ CBAM", "ResNet-50", "resnet50+cbam"),
    ("SE (r=8)", "ResNet-50 (v1)", "resnet50:stride=v1+se:reduction=8"),
    ("baseline", "ResNet-50", "resnet50"),
    ("Baseline (ours)", "Backbone: ResNet-50", "resnet50"),
    ("vanilla", "WideResNet18 (widen=2)", "resnet18:widen=2"),
    ("ResNet", "R-50", "resnet50"),
    ("ResNet-18 + SE", "ResNet-50", "resnet18+se"),
    ("ResNet-50", "Classification on ImageNet", "resnet50"),
    ("DeepLabv3 + SR", "ResNet-50", "deeplabv3_resnet50+sr"),
    ("ResNet-50 + SR", "DeepLabv3", "deeplabv3_resnet50+sr"),
    ("+ SR", "DeepLabv3 (ResNet-101)", "deeplabv3_resnet101+sr"),
    ("ResNet-20 + SE", "CIFAR-10", "cifar_resnet20+se"),
    ("ResNet-18 (CIFAR stem)", "CIFAR-10", "resnet18:stem=cifar"),
    ("Ours", "ResNet-50", None),
    ("(ours)", "ResNet-50", None),
    ("- SE", "ResNet-50", None),
    ("ResNet", "VGG-16", None),
    ("SE", "ResNet-50 + CBAM", None),
    ("SE", "Mine", None),
    ("SE", "", None),
    ("ResNet-50", "CIFAR-10", None),
    ("VGG-16", "Results on CIFAR-100", None),
    ("ResNet-50 + SE", "Faster R-CNN", None),
    ("ResNet-101", "DeepLabv3 (ResNet-50)", None),
    ("ResNet-50", "Pruned networks", None),
]


def spec_of(name: str, section: str = "") -> str | None:
    found = recognise(name, section)
    return found.spec if isinstance(found, Recognised) else None


def published() -> list[tuple[str, str]]:
    rows = [
        (row["row"], row["spec"])
        for path in ("cbam_table4.csv", "published.csv")
        for row in csv.DictReader((DATA / path).read_text(encoding="utf-8").splitlines())
    ]
    return [(name, spec) for name, spec in rows if "points" not in name]  # sentences


@pytest.mark.parametrize(("name", "spec"), SPECS.items())
def test_a_name_means_its_spec(name: str, spec: str) -> None:
    assert spec_of(name) == spec


@pytest.mark.parametrize(("name", "mentioned"), UNKNOWN.items())
def test_a_name_that_is_not_wholly_understood_has_no_spec(name: str, mentioned: str) -> None:
    answer = recognise(name)
    assert isinstance(answer, Unrecognised), answer
    assert answer.name == name
    assert mentioned in answer.hint


@pytest.mark.parametrize(("name", "section", "spec"), ROWS)
def test_a_heading_gives_the_network_and_its_doubts(
    name: str, section: str, spec: str | None
) -> None:
    assert spec_of(name, section) == spec


@pytest.mark.parametrize(("name", "spec"), published())
def test_printed_rows_mean_their_specs(name: str, spec: str) -> None:
    found = spec_of(name)
    plain = str(parse(spec.replace("stride=v1,", "").replace(":stride=v1", ""))) if spec else None
    assert found == plain


def test_our_own_titles_are_recognised() -> None:
    blocks = ["", *BLOCKS, "se:reduction=8", "sr:memories=2,hidden=32,stage=STAGE", "se+sr"]
    for name, block in product(BACKBONES, blocks):
        stage = BACKBONES[name].stage_names[0]
        spec = parse(f"{name}+{block}".rstrip("+").replace("STAGE", stage))
        assert spec_of(title(spec)) == str(spec)
        assert spec_of(str(spec)) == str(spec)


def test_options_of_networks_are_recognised_in_our_titles() -> None:
    texts = ("resnet50:stride=v1,stem=cifar", "wrn28_10:dropout=0.3+se", "mobilenet_v1:width=0.5")
    texts += ("deeplabv3_resnet50:aux=true", "cifar_resnet20:shortcut=projection")
    texts += ("resnet50+se:after=layer4.*", "resnet50+dropout2d:p=1e-05")
    for spec in map(parse, texts):
        assert spec_of(title(spec)) == str(spec)


def test_the_listed_networks_of_torchvision_exist() -> None:
    import torchvision

    names = {one.name.partition(":")[2] for one in torchvision_networks().values()}
    assert names <= set(torchvision.models.list_models(torchvision.models))


@pytest.mark.parametrize(
    ("name", "note"),
    [
        ("WideResNet18(widen=1.5)", "multiplied by widen"),
        ("ResNeXt-101", "32×8d is another network"),
        ("SENet-50", "SE in every residual branch"),
        ("MobileNet", "first version"),
        ("ResNet-20", "32×32 pixels"),
        ("ResNet-50 (ours)", "(ours)"),
        ("AlexNet", "2014"),
    ],
)
def test_a_reading_that_a_reader_may_not_expect_has_a_note(name: str, note: str) -> None:
    answer = recognise(name)
    assert isinstance(answer, Recognised)
    assert note in " ".join(answer.notes)


def test_no_text_raises_and_a_letter_more_makes_a_name_unknown() -> None:
    draws = random.Random(0)
    pieces = [
        "ResNet",
        "-",
        "50",
        "SE",
        "+",
        " ",
        "(",
        ")",
        "r=8",
        "\u03b1=",
        "w/",
        "·",
        "\ue000",
        "²",
    ]
    for _ in range(3000):
        text = "".join(draws.choices(pieces, k=draws.randrange(12)))
        recognise(text, "".join(draws.choices(pieces, k=draws.randrange(4))))
    for name in SPECS:
        if "(timm)" not in name and ":" not in name:
            assert spec_of(f"{name} Q") is None
            assert spec_of(f"Q-{name}") is None


def test_long_tables_are_read_at_once() -> None:
    networks = [one.title for one in BACKBONES.values()]
    names = [f"{one} + SR (P={p}) + SE" for one, p in product(networks, range(1, 120))]
    names += [f"{one} + Q{number}" for one in networks for number in range(30)]
    start = time.process_time()
    for name in names[:10_000]:
        recognise(name)
    assert time.process_time() - start < 6  # about 2 s when nothing else runs
