"""What papers call the networks of the catalog.

Most names are the catalog's own, in any spelling. The others are below, each with a note where a
reader may have meant something else.
"""

import re
from collections.abc import Iterator

from srbench.catalog import BACKBONES
from srbench.claims.naming.words import Network

_BASIC = ("resnet18", "resnet34")
_RESNETS = ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152")
_WIDTHS = ("0.25", "0.5", "0.75", "1.0")

_SENET = "{0} is read as {1} with SE in every residual branch"
_WIDE = "WideResNet{0} is read as resnet{0} with the widths of its stages multiplied by widen"
_RESNEXT = "ResNeXt-{0} is read as that with 32×4d, as in SENet's tables; 32×8d is another network"
_ONLY_RESNEXT = "ResNeXt-50 is read as that with 32×4d"
_WRN = "WRN-{0}-2 is read as torchvision's wide_resnet{0}_2, which is for ImageNet"
_FIRST = "MobileNet is read as its first version, mobilenet_v1"

# Parts of names that papers spell otherwise.
_SPELT: tuple[tuple[str, str], ...] = (
    (r"^EfficientNet", "EffNet"),
    (r"^Wide ResNet-(?=50|101)", "WideResNet"),
    (r"^WRN-", "Wide ResNet-"),
    (r"^VGG-(\d+)-BN", r"VGG-\1+BN"),
    (r"^VGG-(\d+)-BN", r"VGG-\1 batch norm"),
    (r"^(RegNet.*)F$", r"\1"),
    (r"^(RegNet.*)MF$", r"\1MFLOPs"),
    (r"^(ResNeXt.*)d$", r"\1"),
    (r"^(ResNet-(?:20|32|44|56|110))$", r"CIFAR \1"),
    (r"^(MobileNetV3-[LS]).*", r"\1"),
)


def spellings() -> Iterator[tuple[str, Network]]:
    """The networks of the catalog, each with one of its names."""
    for name, backbone in BACKBONES.items():
        network = Network(name)
        yield name, network
        if name == "mobilenet_v1":
            yield backbone.title, network._replace(note=_FIRST)
            continue
        yield backbone.title, network
        for pattern, spelt in _SPELT:
            other = re.sub(pattern, spelt, backbone.title)
            if other != backbone.title:
                yield other, network
    yield from _resnets()
    yield from _wide_and_grouped()
    yield from _mobilenets()


def _resnets() -> Iterator[tuple[str, Network]]:
    for name in _RESNETS:
        depth = name.removeprefix("resnet")
        yield f"R{depth}", Network(name)
        yield f"Res{depth}", Network(name)
        note = _SENET.format(f"SENet-{depth}", f"ResNet-{depth}")
        yield f"SENet{depth}", Network(name, blocks=("se",), note=note)
    yield "ResNet-1202", Network("cifar_resnet1202")


def _wide_and_grouped() -> Iterator[tuple[str, Network]]:
    for name in _BASIC:
        depth = name.removeprefix("resnet")
        yield f"WideResNet{depth}", Network(name, note=_WIDE.format(depth), needs="widen")
    for depth in ("50", "101"):
        yield f"WRN-{depth}-2", Network(f"wide_resnet{depth}_2", note=_WRN.format(depth))
    yield "ResNeXt-50", Network("resnext50_32x4d", note=_ONLY_RESNEXT)
    yield "ResNeXt-101", Network("resnext101_32x4d", note=_RESNEXT.format(101))


def _mobilenets() -> Iterator[tuple[str, Network]]:
    for title in ("MobileNet", "MobileNetV1"):
        for width in _WIDTHS:
            network = Network("mobilenet_v1", (("width", width),))
            yield from ((f"{width} {title}", network), (f"{width}x {title}", network))
            yield from ((f"{title} {width}", network), (f"{title} {width}x", network))
    for name in ("mobilenet_v2", "mobilenet_v3_large", "mobilenet_v3_small"):
        for width in ("1.0", "1.0x"):  # the only width that the catalog has
            yield f"{BACKBONES[name].title} {width}", Network(name)
