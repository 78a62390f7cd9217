"""The spec of parts that were understood, if they make one model."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from srbench.catalog import BACKBONES, Backbone
from srbench.catalog.lookup import is_ours
from srbench.claims.naming import contexts, torchvision_names
from srbench.claims.naming.answers import ASK
from srbench.claims.naming.assembling import Parts
from srbench.claims.naming.words import Mark, Network, Options
from srbench.errors import SpecError
from srbench.report.names import TIMM
from srbench.spec.parse import Part, backbone_of, parse


class Above(NamedTuple):
    """What a row takes from the heading above it, or why that has nothing to give."""

    network: Network | None = None
    options: Options = ()
    head: str = ""
    text: str = ""
    problem: str = "its network is not known: write it in the name, or in a heading above the row"


class Finished(NamedTuple):
    """A spec, and what a reader should know about the reading."""

    spec: str
    notes: tuple[str, ...]


def finished(parts: Parts, above: Above, section: str, by_authors: bool) -> Finished | str:
    """The spec of some parts below a heading, or why they have none."""
    network = parts.network or above.network
    if network is None:
        return above.problem
    options = parts.options if parts.network else (*above.options, *parts.options)
    head = parts.head or ("" if parts.network and above.network else above.head)
    name = f"{head}_{network.name}" if head else network.name
    if problem := _unfit(parts, network) or _impossible(name, options, parts, network):
        return problem
    texts = [_written(name, options), *(_written(*block) for block in parts.blocks)]
    try:
        spec, backbone = _spec(name, "+".join(texts))
    except SpecError as error:
        return str(error)
    if doubt := _doubt(parts, backbone, section):
        return doubt
    notes = _notes(parts, above, network, spec.partition("+")[0], backbone, section, by_authors)
    return Finished(spec, tuple(dict.fromkeys(notes)))


def _unfit(parts: Parts, network: Network) -> str:
    """What is wrong with words that do not go with a network."""
    if network.problem:
        return network.problem
    is_plain = {Mark.BASELINE, Mark.FAMILY} & parts.marks or network.name.startswith(TIMM)
    if not (parts.network or parts.blocks or is_plain):
        return f"it names no network and no block; {ASK}"
    if Mark.FAMILY in parts.marks and not re.fullmatch(r"resnet\d+", network.name):
        return f"{network.name} is no ResNet; {ASK}"
    return ""


def _impossible(name: str, options: Options, parts: Parts, network: Network) -> str:
    """Why there is no such model."""
    if network.needs and network.needs not in dict(options):
        return f"{network.name} is meant with {network.needs}, which is not given; {ASK}"
    if name != network.name and name not in BACKBONES:
        return f"there is no {name}; {ASK}"
    if parts.blocks and torchvision_names.has(name):
        return f"blocks have no place in {name}; {ASK}"
    return ""


def _spec(network: str, text: str) -> tuple[str, Backbone | None]:
    """The canonical spec with its network's row; for a network that would have to be imported, the
    text and None."""
    if not is_ours(network):
        return text, None
    spec = parse(text)
    return str(spec), _row(spec.backbone)


@lru_cache(maxsize=1024)
def _row(network: Part) -> Backbone:
    return backbone_of(network)


def _written(name: str, options: Options) -> str:
    listing = ",".join(f"{key}={value}" for key, value in options)
    return f"{name}:{listing}" if listing else name


def _doubt(parts: Parts, backbone: Backbone | None, section: str) -> str:
    if backbone and Mark.CIFAR in parts.marks:
        return contexts.for_small_images(backbone, "CIFAR")
    return contexts.doubt(backbone, section)


def _notes(
    parts: Parts,
    above: Above,
    network: Network,
    spec: str,
    backbone: Backbone | None,
    section: str,
    by_authors: bool,
) -> Iterator[str]:
    if network.note:
        yield network.note
    if backbone and (note := contexts.note_on(spec, backbone, section)):
        yield note
    if above.text and (parts.network is None or (above.head and not parts.head)):
        yield f"the network is that of the heading, {above.text!r}"
    if by_authors and not parts.blocks:
        yield "(ours) is taken to say who measured it"
