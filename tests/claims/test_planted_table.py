"""Figures planted under known conventions are explained by these; made-up ones are not."""

from decimal import Decimal

import pytest
from support.printed_tables import FOR_CIFAR, FOR_IMAGENET, Planted, planted, table

from srbench.claims.judged_rows import judged
from srbench.claims.reading import read_tables
from srbench.records.claim import JudgedFigure
from srbench.runner.tallies import tally


def verdicts(cells: list[Planted]) -> list[JudgedFigure]:
    (paper,) = read_tables(table(cells), "planted.csv")
    at = {"params": 0, "macs": 1}
    records = judged(paper, {}, tally)
    return [
        record.claim.figures[at[cell.quantity]]
        for record, cell in zip(records, cells, strict=True)
        if record.claim
    ]


def is_named(cell: Planted, figure: JudgedFigure) -> bool:
    """Whether what was planted, or what of it makes a difference to the digits, is among the
    explanations."""
    assert cell.departures is not None
    if figure.verdict == "holds":
        return True  # it is printed as it would be without the departures
    return any({*one.departures} <= cell.departures for one in figure.explanations)


def check(cells: list[Planted]) -> None:
    found = list(zip(cells, verdicts(cells), strict=True))
    true = [(cell, figure) for cell, figure in found if cell.departures is not None]
    assert len(true) > 0.7 * len(cells)
    missed = [(cell, figure) for cell, figure in true if not is_named(cell, figure)]
    assert len(missed) <= 0.05 * len(true), missed
    for cell, figure in found:
        if cell.departures is None and figure.verdict != "unexplained":
            assert comes_about(cell, figure), "what is explained does come about so"


def comes_about(cell: Planted, figure: JudgedFigure) -> bool:
    """Whether each total that explains a figure has its digits, in one of its units, and rounded or
    cut."""
    power = {"params": 20, "macs": 30}[cell.quantity]
    units = (10 ** {"params": 6, "macs": 9}[cell.quantity], 2**power)
    last = Decimal(cell.text).as_tuple().exponent
    return all(
        any(
            abs(Decimal(one.value) * factor / unit - Decimal(cell.text)) < Decimal(1).scaleb(last)
            for unit in units
            for factor in (1, 2, Decimal("0.5"))
        )
        for one in figure.explanations
        if "baseline" not in str(one)
    )


@pytest.mark.catalog
def test_of_planted_figures_of_small_networks_the_conventions_are_named() -> None:
    check(list(planted(60, 0, FOR_CIFAR)))


@pytest.mark.catalog
def test_of_200_planted_figures_the_conventions_are_named() -> None:
    check(list(planted(200, 0, FOR_IMAGENET)))
