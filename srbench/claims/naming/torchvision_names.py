"""Networks of torchvision that the catalog lacks, and what papers call them.

They are listed here because importing torchvision takes seconds. Blocks have no place in them.
"""

from srbench.claims.naming.words import Network

OWN = "torchvision.models:"

_WIDTHS = ("0.5", "1.0", "1.5", "2.0")
_SIZES = {"t": "tiny", "s": "small", "b": "base", "l": "large", "h": "huge"}

# By the name's end after ``torchvision.models:``.
_NAMES: dict[str, tuple[str, ...]] = {
    "alexnet": ("AlexNet",),
    "googlenet": ("GoogLeNet", "Inception v1"),
    "inception_v3": ("Inception v3",),
    "maxvit_t": ("MaxViT-T", "MaxViT-Tiny"),
    "resnext101_64x4d": ("ResNeXt-101 64x4d",),
    "squeezenet1_0": ("SqueezeNet 1.0", "SqueezeNet v1.0", "SqueezeNet"),
    "squeezenet1_1": ("SqueezeNet 1.1", "SqueezeNet v1.1"),
    **{
        f"shufflenet_v2_x{width.replace('.', '_')}": (
            f"ShuffleNetV2 {width}x",
            f"ShuffleNetV2 x{width}",
            f"ShuffleNetV2 {width}",
            f"ShuffleNetV2 {width.removesuffix('.0')}x",
            f"ShuffleNetV2 x{width.removesuffix('.0')}",
        )
        for width in _WIDTHS
    },
    **{
        f"mnasnet{width.replace('.', '_')}": (f"MNASNet {width}", f"MNASNet {width}x")
        for width in ("0.5", "0.75", "1.3")
    },
    "mnasnet1_0": ("MNASNet 1.0", "MNASNet 1.0x", "MNASNet"),
    **{
        f"swin_{version}{size}": (f"Swin{version}{size}", f"Swin{version}{_SIZES[size]}")
        for version in ("", "v2_")
        for size in "tsb"
    },
    **{
        f"vit_{size}_{patch}": (f"ViT-{size}/{patch}", f"ViT-{_SIZES[size]}/{patch}")
        for size, patch in (("b", 16), ("b", 32), ("l", 16), ("l", 32), ("h", 14))
    },
}

_NOTES = {
    "alexnet": "torchvision's AlexNet is that of 2014, without groups and local normalisation",
    "mnasnet1_0": "MNASNet is read as torchvision's with width 1.0",
    "squeezenet1_0": "SqueezeNet is read as its version 1.0",
}

# A paper's figures are without the auxiliary heads, so that these would refute it wrongly.
_WITH_HEADS = {
    name: f"{OWN}{name} has auxiliary heads, which papers do not count; "
    f"write it in [names] if it is meant{at}"
    for name, at in (("googlenet", ""), ("inception_v3", ", and count it at 299×299 pixels"))
}


def torchvision_networks() -> dict[str, Network]:
    """The networks by what papers call them, in any spelling."""
    return {
        spelling: Network(
            f"{OWN}{name}", note=_NOTES.get(name, ""), problem=_WITH_HEADS.get(name, "")
        )
        for name, spellings in _NAMES.items()
        for spelling in (name, *spellings)
    }


def has(name: str) -> bool:
    """Whether these are the names of a network of torchvision: ``torchvision.models:swin_t``."""
    return name.startswith(OWN) and name.removeprefix(OWN) in _NAMES
