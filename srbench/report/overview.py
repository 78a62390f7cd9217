"""A table of any records, with the columns for which they have values."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from srbench.conditions import PASSES
from srbench.records.counts import COMPARED
from srbench.records.join import Row
from srbench.records.published import Published
from srbench.records.record import Record
from srbench.records.results import Results
from srbench.records.schema import CONVENTION
from srbench.records.training import SCORES
from srbench.report.brief import brief_problems, counts_brief, times_brief, training_brief
from srbench.report.columns import (
    COUNTED,
    ERRORS,
    EXACT,
    FIELDS,
    PRINTED,
    TIMED,
    Field,
    fields,
    with_sized,
)
from srbench.report.counts import counts_caption, counts_notes
from srbench.report.formats import Report
from srbench.report.labels import Label
from srbench.report.look import MODEL, PLAIN, Look
from srbench.report.problems import doubts, problems
from srbench.report.rows import raw_rows, rows_table
from srbench.report.times import times_notes
from srbench.report.training import gains_notes, is_telling
from srbench.report.undecided_note import AGAIN, overheads, undecided

ONLY_IF_SEVERAL = (
    *("input", "num_classes", "device", "batch"),
    *("data", "recipe", "changes", "train_images", "seeds"),
)
COUNTS = tuple(f"{m}{what}" for m in COMPARED for what in ("", "_delta", "_percent"))
COMPARISONS = tuple(f"{what}_{m}" for m in COMPARED[:2] for what in ("published", "deviation"))
TIMES = tuple(f"{p}{what}" for p in PASSES for what in ("", "_overhead"))


COLUMNS = (MODEL, *FIELDS)
KINDS = (*EXACT, TIMED)
GAINS = tuple(f"{score}{what}" for score in SCORES for what in ("", "_delta"))


def rows_report(
    name: str,
    rows: Sequence[Row],
    caption: str = "",
    look: Look = PLAIN,
    also: Sequence[str] = (),
) -> Report:
    """A table of the rows, grouped by comparison, for sweeps and for the page: with the columns
    that the look asks for, or those that have values, and ``also`` these. Raises SrbenchError if
    the look names a column that is not in `COLUMNS`.
    """
    look.require_known(with_sized(COLUMNS, look.columns, KINDS))
    rows = _together(rows)
    asked = fields((n for n in look.columns if n != MODEL), KINDS)
    columns = (asked or _worthwhile(rows)) | fields(also, KINDS)
    caption = caption or _caption(columns)
    notes, brief = rows_notes(rows, columns), rows_brief(rows, columns, look.names)
    table = rows_table(name, rows, columns, caption, notes, brief, look=look)
    flat = raw_rows(rows, {metric: FIELDS[metric] for metric in COMPARED} | columns)
    header = tuple(flat[0]) if flat else ("spec", *COMPARED)
    return Report((table,), header, flat, records=used(rows))


def _caption(columns: Mapping[str, Field]) -> str:
    if any(field.of != COUNTED for field in columns.values()):
        return "Each model compared with its baseline."
    return counts_caption(columns.values())


def _together(rows: Sequence[Row]) -> list[Row]:
    """Baselines with their variants under one input and one regime, in the order in which each
    first appears."""
    groups: dict[object, list[Row]] = {}
    for row in rows:
        regimes = tuple(runs.regime for runs in row.trainings)
        groups.setdefault((row.baseline_spec, row.row[1:], regimes), []).append(row)
    return [
        row
        for group in groups.values()
        for row in sorted(group, key=lambda row: not row.is_baseline)
    ]


def rows_notes(rows: Sequence[Row], columns: Iterable[str]) -> Iterator[str]:
    """How and with what the rows were counted and timed, and sources of published figures."""
    columns = list(columns)
    shown = [name for name in columns if name not in ERRORS]
    yield from problems(used(rows))
    yield from doubts(rows)
    times = [row.timing for row in rows if row.timing]
    compared = overheads(times, (what for what in PASSES if f"{what}_overhead" in columns))
    yield from undecided(compared, "overheads", AGAIN)
    how = list(counts_notes([row.counts for row in rows if row.counts], columns))
    if times:
        how += times_notes(Results(times), compared)
    trained = [runs for row in rows for runs in row.trainings]
    how += gains_notes(trained, [name for name in SCORES if any(c.startswith(name) for c in shown)])
    yield from dict.fromkeys(how)  # each note once, also if counts and times share it
    published = [row.published.published for row in rows if row.published]
    sources = dict.fromkeys(_source(p) for p in published if p)
    if sources:
        printed = [f.column for name in columns if (f := FIELDS.get(name)) and f.of == PRINTED]
        titles = [column.title for column in printed if column.is_number]
        yield f"As printed, not measured here: {', '.join(titles)}. Source: {'; '.join(sources)}."


def rows_brief(
    rows: Sequence[Row], columns: Iterable[str], given: Mapping[str, Label] | None = None
) -> Iterator[str]:
    """What a reader must know of that. ``given`` are names of blocks."""
    columns = list(columns)
    yield from brief_problems(used(rows))
    yield from doubts(rows)
    times = [row.timing for row in rows if row.timing]
    shown = [what for what in PASSES if any(name.startswith(what) for name in columns)]
    found = list(counts_brief([row.counts for row in rows if row.counts], columns, given))
    if shown:
        found += times_brief(times, overheads(times, shown), given)
    trained = [runs for row in rows for runs in row.trainings]
    found += training_brief(
        trained,
        [name for name in SCORES if any(c.startswith(name) for c in columns if c not in ERRORS)],
    )
    yield from dict.fromkeys(found)
    published = [row.published.published for row in rows if row.published]
    if sources := dict.fromkeys(p.source for p in published if p):
        yield f"Printed in {'; '.join(sources)}."


def _source(published: Published) -> str:
    """The publication, and how it counts if srbench counts differently."""
    how = "" if published.convention == CONVENTION else f" ({published.convention})"
    return f"{published.source}{how}"


def used(rows: Iterable[Row]) -> list[Record]:
    """The records that the rows are made of, each once."""
    return list({record.key: record for row in rows for record in row.records}.values())


def _worthwhile(rows: Sequence[Row]) -> dict[str, Field]:
    """The columns with a value; conditions that all rows share are left out."""
    found = {}
    trained = [runs for row in rows for runs in row.trainings]
    gains = [name for name in GAINS if is_telling(name.removesuffix("_delta"), trained)]
    for name in (*ONLY_IF_SEVERAL, *COUNTS, *COMPARISONS, *ERRORS, *TIMES, *gains):
        values = (value for row in rows if (value := FIELDS[name].read(row)) is not None)
        first = next(values, None)
        if first is not None and (name not in ONLY_IF_SEVERAL or any(v != first for v in values)):
            found[name] = FIELDS[name]
    return found
