"""The spec: one string that names a model, here parsed, validated and written canonically.

    spec    := backbone [":" options] ("+" block [":" options])*
    options := key "=" value ("," key "=" value)*

A backbone or block is a name, ``module:attribute`` for your own, or ``timm:NAME``.

A spec is a row's identity everywhere. The canonical form omits defaults and keeps the options
in the catalog's order, so ``parse(str(spec)) == spec``, and two spellings of one model are equal.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from srbench.catalog import Backbone, lookup
from srbench.catalog.lookup import find_backbone, find_block, find_option
from srbench.catalog.options import After, Option, Stages, Value, format_value
from srbench.errors import SpecError

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
    """Parse a spec; a `Spec` is returned unchanged.

    Raises SpecError for a name, option or value that does not exist, with the remedy.

    >>> str(parse("resnet50:stride=v1.5+sr:hidden=64,memories=2"))
    'resnet50+sr:memories=2'
    """
    if isinstance(text, Spec):
        return text
    written = read(text)
    backbone = find_backbone(written.backbone.name)
    part = _part(written.backbone, text, backbone, backbone.options)
    return Spec(part, tuple(_block(block, text, backbone) for block in written.blocks))


def read(text: str | Spec) -> Spec:
    """Read a spec by its grammar alone: options are texts, in the order written.

    Nothing is looked up and no module is imported; specs in records are read this way.
    Raises SpecError for text that is not a spec.

    >>> read("eca:ECA+sr:memories=2").blocks
    (Part(name='sr', options=(('memories', '2'),)),)
    """
    if isinstance(text, Spec):
        return text
    head, *tail = (part.strip() for part in text.split("+"))
    if not head:
        raise SpecError(f"{text!r} names no model", GRAMMAR_HINT)
    return Spec(_read(head, text), tuple(_read(block, text) for block in tail))


def read_or_none(text: str) -> Spec | None:
    """Like `read`, but None for text that is not a spec."""
    try:
        return read(text)
    except SpecError:
        return None


def is_ours(spec: Spec) -> bool:
    """Whether all names in a spec are srbench's own, so that parsing it imports nothing."""
    return all(lookup.is_ours(part.name) for part in (spec.backbone, *spec.blocks))


def backbone_of(part: Part) -> Backbone:
    """The catalog's row of a backbone, with the part's options applied."""
    backbone = find_backbone(part.name)
    return backbone.conditions(values(part, backbone.options, backbone))


def settings(spec: Spec) -> dict[str, str]:
    """What a spec leaves out: each block's default options, by the block's name, and a note that a
    reader of the backbone's figures needs.

    The stages of a block are left out if it goes into all of them.

    >>> settings(parse("resnet50+se:reduction=8+sr"))
    {'se': 'reduction=16', 'sr': 'memories=10, squeeze=1, hidden=64, stage=layer4'}
    """
    backbone = backbone_of(spec.backbone)
    found = {str(spec.backbone): backbone.note} if backbone.note else {}
    return found | {part.name: _omitted(part, backbone) for part in spec.blocks}


def values_of_all(spec: Spec) -> list[dict[str, Value]]:
    """The values of all options of the backbone and of each block, in the spec's order."""
    backbone = backbone_of(spec.backbone)
    blocks = [(part, find_block(part.name).options) for part in spec.blocks]
    return [
        values(part, own, backbone) for part, own in [(spec.backbone, backbone.options), *blocks]
    ]


def _omitted(part: Part, backbone: Backbone) -> str:
    """A block's defaults, without its place if that is every stage."""
    usual = defaults(find_block(part.name).options, backbone)
    if After().name in dict(part.options):
        usual.pop(Stages().name)
    matters_of_course: tuple[Value, ...] = (backbone.stage_names, ())
    return ", ".join(
        f"{key}={format_value(value)}"
        for key, value in usual.items()
        if value not in matters_of_course
    )


