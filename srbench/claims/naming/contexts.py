"""Headings under which a network is not what its name says: it was changed, or is a part of another
network."""

import re

from srbench.catalog import Backbone
from srbench.claims.naming.answers import ASK

_CIFAR = re.compile(r"(?i)cifar|svhn|mnist|tiny[ -]?imagenet|stl-?10|32 ?[x×] ?32")
_WHOLE = re.compile(
    r"(?i)detect|r-?cnn|retinanet|\bfpn\b|\bssd|yolo|detr\b|coco\b|instance|segment|deeplab"
    r"|\bfcn\b|psp-?net|uper-?net|\bvoc\b|cityscapes|ade-?20k|keypoint|pose\b|video|kinetics"
)
_CHANGED = re.compile(
    r"(?i)prun|quanti[sz]|int-?8|dilated|pre-?act|distill|binar|21k|22k|cifar-?100"
)
SMALL = 32  # pixels: the images that networks for CIFAR are made for


def doubt(backbone: Backbone | None, section: str) -> str:
    """Why a network under a heading may be another one than its name says; empty if it is sure."""
    if backbone and (why := for_small_images(backbone, section)):
        return why
    if backbone and backbone.family == "Segmentation":
        return ""
    found = _WHOLE.search(section) or _CHANGED.search(section)
    if not found or (backbone and backbone.input_size == SMALL and "100" in found[0]):
        return ""
    return f"under a heading with {found[0]!r} it may be another network, or a part of one; {ASK}"


def for_small_images(backbone: Backbone, text: str) -> str:
    """Why a network may be changed, if the text speaks of small images."""
    found = _CIFAR.search(text)
    if not found or backbone.input_size == SMALL:
        return ""
    stem = any(option.name == "stem" for option in backbone.options)
    either = f" or {backbone.name}:stem=cifar" if stem else ""
    return (
        f"papers change {backbone.title} for the small images of {found[0]}: "
        f"say in [names] which it is, such as {backbone.name}{either}"
    )


def note_on(spec: str, backbone: Backbone, section: str) -> str:
    """What a reader should know about a network for small images; empty for all others."""
    if backbone.input_size != SMALL:
        return ""
    classes = ", and the heading says CIFAR-100" if re.search(r"(?i)cifar-?100", section) else ""
    return (
        f"{backbone.title} is read as {spec}, for images of {SMALL}×{SMALL} pixels "
        f"and {backbone.num_classes} classes{classes}"
    )
