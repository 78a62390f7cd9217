"""A paper's table that was judged: a verdict for each figure, and a sentence for the whole."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from srbench.errors import several, together
from srbench.records.claim import SUPPORT, Claim, JudgedFigure
from srbench.records.published import Figure
from srbench.records.record import Record
from srbench.report.formats import Report
from srbench.report.look import PLAIN, Look
from srbench.report.names import Names
from srbench.report.notes import measured_with, sections
from srbench.report.table import Column, Table

AT_MOST = 90  # characters of two explanations of a figure; others are counted
TELLING = 0.1  # a chance that a reader should know
UNITS = {1.0: "", 1e3: "k", 1e6: "M", 1e9: "G", 1e12: "T", 2.0**20: "Mi", 2.0**30: "Gi"}


def claims_report(records: Sequence[Record], look: Look = PLAIN) -> Report:
    """A table for each table that was judged, with a line for each figure; CSV has the same."""
    tables = [
        _table(source, number, own, look)
        for number, (source, own) in enumerate(_by_source(records).items(), start=1)
    ]
    rows = [row for record in records for row in _flat(record)]
    columns = tuple(rows[0]) if rows else ("source",)
    return Report(tuple(tables), columns, rows, records=tuple(records))


def _by_source(records: Iterable[Record]) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for record in records:
        if record.claim:
            found.setdefault(record.claim.source, []).append(record)
    return found


def _table(source: str, number: int, records: Sequence[Record], look: Look) -> Table:
    named = Names(records, look.names)
    said = f"{source}: {sentence(records)}"
    lines = [
        (claim.row, claim.line, record, figure)
        for record in records
        if record.status == "ok" and (claim := record.claim)
        for figure in claim.figures
        if figure.text
    ]
    in_column = Counter(one.column for *_, one in lines if one.verdict != "not judged")
    name = "claims" if number == 1 else f"claims-{number}"
    return Table(
        name,
        (
            Column("In the paper", "name"),
            Column("Model", "model", dispensable=2),
            Column("Column", "name"),
            Column("Printed", "name"),
            Column("Counted", "name", dispensable=1),
            Column("Verdict", "text"),
        ),
        tuple(
            (
                *(row, named(record.spec), one.column, one.text, _here(one)),
                verdict(one, in_column[one.column] >= SUPPORT and _is_alone(one)),
            )
            for row, _, record, one in lines
        ),
        f"Which figures of {source} hold, and under which convention others come about.",
        tuple(_notes(records)),
        sections=sections(line for _, line, *_ in lines),
        findings=(said, *_not_judged(records)),
        look=replace(look, label=look.label and f"{look.label}-{name}"),
    )


def sentence(records: Iterable[Record]) -> str:
    """What became of all figures of a table."""
    figures = [one for record in records if record.claim for one in record.claim.figures]
    judged = [one for one in figures if one.verdict != "not judged"]
    number = Counter(one.verdict for one in judged)
    if not judged:
        return "no figure could be judged."
    of = f"of {several(len(judged), 'figure')}" if len(judged) > 1 else "of 1 figure"
    said = [_said(number["holds"], "holds to the last digit", "hold to the last digit")]
    if number["explained"]:
        ways = "; ".join(_ways(judged))
        ways = f" ({ways})" if ways else ""
        own = _said(number["explained"], "comes about in another way", "come about in another way")
        said.append(f"{own}{ways}")
    said.append(_said(number["unexplained"], "is unexplained", "are unexplained"))
    return f"{of}, {together(said)}."


def _said(number: int, of_one: str, of_many: str) -> str:
    return f"{number or 'none'} {of_one if number < 2 else of_many}"


def _ways(figures: Sequence[JudgedFigure]) -> Iterator[str]:
    """For each column a way that explains many of its figures, and is among the first for them."""
    for column in dict.fromkeys(one.column for one in figures):
        own = [one for one in figures if one.column == column and one.explanations]
        ways: Counter[tuple[str, ...]] = Counter()
        weights: dict[tuple[str, ...], float] = {}
        for one in own:
            for rank, way in enumerate(one.explanations, start=1):
                ways[way.departures] += 1
                weights[way.departures] = weights.get(way.departures, 0) + 1 / rank
        if ways:
            most = max(weights, key=lambda way: (weights[way], -len(way)))
            if 1 < ways[most] >= len(own) / 2:
                yield f"{column}: {ways[most]} of these {len(own)} {', '.join(most)}"


def verdict(figure: JudgedFigure, is_alone: bool = False) -> str:
    """The verdict on a figure in words. ``is_alone``: no other figure of its column, of which there
    are some, comes about in the same way."""
    if figure.explanations:
        return _explained(figure, is_alone)
    return f"not judged: {figure.note}" if figure.verdict == "not judged" else figure.verdict


def _explained(figure: JudgedFigure, is_alone: bool) -> str:
    first, *others = map(str, figure.explanations)
    if others and len(first) + len(others[0]) <= AT_MOST:
        first, others = f"{first}; or {others[0]}", others[1:]
    more = {0: "", 1: " (or another way)"}.get(len(others), f" (or {len(others)} other ways)")
    alone = ", unlike the rest of its column" if is_alone else ""
    chance = figure.chance or 0
    is_weak = chance >= TELLING and figure.explanations[0].supported < SUPPORT
    by_chance = f"; so would be {100 * chance:.0f} % of all figures near it" if is_weak else ""
    return f"explained: {first}{more}{alone}{by_chance}"


def _is_alone(figure: JudgedFigure) -> bool:
    return max((one.supported for one in figure.explanations), default=0) == 1


def _here(figure: JudgedFigure) -> str | None:
    """What srbench counts, with the unit and the digits that are printed."""
    if figure.here is None or figure.unit is None:
        return None
    printed = Figure(figure.digits, figure.unit).same_digits(figure.here).printed
    return f"{printed} {UNITS.get(figure.unit, '')}".strip()


def _not_judged(records: Iterable[Record]) -> Iterator[str]:
    """Rows without a known network, and why."""
    for record in records:
        if record.claim and record.status != "ok":
            _, _, why = record.status.partition(": ")
            yield f"not judged, line {record.claim.line}: {record.claim.row}: {why}"


def _notes(records: Sequence[Record]) -> Iterator[str]:
    yield (
        "holds: the figure is srbench's own count, rounded to as many digits: of parameters, or of "
        "multiply-adds of convolutions, linear layers and matrix products. explained: it is not, "
        "but other ways to count and to print give these digits; those that most of the column has "
        "in common come first, and then the simplest. unexplained: none of these ways does, which "
        "is no proof of an error: the network may be another one."
    )
    yield from dict.fromkeys(
        f"{one.column}: {one.note}."
        for record in records
        if record.claim
        for one in record.claim.figures
        if one.note and one.verdict != "not judged"
    )
    for record in records:
        if record.claim and record.status == "ok":
            yield from (f"{record.claim.row}: {note}" for note in record.claim.notes)
    yield from dict.fromkeys(measured_with("Counted", r.environment) for r in records)


def _flat(record: Record) -> Iterator[dict[str, Any]]:
    claim = record.claim
    assert isinstance(claim, Claim)
    for one in claim.figures:
        best = one.explanations[0] if one.explanations else None
        yield {
            "source": claim.source,
            "line": claim.line,
            "row": claim.row,
            "spec": record.spec if record.status == "ok" else None,
            "column": one.column,
            "quantity": one.quantity,
            "printed": one.text,
            "digits": one.digits or None,
            "unit": one.unit,
            "here": one.here,
            "verdict": one.verdict,
            "explanation": str(best) if best else None,
            "value": best.value if best else None,
            "others": "; or ".join(map(str, one.explanations[1:])) or None,
            "chance": one.chance,
            "note": one.note or None,
            "status": record.status,
        }
