"""Two ways to find the rows of a layout: import what its specs name, or only read records."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from srbench.catalog.lookup import find_block
from srbench.errors import SrbenchError
from srbench.records.record import Record, RowKey
from srbench.spec.cases import Size, cases, rows
from srbench.spec.matching import Match, Matches
from srbench.spec.parse import Spec, is_ours, parse, read


@dataclass(frozen=True)
class Query:
    """Models with variants of each, at every input size; None is each network's default."""

    models: Sequence[str]
    variants: Sequence[str] = ()
    sizes: Sequence[Size | None] = (None,)
    num_classes: int | None = None

    @property
    def number(self) -> int:
        """The largest number of rows that these can be."""
        return len(self.models) * (1 + len(self.variants)) * len(self.sizes)


class Finder(Protocol):
    """Finds what specs mean. Each method raises SrbenchError for an invalid spec."""

    def rows(self, query: Query) -> Iterator[RowKey]:
        """The rows, for one input size after the other.

        Also raises SrbenchError if it is unclear which rows are meant.
        """

    def spec(self, text: str) -> str:
        """A spec in its canonical form. Also raises SrbenchError if that is unclear."""

    def require_spec(self, text: str) -> None:
        """Only check a spec, whatever its input."""

    def require_blocks(self, variant: str) -> None:
        """The same for the names of a variant's blocks, whatever the model."""


def finder(records: Sequence[Record], imports: bool) -> Finder:
    """The finder for a table with these records; without ``imports`` it uses only them."""
    return ByImport() if imports else ByRecords(records)


class ByImport:
    """Looks up what specs name, and imports what is not srbench's own."""

    def rows(self, query: Query) -> Iterator[RowKey]:
        for size in query.sizes:
            found = cases(
                query.models, query.variants, (), size=size, num_classes=query.num_classes
            )
            yield from (case.key for case in found)

    def spec(self, text: str) -> str:
        return str(parse(text))

    def require_spec(self, text: str) -> None:
        parse(text)

    def require_blocks(self, variant: str) -> None:
        for name in _blocks(variant):
            find_block(name)


class ByRecords:
    """Looks up what is srbench's own, and finds the rest in records; imports nothing."""

    def __init__(self, records: Sequence[Record]) -> None:
        self._matches = Matches(records)

    def rows(self, query: Query) -> Iterator[RowKey]:
        models = [self._matches.with_canonical_backbone(read(model)) for model in query.models]
        for size in query.sizes:
            for spec in rows(models, query.variants, (), parse=read):
                found = self._matches(spec, size, query.num_classes)
                if found.row is None:
                    raise _unmatched(spec, found)
                yield found.row

    def spec(self, text: str) -> str:
        spec = read(text)
        return str(parse(text)) if is_ours(spec) else self._matches.canonical(spec)

    def require_spec(self, text: str) -> None:
        if is_ours(read(text)):
            parse(text)

    def require_blocks(self, variant: str) -> None:
        _blocks(variant)


def _blocks(variant: str) -> list[str]:
    return [block.name for block in read(f"model+{variant.strip().removeprefix('+')}").blocks]


def _unmatched(spec: Spec, found: Match) -> SrbenchError:
    if not found.candidates:
        return SrbenchError(f"there is no record of {spec}", "count it: srbench table")
    return SrbenchError(
        f"only the module that {spec} names can tell which record is meant",
        f"write it as one of these, or give input_size and num_classes: "
        f"{', '.join(found.candidates)}",
    )
