"""Finds the record that a spec means, without importing the modules that it names.

A record's spec is canonical: it leaves out options that have their default. Only its module knows
the defaults of a custom block, so the record holds their values as well.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from srbench.catalog.options import Value, format_value, option_like
from srbench.conditions import input_size
from srbench.errors import SpecError
from srbench.records.record import MadeOf, Record, RowKey
from srbench.spec.cases import Size, case_of
from srbench.spec.parse import Part, Spec, is_ours, parse, read_or_none


@dataclass(frozen=True)
class Match:
    """The row that a spec means, or None and the canonical specs of the rows that it may mean."""

    row: RowKey | None
    candidates: tuple[str, ...] = ()


class Matches:
    """Finds the rows of specs among records."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._by_names: dict[tuple[str, ...], dict[RowKey, tuple[Spec, Record]]] = {}
        for record in records:
            spec = read_or_none(record.spec) if record.subject == "spec" else None
            if spec is None:
                continue
            self._by_names.setdefault(_names(spec), {}).setdefault(record.row, (spec, record))

    def __call__(self, spec: Spec, size: Size | None, num_classes: int | None) -> Match:
        """The row of a spec under the given input, or else its network's defaults.

        A spec of srbench's own models and blocks has a row even without a record. For any other
        spec a module would have to be imported, so it has a row only if a single record can be
        meant. Raises SrbenchError for an invalid spec of the first kind, and for an invalid size.
        """
        if is_ours(spec):
            return Match(case_of(parse(str(spec)), size, num_classes).key)
        found = {
            row: answer
            for row, (canonical, record) in self._by_names.get(_names(spec), {}).items()
            if _is_under(record, size, num_classes)
            and (answer := means(spec, canonical, record)) is not False
        }
        sure = [row for row, answer in found.items() if answer]
        if len(sure) == 1 and len(found) == 1:
            return Match(sure[0])
        return Match(None, tuple(dict.fromkeys(f"{row.spec} at {row.size}" for row in found)))

    def canonical(self, spec: Spec) -> str:
        """The spec as the records write it, for any input; unchanged if no record has it.

        Raises SpecError if only the module could tell which one is meant.
        """
        answers: dict[str, set[bool | None]] = {}
        for canonical, record in self._by_names.get(_names(spec), {}).values():
            answers.setdefault(str(canonical), set()).add(means(spec, canonical, record))
        possible = [text for text, said in answers.items() if said != {False}]
        sure = [text for text in possible if True in answers[text]]
        if len(sure) == 1 or not possible:
            return sure[0] if sure else str(spec)
        raise SpecError(
            f"only the module that {spec} names can tell which spec is meant",
            f"write it as one of these: {', '.join(possible)}",
        )

    def with_canonical_backbone(self, spec: Spec) -> Spec:
        """The spec with its backbone as the records write it, if one is certainly meant."""
        baseline = spec.baseline
        written = {
            canonical.backbone: means(baseline, canonical, record)
            for canonical, record in self._by_names.get(_names(baseline), {}).values()
        }
        meant = [backbone for backbone, answer in written.items() if answer is not False]
        is_sure = len(meant) == 1 and written[meant[0]]
        return Spec(meant[0], spec.blocks) if is_sure else spec


def means(spec: Spec, canonical: Spec, record: Record) -> bool | None:
    """Whether a spec, as it was read, means that of a record, which was read as ``canonical``; None
    if only the module could tell."""
    made_of = record.parts or [None] * (1 + len(canonical.blocks))
    if len(made_of) != 1 + len(canonical.blocks):
        return None
    parts = zip(
        (spec.backbone, *spec.blocks), (canonical.backbone, *canonical.blocks), made_of, strict=True
    )
    answers = [
        _is_made_of(own, theirs, made)
        if made
        else _is_said_of(own, theirs, omitted(record, theirs))
        for own, theirs, made in parts
    ]
    return False if False in answers else None if None in answers else True


def omitted(record: Record, part: Part) -> dict[str, str]:
    """The option values that a part of a record's spec leaves out, from the record's settings.

    >>> from srbench.spec.parse import Part
    >>> settings = {"sr": "memories=10, hidden=64"}
    >>> record = Record("a+sr", "a", (3, 9, 9), 9, None, {}, settings=settings)
    >>> omitted(record, Part("sr"))
    {'memories': '10', 'hidden': '64'}
    """
    listing = record.settings.get(part.name, "")
    pairs = (assignment.partition("=") for assignment in listing.split(", "))
    return {key: value for key, equals, value in pairs if equals}


def _is_made_of(own: Part, canonical: Part, made: MadeOf) -> bool | None:
    """Decided by the values of all options, which a record holds since schema 2."""
    given = dict(own.options)
    if any(key not in given for key, _ in canonical.options):
        return False  # the record has another value than the default
    if any(key not in made.options for key in given):
        return None
    return all(_states(key, format_value(text), made.options[key]) for key, text in given.items())


def _states(key: str, text: str, value: Value) -> bool:
    """Whether the text is one of the value's spellings."""
    if isinstance(value, tuple):
        return sorted(text.split("/")) == sorted(value)
    option = option_like(key, value)
    try:
        return option is not None and option.parse(text, ()) == value
    except SpecError:
        return False


def _is_said_of(own: Part, canonical: Part, defaults: dict[str, str]) -> bool | None:
    """Decided by the texts in a record of schema 1: None if they are not equal to the letter."""
    given, theirs = dict(own.options), dict(canonical.options)
    said = {**defaults, **theirs}
    if own == canonical:
        return True
    if any(key not in given for key in theirs):
        return False
    return True if all(said.get(key) == text for key, text in given.items()) else None


def _is_under(record: Record, size: Size | None, num_classes: int | None) -> bool:
    """Whether a record has that input; where not given, its network's default."""
    if record.input is None:  # another input has no default
        return False
    sides = record.input[1:]
    usual_side, usual_classes = record.usual or (None, None)
    if size is None and usual_side is not None:
        size = usual_side
    if num_classes is None:
        num_classes = usual_classes
    return (size is None or sides == input_size(size)) and num_classes in (
        None,
        record.num_classes,
    )


def _names(spec: Spec) -> tuple[str, ...]:
    return tuple(part.name for part in (spec.backbone, *spec.blocks))
