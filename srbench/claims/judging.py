"""Judges the figures of a column: each by itself, and by what the whole column has in common."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf, log

from srbench.claims.common import ALONE, Common, Known
from srbench.claims.fitting import Figures, Print
from srbench.claims.networks import Network
from srbench.claims.paper import NO_UNIT, Cell, Column, Quantity
from srbench.claims.printing import IN_WORDS
from srbench.records.claim import Explanation, JudgedFigure

SHOWN = 12  # explanations that are kept
_UNITS: Mapping[Quantity, tuple[int, ...]] = {
    "params": (10**6, 10**3, 1, 10**9),
    "macs": (10**9, 10**6, 1, 10**3, 10**12),
}


@dataclass(frozen=True)
class Row:
    """The cells of a row, and the network that it is about; None if that is not known."""

    cells: Sequence[Cell]
    network: Network | None


@dataclass(frozen=True)
class Asked:
    """One of the cells."""

    cell: Cell
    network: Network | None


@dataclass(frozen=True)
class _Number:
    """The digits of a cell without their point, and how they are printed."""

    digits: int
    form: Print


def judge(columns: Sequence[Column], rows: Sequence[Row]) -> list[list[JudgedFigure]]:
    """A verdict for each figure, row by row. What parameters say about a network is believed of its
    operations.

    Raises SrbenchError if a network cannot be counted, and what its forward raises.
    """
    found: dict[int, list[JudgedFigure]] = {}
    unlikely: list[frozenset[str]] = [frozenset()] * len(rows)
    for at in sorted(range(len(columns)), key=lambda at: columns[at].quantity != "params"):
        asked = [Asked(row.cells[at], row.network) for row in rows]
        known, found[at] = _column(columns[at], asked, unlikely)
        if columns[at].quantity == "params":
            unlikely = [
                words | one.spoken_against if one else words
                for words, one in zip(unlikely, known, strict=True)
            ]
    return [[found[at][number] for at in range(len(columns))] for number in range(len(rows))]


def _column(
    column: Column, cells: Sequence[Asked], unlikely: Sequence[frozenset[str]]
) -> tuple[list[Known | None], list[JudgedFigure]]:
    known = _known([_read(column, one) for one in cells], unlikely)
    judged = [one for one in known if one]
    common = Common(judged) if any(not one.holds for one in judged) else None
    return known, [
        _judged(column, asked.cell, one, common) if one else _not_judged(column, asked.cell)
        for asked, one in zip(cells, known, strict=True)
    ]


def _known(
    read: Sequence[_Number | None], unlikely: Sequence[frozenset[str]]
) -> list[Known | None]:
    """The figures of a column, each with all that its network could give; networks without blocks
    first, since papers add the cost of blocks to what they print of these."""
    forms: dict[Print, Figures] = {}
    found: list[Known | None] = [None] * len(read)
    baselines: dict[Print, int] = {}
    order = [at for at, one in enumerate(read) if one]
    for at in sorted(order, key=lambda at: _has_blocks(read[at])):
        number = read[at]
        assert number
        form = number.form
        if _has_blocks(number):
            form = replace(form, baseline=baselines.get(_row(form)))
        one = Known(forms.setdefault(form, Figures(form)), number.digits, unlikely[at])
        if not _has_blocks(number) and one.fits:
            baselines.setdefault(_row(form), number.digits)
        found[at] = one
    return found


def _has_blocks(number: "_Number | None") -> bool:
    return bool(number and number.form.network.has_blocks)


def _read(column: Column, asked: Asked) -> _Number | None:
    number, network = asked.cell.number, asked.network
    if number is None or network is None:
        return None
    whole, _, decimals = number.digits.partition(".")
    digits, places = int(whole + decimals), len(decimals)
    given = number.unit or column.unit
    size = digits / 10**places
    unit = int(given) if given else _assumed(network, column.quantity, size)
    return _Number(digits, Print(network, column.quantity, unit, places))


def _assumed(network: Network, quantity: Quantity, size: float) -> int:
    """The unit with which a number is the nearest to what srbench counts."""
    own = network.own(quantity)

    def distance(unit: int) -> float:
        return abs(log(size * unit / own)) if size and own else inf

    return min(_UNITS[quantity], key=distance)


def _row(form: Print) -> Print:
    """What a baseline's figure has in common with those of its variants."""
    network = form.network
    return replace(form, network=replace(network, spec=network.spec.baseline))


def _not_judged(column: Column, cell: Cell) -> JudgedFigure:
    return JudgedFigure(column.title, column.quantity, cell.text, "not judged", note=cell.problem)


def _judged(column: Column, cell: Cell, known: Known, common: Common | None) -> JudgedFigure:
    form, printed = known.figures.form, cell.number
    assert printed
    notes = [one for one in column.is_doubtful.split("; ") if one and one != NO_UNIT]
    if not (printed.unit or column.unit):
        notes.append(f"no unit is given: taken to be {IN_WORDS[form.unit]}")
    found = JudgedFigure(
        column.title,
        column.quantity,
        cell.text,
        "holds",
        printed.digits,
        float(form.unit),
        form.network.own(form.quantity),
        note="; ".join(notes),
    )
    if known.holds:
        return found
    explanations = list(_explanations(known, common)) if common else []
    if explanations:
        chance = known.figures.chance(known.digits, ALONE)
        kept = tuple(explanations[:SHOWN])
        return replace(found, verdict="explained", explanations=kept, chance=round(chance, 3))
    if printed.is_approximate and any(known.figures.holds(known.digits + n) for n in (-1, 1)):
        return replace(found, note="; ".join([*notes, "printed as approximate"]))
    return replace(found, verdict="unexplained")


def _explanations(known: Known, common: Common) -> Iterator[Explanation]:
    """The likeliest first."""
    for departures in common.ranked(known):
        yield Explanation(departures, known.fits[departures], common.support(known, departures))
