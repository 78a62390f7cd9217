"""What papers call the models of a table: ``ResNet-50 + SR (P=2)`` for resnet50+sr:memories=2.

An option is named where it differs from its default, and where it differs between rows of the same
network: in a sweep over P, the default is named as well. Everything is read from the records and
the catalog: nothing is imported.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

from srbench.catalog import BACKBONES, BLOCKS, SIZED
from srbench.catalog.options import Option, format_value
from srbench.catalog.types import Backbone
from srbench.errors import SpecError, SrbenchError
from srbench.records.printable import printable
from srbench.records.record import Record
from srbench.records.timing import AGAIN
from srbench.report.formats.latex_text import escaped
from srbench.report.labels import OF_BLOCK, Label, Name, titles_of
from srbench.spec.matching import omitted
from srbench.spec.parse import Part, Spec, read_or_none

PLACES = ("stage", "after")  # options whose values need no key
TIMM = "timm:"
WITH_BLOCK = " + "


@dataclass(frozen=True)
class _Model:
    """A spec that was read, with the values of all options of its blocks, as texts."""

    spec: Spec
    values: tuple[Mapping[str, str], ...] = field(hash=False)


class Names:
    """The names of the models of some records, no two of which are alike.

    ``given`` are names by spec, or by block as ``+sr``, that are used instead.
    """

    def __init__(self, records: Iterable[Record], given: Mapping[str, Label] | None = None) -> None:
        records = list(records)
        models = {record.spec: model for record in records if (model := _model(record))}
        given = given or {}
        blocks = _of_blocks(given)
        varied = _varied(models.values())
        self._names = {text: _name(text, model, varied, blocks) for text, model in models.items()}
        objects = {record.spec for record in records} - models.keys()
        same = Counter([*map(str, self._names.values()), *objects])
        self._names |= {
            spec: Name.of(spec) for spec, name in self._names.items() if same[str(name)] > 1
        }
        self._names |= {spec: Name(spec, label, label, True) for spec, label in given.items()}

    def titles(self, text: str) -> str:
        """The text, with what models are called in the place of their specs."""
        return "".join(str(one) for one in titles_of(text, self._names))

    def __call__(self, spec: str) -> Name:
        """The name of a spec; what is no spec, or is in no record, keeps its own."""
        return self._names.get(spec) or Name.of(spec)


def title(spec: Spec, given: Mapping[str, Label] | None = None) -> str:
    """What papers call a spec, with the options that it gives; ``given`` are names of blocks."""
    blocks = _of_blocks(given or {})
    values = tuple({key: format_value(v) for key, v in part.options} for part in spec.blocks)
    return str(_name(str(spec), _Model(spec, values), set(), blocks))


def symbol_of(block: str, option: str) -> str:
    """The letter of the paper for a block's option; empty where it has none."""
    return _symbol(option, BLOCKS[block].options) if block in BLOCKS else ""


def require_distinct(specs: Iterable[str], given: Mapping[str, Label]) -> None:
    """Raises SrbenchError if a given name is also that of another row of the same network."""
    known: dict[tuple[str, str], tuple[str, bool]] = {}
    for text in specs:
        spec = read_or_none(text)
        if spec is None:
            continue
        name = str(given.get(text) or title(spec, given))
        is_given = text in given or any(block in given for block in blocks_of([text]))
        other, was_given = known.setdefault((str(spec.backbone), name), (text, is_given))
        if other != text and (is_given or was_given):
            raise SrbenchError(f"{other} and {text} are both called {name!r}", "name one otherwise")


def named_row(record: Record, named: Names) -> Name:
    """The name of a row's model, marked if it is the baseline timed a second time."""
    is_again = record.timing and record.timing.role == "aa"
    return named(record.spec) + AGAIN if is_again else named(record.spec)


def blocks_of(specs: Iterable[str]) -> list[str]:
    """The blocks in these specs, as keys of given names: ``+sr``."""
    found = dict.fromkeys(
        f"{OF_BLOCK}{part.name}"
        for spec in specs
        if (one := read_or_none(spec))
        for part in one.blocks
    )
    return list(found)


def _of_blocks(given: Mapping[str, Label]) -> dict[str, Label]:
    """The given names of blocks, by block."""
    return {
        key.removeprefix(OF_BLOCK): label
        for key, label in given.items()
        if key.startswith(OF_BLOCK)
    }


def _model(record: Record) -> _Model | None:
    """None for what is no spec."""
    spec = read_or_none(record.spec) if record.subject == "spec" else None
    if spec is None:
        return None
    made_of = record.parts[1:] if len(record.parts) == 1 + len(spec.blocks) else ()
    values = []
    for number, part in enumerate(spec.blocks):
        known = _defaults(part, record)
        if made_of:
            known = {key: format_value(value) for key, value in made_of[number].options.items()}
        values.append(known | {key: format_value(value) for key, value in part.options})
    return _Model(spec, tuple(values))


