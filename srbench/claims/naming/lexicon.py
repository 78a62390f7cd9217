"""All words that names are made of, by their letters (`srbench.claims.naming.lettering`)."""

import re
from collections.abc import Mapping
from functools import cache

from srbench.catalog import BACKBONES, BLOCKS
from srbench.catalog.lookup import find_backbone
from srbench.claims.naming.answers import ASK
from srbench.claims.naming.lettering import evened
from srbench.claims.naming.spellings import spellings
from srbench.claims.naming.torchvision_names import torchvision_networks
from srbench.claims.naming.words import Head, Inserted, Mark, Meaning, Network, Setting
from srbench.errors import SpecError
from srbench.spec.parse import Part

_MARKS: dict[Mark, tuple[str, ...]] = {
    Mark.PLUS: ("+", "with", "and"),
    Mark.BASELINE: (
        *("baseline", "our baseline", "vanilla", "original", "plain", "standard"),
        *("reference", "no attention", "none"),
    ),
    Mark.FAMILY: ("ResNet",),
    Mark.CIFAR: ("CIFAR", "CIFAR-10"),
    Mark.OF_BLOCK: ("block", "blocks", "module", "modules"),
    Mark.REMARK: (
        *("reimpl", "reimplementation", "reimplemented", "reproduced", "our implementation"),
        *("our impl", "backbone", "network", "model", "architecture"),
        *("ImageNet", "ImageNet-1k", "on ImageNet", "PyTorch", "torchvision"),
    ),
}
_SETTINGS = {
    "v1": Setting("stride", "v1"),
    "v1.5": Setting("stride", "v1.5"),
    "CIFAR stem": Setting("stem", "cifar"),
    "ImageNet stem": Setting("stem", "imagenet"),
    "option A": Setting("shortcut", "identity"),
    "option B": Setting("shortcut", "projection"),
}
_BLOCKS = {"senet": "se", "spatial dropout": "dropout2d"}
_WRN = re.compile(r"(?:wrn|wideresnet)([1-9]\d{0,2})-([1-9]\d?)", re.ASCII)
# For ImageNet as well as for CIFAR, in the paper that they are from.
_WRN_OF_TWO_KINDS = {"wrn34_1", "wrn34_2", "wrn34_3"}


@cache
def lexicon() -> Mapping[str, Meaning]:
    """The words with their meanings. No word has two."""
    found: dict[str, Meaning] = {}
    for text, mark in ((text, mark) for mark, texts in _MARKS.items() for text in texts):
        found[evened(text)] = mark
    found |= {evened(text): setting for text, setting in _SETTINGS.items()}
    for block in BLOCKS.values():
        meaning = Inserted((Part(block.name),))
        found |= {evened(text): meaning for text in (block.name, block.title, block.summary)}
    found |= {evened(text): Inserted((Part(block),)) for text, block in _BLOCKS.items()}
    found |= {evened(head): Head(head) for head in _heads()}
    for text, network in (*spellings(), *torchvision_networks().items()):
        found.setdefault(evened(text), network)  # the catalog's own names come first
    return found


def sized(letters: str) -> Network | None:
    """A network whose name holds its sizes, or None."""
    found = _WRN.fullmatch(letters) if letters.startswith("w") else None
    name = f"wrn{found[1]}_{found[2]}" if found else ""
    if not name:
        return None
    if name in _WRN_OF_TWO_KINDS:
        return Network(name, problem=f"it is ImageNet's, or {name} for CIFAR; {ASK}")
    try:
        find_backbone(name)
    except SpecError:
        return None
    return Network(name)


def _heads() -> set[str]:
    networks = (one.name for one in BACKBONES.values() if one.family == "Segmentation")
    return {name.partition("_")[0] for name in networks}