def defaults(options: tuple[Option, ...], backbone: Backbone) -> dict[str, Value]:
    """Every option's default value."""
    return {option.name: option.default(backbone.stage_names) for option in options}


def values(part: Part, options: tuple[Option, ...], backbone: Backbone) -> dict[str, Value]:
    """Every option's value: the part's own, or else the default."""
    return defaults(options, backbone) | dict(part.options)


def _split(text: str, whole: str) -> tuple[str, str | None]:
    """A part's name, and the text after its colon; ``module:attribute`` counts as a name."""
    name, colon, rest = text.partition(":")
    attribute, more, options = rest.partition(":")
    if colon and attribute and "=" not in attribute and not lookup.is_ours(name):
        name, colon, rest = f"{name}:{attribute}", more, options
    _require_no_file(name)
    if not re.fullmatch(r"[A-Za-z_][\w.-]*(:[A-Za-z_][\w.-]*)?", name):
        problem = f"a name is missing in {whole!r}" if not name else f"{name!r} is not a name"
        joined = f", or join blocks by +: {'+'.join(name.split(','))}"
        several = "name one at a time" + ("" if whole.startswith(name) else joined)
        raise SpecError(problem, several if "," in name else GRAMMAR_HINT)
    return name, rest if colon else None


def _require_no_file(name: str) -> None:
    """Raises SpecError if a name is a Python file, or something in one."""
    found = re.fullmatch(r"(.+)\.py(?::(.*))?", name, re.DOTALL)
    if not found:
        return
    folder, _, module = found[1].replace("\\", "/").rpartition("/")
    if re.fullmatch(r"(\w+/)*\w+", folder):  # below the current folder
        module, folder = f"{folder.replace('/', '.')}.{module}", ""
    where = f"run srbench in {folder}, and " if folder.strip("./") else ""
    remedy = f"{where}write {module}:{found[2] or 'Class'}"
    if not all(part.isidentifier() for part in module.split(".")):
        remedy = "rename it: the name of a module has only letters, digits and _"
    raise SpecError(f"{name} is a file, but a spec names a module", remedy)


def _block(written: Part, whole: str, backbone: Backbone) -> Part:
    part = _part(written, whole, backbone, find_block(written.name).options)
    given = dict(part.options)
    if Stages().name in given and After().name in given:
        raise SpecError(
            f"{whole}: stage and after both say where {part.name} goes", "give one of them"
        )
    return part


def _read(text: str, whole: str) -> Part:
    name, listing = _split(text, whole)
    given: dict[str, Value] = {}
    for assignment in listing.split(",") if listing is not None else ():
        key, equals, value = assignment.partition("=")
        if not (key and equals and value) or re.search(r"[\s=:]", value):
            raise SpecError(
                f"{assignment!r} in {whole!r} is not key=value", _meant(name, given, assignment)
            )
        if key in given:
            raise SpecError(f"{name}'s option {key!r} is given twice", "give it once")
        given[key] = value
    return Part(name, tuple(given.items()))


def _meant(name: str, given: Mapping[str, Value], text: str) -> str:
    """The remedy for text that is not ``key=value``."""
    if given and text and "=" not in text:
        key, value = list(given.items())[-1]
        return f"join several values by /: {key}={value}/{text}"
    if lookup.is_ours(text):
        return f"join a block by +: {name}+{text}"
    return GRAMMAR_HINT


def _part(written: Part, whole: str, backbone: Backbone, options: tuple[Option, ...]) -> Part:
    """The part with typed values, in the catalog's order and without defaults."""
    given: dict[str, Value] = {}
    for key, value in written.options:
        option = find_option(key, options, written.name)
        try:
            given[key] = option.parse(format_value(value), backbone.stage_names)
        except SpecError as error:
            raise SpecError(f"{whole}: {error.message}", error.hint) from error
    usual = defaults(options, backbone)
    return Part(
        written.name,
        tuple((key, given[key]) for key in usual if key in given and given[key] != usual[key]),
    )