def _defaults(part: Part, record: Record) -> dict[str, str]:
    """Of a record that does not say what it is made of."""
    ours = BLOCKS[part.name].options if part.name in BLOCKS else ()
    usual = {o.name: format_value(o.default(())) for o in ours if o.name not in PLACES}
    return usual | omitted(record, part)


def _varied(models: Iterable[_Model]) -> set[tuple[str, str, str]]:
    """The options, by baseline, block and name, that have several values."""
    found: dict[tuple[str, str, str], set[str]] = {}
    for model in models:
        for part, values in zip(model.spec.blocks, model.values, strict=True):
            for key, value in values.items():
                found.setdefault((str(model.spec.backbone), part.name, key), set()).add(value)
    return {key for key, values in found.items() if len(values) > 1}


def _name(
    text: str, model: _Model, varied: set[tuple[str, str, str]], given: Mapping[str, Label]
) -> Name:
    first = model.spec.backbone
    backbone = _titled(Label(_backbone_title(first)), _backbone_options(first))
    blocks = [
        _titled(
            given.get(part.name, Label(block_title(part.name))),
            _block_options(model, part, values, varied),
        )
        for part, values in zip(model.spec.blocks, model.values, strict=True)
    ]
    title = _joined([backbone, *blocks])
    below = _joined(blocks)
    short = Label(f"+ {below.plain}", f"+ {below.latex}") if blocks else backbone
    is_given = any(part.name in given for part in model.spec.blocks)
    return Name(text, title, short, is_given, _spelled(model, varied))


def _spelled(model: _Model, varied: set[tuple[str, str, str]]) -> str:
    """The spec with all options that vary, in their order."""
    blocks = []
    for part, values in zip(model.spec.blocks, model.values, strict=True):
        shown = {key for key, _, _ in _block_options(model, part, values, varied)}
        options = tuple((key, values[key]) for key in values if key in shown)
        blocks.append(Part(part.name, options))
    return str(Spec(model.spec.backbone, tuple(blocks)))


def _joined(labels: list[Label]) -> Label:
    return Label(
        WITH_BLOCK.join(label.plain for label in labels),
        WITH_BLOCK.join(label.latex for label in labels),
    )


def _titled(title: Label, options: Iterable[tuple[str, str, str]]) -> Label:
    """The title with its options behind it, each given as key, symbol and value."""
    called = title.plain
    source = title.latex or escaped(called)
    plain, latex = [], []
    for key, symbol, value in options:
        shown = f"after {value}" if key == "after" else value if key in PLACES else ""
        plain.append(printable(shown or f"{symbol or key}={value}"))
        is_number = re.fullmatch(r"-?[0-9.]+(e-?[0-9]+)?", value)  # not what a record may have
        latex.append(f"${symbol}={value}$" if symbol and is_number else escaped(plain[-1]))
    if not plain:
        return Label(called, source)
    return Label(f"{called} ({', '.join(plain)})", f"{source} ({', '.join(latex)})")


def _backbone_title(part: Part) -> str:
    known = _known_backbone(part.name)
    if known and known.title:
        return known.title
    if part.name.startswith(TIMM):
        return f"{part.name.removeprefix(TIMM)} (timm)"
    return part.name.rpartition(":")[2]


@cache
def _known_backbone(name: str) -> Backbone | None:
    if name in BACKBONES:
        return BACKBONES[name]
    try:
        return next((found for one in SIZED if (found := one.find(name))), None)
    except SpecError:
        return None


def block_title(name: str, given: Mapping[str, Label] | None = None) -> str:
    """The given name of a block or what papers call it; one's own is called by its class."""
    if given and (label := given.get(f"{OF_BLOCK}{name}")):
        return str(label)
    known = BLOCKS.get(name)
    return known.title if known else name.rpartition(":")[2]


def _backbone_options(part: Part) -> Iterator[tuple[str, str, str]]:
    """Those that are written; the number of classes is no part of a name."""
    known = _known_backbone(part.name)
    options = known.options if known else ()
    for key, value in part.options:
        if not known or key != known.classes:
            yield key, _symbol(key, options), format_value(value)


def _block_options(
    model: _Model, part: Part, values: Mapping[str, str], varied: set[tuple[str, str, str]]
) -> Iterator[tuple[str, str, str]]:
    """Those that are written, and those that vary among the rows."""
    options = BLOCKS[part.name].options if part.name in BLOCKS else ()
    written = {key for key, _ in part.options}
    for key in dict.fromkeys([*(option.name for option in options), *values]):
        varies = (str(model.spec.backbone), part.name, key) in varied
        has_place = bool({*PLACES} & written) and key in PLACES and key not in written
        if values.get(key) and (key in written or (varies and not has_place)):
            yield key, _symbol(key, options), values[key]


def _symbol(key: str, options: Iterable[Option]) -> str:
    return next((option.symbol for option in options if option.name == key), "")
