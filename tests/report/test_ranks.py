"""The best two of every section."""

from srbench.published import Figure
from srbench.report import latex, markdown
from srbench.report.ranks import Rank, ranks
from srbench.report.table import Column, Table


def table(*values: object, sections: set[int] = frozenset(), ranked: bool = True) -> Table:
    columns = (Column("M", "name"), Column("E", "percent", lower_is_better=True))
    rows = tuple((str(n), value) for n, value in enumerate(values))
    return Table("t", columns, rows, sections=frozenset(sections), ranked=ranked)


def marked(*values: object, **others: object) -> dict[int, Rank]:
    return {row: rank for (row, _), rank in ranks(table(*values, **others)).items()}


def test_the_smallest_two_are_marked() -> None:
    assert marked(3.0, None, 1.0, 2.0) == {2: Rank.BEST, 3: Rank.SECOND}


def test_equal_values_have_equal_ranks() -> None:
    assert marked(1.0, 1.0, 2.0, 3.0) == {0: Rank.BEST, 1: Rank.BEST, 2: Rank.SECOND}


def test_a_second_needs_a_third() -> None:
    assert marked(1.0, 2.0) == {0: Rank.BEST}


def test_where_all_are_alike_nothing_is_best() -> None:
    assert marked(1.0, 1.0, None) == marked(1.0) == marked() == {}


def test_every_section_has_its_own() -> None:
    assert marked(5.0, 4.0, 1.0, 2.0, sections={2}) == {1: Rank.BEST, 2: Rank.BEST}


def test_values_are_compared_as_they_are_not_as_they_look() -> None:
    assert marked(1.001, 1.002) == {0: Rank.BEST}
    assert marked(Figure("9.50", 1e6), Figure("0.01", 1e9), Figure("11", 1e6)) == {
        0: Rank.BEST,
        1: Rank.SECOND,
    }


def test_only_tables_that_ask_for_it_are_marked() -> None:
    assert marked(1.0, 2.0, ranked=False) == {}


def test_bold_and_underlined() -> None:
    made = table(3.0, 1.0, 2.0)
    assert "| 1 | **+1.00** |\n| 2 | <ins>+2.00</ins> |" in markdown.render(made)
    assert "1 & \\textbf{+1.00} \\\\\n    2 & \\underline{+2.00} \\\\" in latex.render(made)
