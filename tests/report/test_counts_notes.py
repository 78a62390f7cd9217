"""The notes below a table of counts hold for every row of it."""

from dataclasses import replace

import pytest
from support.records import counted

from srbench.records.join import rows_of
from srbench.records.record import Record
from srbench.records.results import Results
from srbench.report.counts import counts_report
from srbench.report.overview import rows_report

PLAIN, SE, SR = counted("resnet18"), counted("resnet18+se", 1100), counted("resnet18+sr", 1200)
TORCH = "counted from the operators that torch runs"
EVERYWHERE = f"{TORCH} and, with the same result, by fvcore."
ELSEWHERE = f"{TORCH}; fvcore counts the same in the rows with FLOPs."


def with_counts(record: Record, **counts: object) -> Record:
    return replace(record, counts=replace(record.counts, **counts))


DISAGREE = with_counts(SE, macs=4000, flops=None)
OLDER = with_counts(SE, counter="fvcore")
NOT_COUNTED = with_counts(SE, unknown={"words::blur": 8})
FAILED = replace(SE, counts=None, status="failed: no memory")


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize(
    ("records", "said"),
    [
        ([PLAIN, SE, SR], EVERYWHERE),
        ([PLAIN, DISAGREE, SR], ELSEWHERE),
        ([PLAIN, NOT_COUNTED, SR], EVERYWHERE),
        ([PLAIN, FAILED, SR], EVERYWHERE),
        ([DISAGREE], f"{TORCH}."),
        ([OLDER], "counted by fvcore."),
        ([PLAIN, OLDER], "counted by fvcore, and newer rows as torch runs them."),
    ],
)
def test_the_note_names_the_second_counter_only_where_it_agrees(
    records: list[Record], said: str, whole: bool
) -> None:
    report = rows_report("x", rows_of(records)) if whole else counts_report(Results(records))
    (table,) = report.tables
    (note,) = [note for note in table.notes if note.startswith("MACs: ")]
    assert said in note
    wrong = {n for n, record in enumerate(records) if record.warnings or record.status != "ok"}
    assert table.doubtful >= wrong, "the rows for which the note does not hold have the *"


@pytest.mark.parametrize("whole", [False, True])
def test_a_difference_from_a_baseline_with_a_warning_has_a_warning(whole: bool) -> None:
    records = [with_counts(PLAIN, unknown={"words::blur": 1}), SE, SR]
    report = rows_report("x", rows_of(records)) if whole else counts_report(Results(records))
    (table,) = report.tables
    assert table.doubtful == {0, 1, 2}
    assert table.notes[:2] == (
        "* resnet18: not counted: words::blur (×1).",
        "* resnet18+se, resnet18+sr: Δ is the difference from resnet18, whose count has a warning.",
    )
