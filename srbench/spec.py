"""The spec: one string that names a model, here parsed, validated and written canonically.

    spec    := backbone [":" options] ("+" block [":" options])*
    options := key "=" value ("," key "=" value)*

A spec is a row's identity everywhere. The canonical form omits defaults and keeps the options
in the catalog's order, so ``parse(str(spec)) == spec``, and two spellings of one model are equal.
"""

import re
from dataclasses import dataclass

from srbench.catalog import Backbone
from srbench.errors import SpecError
from srbench.lookup import find_backbone, find_block, find_option
from srbench.options import Option, Value, format_value

GRAMMAR_HINT = "write a spec as backbone:key=value+block:key=value, such as resnet50+sr:memories=2"


@dataclass(frozen=True)
class Part:
    """A backbone or a block with the options that differ from their defaults."""

    name: str
    options: tuple[tuple[str, Value], ...] = ()

    def __str__(self) -> str:
        options = ",".join(f"{key}={format_value(value)}" for key, value in self.options)
        return f"{self.name}:{options}" if options else self.name


@dataclass(frozen=True)
class Spec:
    """A backbone and the blocks put into it, in the order written."""

    backbone: Part
    blocks: tuple[Part, ...] = ()

    def __str__(self) -> str:
        return "+".join(str(part) for part in (self.backbone, *self.blocks))

    @property
    def baseline(self) -> "Spec":
        """The backbone alone, with its own options."""
        return Spec(self.backbone)


def parse(text: "str | Spec") -> Spec:
    """Read a spec; one that is read already is returned as it is.

    Raises SpecError for a name, option or value that does not exist, with the remedy.

    >>> str(parse("resnet50:stride=v1.5+sr:hidden=64,memories=2"))
    'resnet50+sr:memories=2'
    """
    if isinstance(text, Spec):
        return text
    head, *tail = (part.strip() for part in text.split("+"))
    if not head:
        raise SpecError(f"{text!r} names no model", GRAMMAR_HINT)
    backbone = find_backbone(_name(head, text))
    return Spec(
        _part(head, text, backbone, backbone.options),
        tuple(_part(block, text, backbone, _block_options(block, text)) for block in tail),
    )


def settings(spec: Spec) -> dict[str, str]:
    """Each block's options where the spec says nothing, by the block's name.

    A block that goes into every stage needs no word about it.

    >>> settings(parse("resnet50+se:reduction=8+sr"))
    {'se': 'reduction=16', 'sr': 'memories=10, squeeze=1, hidden=64, stage=layer4'}
    """
    backbone = find_backbone(spec.backbone.name)
    return {
        part.name: ", ".join(
            f"{key}={format_value(value)}"
            for key, value in defaults(find_block(part.name).options, backbone).items()
            if value != backbone.stages
        )
        for part in spec.blocks
    }


def defaults(options: tuple[Option, ...], backbone: Backbone) -> dict[str, Value]:
    """Every option's value where a spec says nothing."""
    return {option.name: option.default(backbone.stages) for option in options}


def _block_options(text: str, whole: str) -> tuple[Option, ...]:
    return find_block(_name(text, whole)).options


def _name(text: str, whole: str) -> str:
    name = text.partition(":")[0]
    if not re.fullmatch(r"[A-Za-z_][\w.-]*", name):
        problem = f"a name is missing in {whole!r}" if not name else f"{name!r} is not a name"
        raise SpecError(problem, GRAMMAR_HINT)
    return name


def _part(text: str, whole: str, backbone: Backbone, options: tuple[Option, ...]) -> Part:
    name, colon, listing = text.partition(":")
    given: dict[str, Value] = {}
    for assignment in listing.split(",") if colon else ():
        key, equals, value = assignment.partition("=")
        if not (key and equals and value) or re.search(r"[\s=:]", value):
            raise SpecError(f"{assignment!r} in {whole!r} is not key=value", GRAMMAR_HINT)
        option = find_option(key, options, name)
        if key in given:
            raise SpecError(f"{name}'s option {key!r} is given twice", "give it once")
        try:
            given[key] = option.parse(value, backbone.stages)
        except SpecError as error:
            raise SpecError(f"{whole}: {error.message}", error.hint) from error
    usual = defaults(options, backbone)
    return Part(
        name,
        tuple((key, given[key]) for key in usual if key in given and given[key] != usual[key]),
    )
