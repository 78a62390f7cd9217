"""Mistakes in the specs and the publications that a layout names, each at its key."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from srbench.errors import SrbenchError, did_you_mean, some
from srbench.records.record import Record, RowKey
from srbench.records.validation import Where
from srbench.report.labels import OF_BLOCK
from srbench.report.names import blocks_of
from srbench.spec.cases import rows
from srbench.spec.parse import read
from srbench.tables.draft import GROUPS, Draft, Mistake, described
from srbench.tables.finders import Finder, Query
from srbench.tables.layout import MOST_ROWS, Group, TimeGate, rows_of_source, valid

Specs = Collection[str]
Require = Callable[[Sequence[str], Sequence[str]], object]  # models, variants; raises SrbenchError


def mistakes(draft: Draft, records: Sequence[Record], find: Finder) -> Iterator[Mistake]:
    """What is wrong with a layout's rows and with the names of rows."""
    groups = {n: valid(Group, draft.value((GROUPS, n))) for n in draft.groups()}
    if sum(group.query.number for group in groups.values() if group) > MOST_ROWS:
        return  # an error already, and the rows would take too long to check
    specs: dict[str, None] | None = {}
    for number, group in groups.items():
        found, wrong = _group(draft, (GROUPS, number), group, records, find)
        specs = (
            None
            if wrong or group is None or specs is None
            else specs | dict.fromkeys(row.spec for row in found)
        )
        yield from wrong
    yield from _without_heading(groups)
    known = None if specs is None else [*specs, *blocks_of(specs)]
    yield from _wrong_keys(draft, ("names",), spec_among(known or (), find), known, _no_row)


def _without_heading(groups: Mapping[int, Group | None]) -> Iterator[Mistake]:
    """Rows that would be read as belonging to the heading of those before them."""
    is_below = False
    for number, group in groups.items():
        if is_below and group and not group.heading:
            where: Where = (GROUPS, number)
            yield Mistake(
                where, f"{described(where)} needs a heading", "the rows before it have one"
            )
        is_below = is_below or bool(group and group.heading)


def mistakes_of_times(draft: Draft, find: Finder) -> Iterator[Mistake]:
    """What is wrong with the specs under [time], and with the tolerances."""
    callables = {*draft.texts("time", "callables").values()}
    texts = draft.texts("time", "specs")
    wrong = [
        Mistake.of(where, error)
        for where, text in texts.items()
        if (error := _error(find.spec, text))
    ]
    yield from wrong
    timed = None if wrong else [*(find.spec(text) for text in texts.values()), *callables]

    def canonical(text: str) -> str:
        return text if text in callables else find.spec(text)

    yield from _wrong_keys(draft, ("time", "tolerances"), canonical, timed, _not_timed)
    gate = valid(TimeGate, draft.data.get("time"))
    if gate and not wrong and (error := _error(gate.conditions)):
        yield Mistake.of(("time",), error)


def spec_among(specs: Specs, find: Finder) -> Callable[[str], str]:
    """A function that brings a spec into its canonical form; these ``specs`` are in it already.

    Specs of records may be from another version of srbench, and unknown to this one.
    """
    return lambda text: text if text in specs or text.startswith(OF_BLOCK) else find.spec(text)


def _group(
    draft: Draft, where: Where, group: Group | None, records: Sequence[Record], find: Finder
) -> tuple[Sequence[RowKey], list[Mistake]]:
    """The rows of a group, and what is wrong with it."""
    if group is None:  # its specs are checked all the same
        return (), list(_wrong_specs(draft, where, _spelling(find), find))
    printed = rows_of_source(group.published, records)
    source = (*where, "published")
    unknown = [Mistake.of(source, _unknown(group.published, records))]
    try:
        found = list(find.rows(group.query)) if group.models else printed
    except SrbenchError as error:
        specs = _wrong_specs(draft, where, _exactly(group.query, find), find)
        wrong = list(specs) or [Mistake.of(where, error)]
        return (), wrong + (unknown if group.published and not printed else [])
    if group.published and not printed:
        return found, unknown
    if printed and not {*printed} & {*found}:
        return found, [Mistake.of(source, _elsewhere(group.published, printed))]
    return found, []


def _exactly(query: Query, find: Finder) -> Require:
    """A check that finds the rows of models with variants for the requested input."""
    return lambda models, variants: list(
        find.rows(replace(query, models=models, variants=variants))
    )


def _spelling(find: Finder) -> Require:
    """A check of each spec of models with variants, whatever the input."""

    def require(models: Sequence[str], variants: Sequence[str]) -> None:
        for spec in rows(models, variants, (), parse=read):
            find.require_spec(str(spec))

    return require


def _wrong_specs(draft: Draft, where: Where, require: Require, find: Finder) -> Iterator[Mistake]:
    """The invalid models, and the variants that do not go with one of the valid models."""
    models, variants = draft.texts(*where, "models"), draft.texts(*where, "variants")
    if len(models) * (1 + len(variants)) > MOST_ROWS:
        return
    sound = []
    for place, model in models.items():
        if error := _error(require, [model], []):
            yield Mistake.of(place, error)
        else:
            sound.append(model)
    for place, variant in variants.items():
        error = _error(require, sound, [variant]) if sound else _error(find.require_blocks, variant)
        if error:
            yield Mistake.of(place, error)


def _wrong_keys(
    draft: Draft,
    table: Where,
    spec: Callable[[str], str],
    specs: Specs | None,
    absent: Callable[[str, Specs], SrbenchError],
) -> Iterator[Mistake]:
    """The keys of a table that are invalid specs, that are not among the ``specs`` (if these are
    known), or that spell the same spec as another key and have another value."""
    first: dict[str, str] = {}
    for where, key in draft.keys(*table).items():
        if error := _error(spec, key):
            yield Mistake.of(where, error)
            continue
        canonical = spec(key)
        other = first.setdefault(canonical, key)
        if specs is not None and canonical not in specs:
            yield Mistake.of(where, absent(canonical, specs))
        elif other != key and draft.value((*table, other)) != draft.value(where):
            here, there = draft.value(where), draft.value((*table, other))
            yield Mistake.of(where, _twice(here, other, there))


def _twice(here: object, other: str, there: object) -> SrbenchError:
    return SrbenchError(
        f"{other} is the same spec; it is {there!r} there, and {here!r} here", "keep one of the two"
    )


def _no_row(spec: str, specs: Specs) -> SrbenchError:
    return SrbenchError(
        f"no row of the table is {spec}",
        f"{did_you_mean(spec, specs)}the rows are {some(list(specs))}",
    )


def _not_timed(spec: str, specs: Specs) -> SrbenchError:
    return SrbenchError(
        f"{spec} has a tolerance but is not timed", "add it to specs, or to callables"
    )


def _unknown(source: str, records: Sequence[Record]) -> SrbenchError:
    sources = dict.fromkeys(r.published.source for r in records if r.published)
    there = f"{did_you_mean(source, sources)}the sources are {'; '.join(sources)}"
    return SrbenchError(
        f"no record has the source {source!r}",
        there if sources else "add records of its published figures",
    )


def _elsewhere(source: str, printed: Sequence[RowKey]) -> SrbenchError:
    return SrbenchError(
        f"{source!r} has figures for none of these rows",
        f"it has figures for {some(list(map(str, printed)))}: leave it out, or add such rows",
    )


def _error(call: Callable[..., object], *arguments: object) -> SrbenchError | None:
    try:
        call(*arguments)
    except SrbenchError as error:
        return error
    return None
