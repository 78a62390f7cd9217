"""The best two of every section."""

from dataclasses import replace

import pytest
from support.records import counted, printed, timed

from srbench.records.counts import Difference
from srbench.records.join import rows_of
from srbench.records.published import Figure
from srbench.records.record import MadeOf, Record
from srbench.report.columns import FIELDS
from srbench.report.formats import latex, markdown, text
from srbench.report.formats.html import Section, page
from srbench.report.ranks import NOTE, Rank, notes, ranks
from srbench.report.rows import rows_table
from srbench.report.table import Column, Table


def table(
    *values: object,
    sections: set[int] = frozenset(),
    ranked: bool = True,
    doubtful: set[int] = frozenset(),
) -> Table:
    columns = (Column("M", "name"), Column("E", "percent", lower_is_better=True))
    rows = tuple((str(n), value) for n, value in enumerate(values))
    return Table(
        "t",
        columns,
        rows,
        sections=frozenset(sections),
        ranked=ranked,
        doubtful=frozenset(doubtful),
    )


def marked(*values: object, **others: object) -> dict[int, Rank]:
    return {row: rank for (row, _), rank in ranks(table(*values, **others)).items()}


def test_the_smallest_two_are_marked() -> None:
    assert marked(3.0, None, 1.0, 2.0) == {2: Rank.BEST, 3: Rank.SECOND}


def test_equal_values_have_equal_ranks() -> None:
    assert marked(1.0, 1.0, 2.0, 3.0) == {0: Rank.BEST, 1: Rank.BEST, 2: Rank.SECOND}


def test_the_second_is_marked_only_if_there_is_a_third() -> None:
    assert marked(1.0, 2.0) == {0: Rank.BEST}


def test_nothing_is_best_if_all_values_are_equal() -> None:
    assert marked(1.0, 1.0, None) == marked(1.0) == marked() == {}


def test_every_section_has_its_own_best() -> None:
    assert marked(5.0, 4.0, 1.0, 2.0, sections={2}) == {1: Rank.BEST, 2: Rank.BEST}


def test_values_are_compared_unrounded_and_in_the_same_unit() -> None:
    assert marked(1.001, 1.002) == {0: Rank.BEST}
    assert marked(Figure("9.50", 1e6), Figure("0.01", 1e9), Figure("11", 1e6)) == {
        0: Rank.BEST,
        1: Rank.SECOND,
    }


def test_only_ranked_tables_are_marked() -> None:
    assert marked(1.0, 2.0, ranked=False) == {}


def test_the_best_is_bold_and_the_second_underlined() -> None:
    made = table(3.0, 1.0, 2.0)
    assert "| 1 | **+1.00** |\n| 2 | <ins>+2.00</ins> |" in markdown.render(made)
    assert "1 & \\textbf{+1.00} \\\\\n    2 & \\underline{+2.00} \\\\" in latex.render(made)


def test_rows_with_warnings_are_not_ranked_and_the_note_says_so() -> None:
    made = table(3.0, 0, 1.0, 2.0, doubtful={1})
    assert {row: rank for (row, _), rank in ranks(made).items()} == {2: Rank.BEST, 3: Rank.SECOND}
    assert notes(made) == (f"{NOTE} Rows with * are not ranked.",)
    assert notes(table(3.0, 1.0)) == (NOTE,)
    assert marked(1.0, 0, doubtful={1}) == {}, "one alone is not the best of anything"
    assert notes(table(1.0, 0, doubtful={1})) == ()
    assert marked(2.0, 1.0, 5.0, 4.0, doubtful={1}, sections={2}) == {3: Rank.BEST}


def test_rows_with_warnings_have_a_mark_in_every_format() -> None:
    made = table(3.0, 0, 1.0, 2.0, doubtful={1})
    assert "1 *       0" in text.render(made)
    assert "| 1 \\* | 0 |" in markdown.render(made)
    assert "1 * & 0 \\\\" in latex.render(made)
    assert 'name">1 *</td>' in page("t", [Section("t", [made])])
    for rendered in (markdown.render(made), latex.render(made), page("t", [Section("t", [made])])):
        assert "are not ranked" in rendered


SE, SR, CBAM = (counted(f"resnet18+{block}", 1100, 5000 + n) for n, block in enumerate("abc", 7))
PLAIN = counted("resnet18")


def without(record: Record, **counts: object) -> Record:
    return replace(record, counts=replace(record.counts, **counts))


def best(*records: Record) -> list[str]:
    """The specs that add the fewest MACs."""
    rows = rows_of(records)
    made = rows_table("t", rows, {"macs_delta": FIELDS["macs_delta"]}, "", (), ranked=True)
    return [made.rows[row][0].spec for (row, _), rank in ranks(made).items() if rank is Rank.BEST]


UNDECIDED = Difference("linear", ("fc",), 1100, 1090, right="")
UNCOUNTED = without(SE, macs=5000, macs_fvcore=5000, unknown={"words::blur": 8})


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ([PLAIN, SE, SR, CBAM], [SE.spec]),
        ([PLAIN, UNCOUNTED, SR, CBAM], [SR.spec]),
        ([PLAIN, without(SE, differences=(UNDECIDED,)), SR, CBAM], [SR.spec]),
        ([PLAIN, replace(SE, status="failed: odd"), SR, CBAM], [SR.spec]),
        ([PLAIN, UNCOUNTED, SR], []),
        # An incomplete baseline makes every difference from it wrong.
        ([without(PLAIN, unknown={"words::blur": 1}), SE, SR, CBAM], []),
        # Times of other code are doubtful, and so are rows of older code than others.
        ([PLAIN, SE, timed(SE.spec, [0.1], fingerprint="other"), SR, CBAM], [SR.spec]),
        (
            [
                PLAIN,
                replace(SE, parts=(MadeOf("a", {}, "old"),)),
                replace(SR, parts=(MadeOf("a", {}, "new"),), made="2026-01-01T00:00:00Z"),
                CBAM,
            ],
            [SR.spec],
        ),
    ],
)
def test_only_a_row_without_doubts_can_be_the_best(
    records: list[Record], expected: list[str]
) -> None:
    assert best(*records) == expected


def test_published_errors_of_rows_with_warnings_are_not_ranked() -> None:
    errors = [printed(r.spec, top1_error=e) for r, e in ((SE, "20.0"), (SR, "21.0"), (CBAM, "22"))]
    rows = rows_of([PLAIN, UNCOUNTED, SR, CBAM, *errors])
    made = rows_table("t", rows, {"top1_error": FIELDS["top1_error"]}, "", (), ranked=True)
    assert [(made.rows[row][0].spec, rank) for (row, _), rank in ranks(made).items()] == [
        (SR.spec, Rank.BEST)
    ]
