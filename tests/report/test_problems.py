"""What is wrong with rows is listed once, with short names of the rows."""

from dataclasses import replace

import pytest
from support.records import counted, printed, timed

from srbench.conditions import Setup
from srbench.records.join import Row, rows_of
from srbench.records.results import Results
from srbench.report.overview import rows_notes, rows_report
from srbench.report.problems import Names, doubts, failures, merged, problems, warnings
from srbench.report.times import times_report

VARIANTS = ("", "+se", "+cbam", "+sr", "+sr:memories=50")
CUT = "the warm-up was cut short by the time budget"


def comparison(backbone: str, notes: tuple[str, ...] = (), side: int = 64, batch: int = 1) -> list:
    return [
        replace(
            timed(f"{backbone}{v}", [0.1] * 6, 1.0 if v else None, notes=notes, reach=0.3),
            input=(3, side, side),
            timing=timed(
                f"{backbone}{v}",
                [0.1] * 6,
                1.0 if v else None,
                notes=notes,
                reach=0.3,
                setup=Setup(batch=batch),
            ).timing,
        )
        for v in VARIANTS
    ]


def test_a_warning_that_all_rows_have_names_all_rows() -> None:
    records = [
        *comparison("resnet18", (f"forward: {CUT}", f"train: {CUT}")),
        *comparison("resnet34", (f"forward: {CUT}", f"train: {CUT}")),
    ]
    assert list(warnings(records)) == [f"all rows: forward, train: {CUT}"]


def test_numbers_that_differ_are_merged_into_a_range() -> None:
    records = [
        one
        for n, backbone in enumerate(("resnet18", "resnet34", "resnet50"))
        for one in comparison(backbone, (f"other programs used {33 + n}% of the processors",))
    ]
    assert list(warnings(records)) == ["all rows: other programs used 33 to 35% of the processors"]


def test_a_number_inside_a_name_is_not_merged() -> None:
    assert merged(["conv2d (×3)", "conv2d (×12)"]) == "conv2d (×3 to 12)"
    assert merged(["fvcore 4,089,184,256 MACs, torch 5.5", "fvcore 99 MACs, torch 5.5"]) == (
        "fvcore 99 to 4,089,184,256 MACs, torch 5.5"
    )
    records = [
        replace(one, counts=replace(one.counts, unknown={op: 3}))
        for one, op in ((counted("a"), "lib::op1"), (counted("b"), "lib::op2"))
    ]
    assert list(warnings(records)) == [
        "a: not counted: lib::op1 (×3)",
        "b: not counted: lib::op2 (×3)",
    ]


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (("v ×3", "v 2×3"), ("v ×3", "v 2×3")),  # one number and none: nothing to pair
        (("v 3", "v"), ("v 3", "v")),
        (("v 3 4", "v 3  "), ("v 3 4", "v 3  ")),
        (("v 4", "v \0"), ("v 4", "v \0")),
        (("eps 1e-05", "eps 1e-06"), ("eps 1e-06 to 1e-05",)),
        (("on cuda:0", "on cuda:1"), ("on cuda:0", "on cuda:1")),
        (("at -3", "at -5"), ("at -5 to -3",)),
        (("at −3", "at 5"), ("at −3 to 5",)),
        (("in a/3/b", "in a/4/b"), ("in a/3/b", "in a/4/b")),
        (("layer4.2 1-3", "layer4.2 1-4"), ("layer4.2 1-3", "layer4.2 1-4")),
        (("of 224×224", "of 96×96"), ("of 224×224", "of 96×96")),
        (("took 5ms, 48%", "took 7ms, 50%"), ("took 5 to 7ms, 48 to 50%",)),
        (("1,000: (×2)", "999: (×3)"), ("999 to 1,000: (×2 to 3)",)),
    ],
)
def test_only_numbers_that_stand_alone_are_merged(
    texts: tuple[str, ...], said: tuple[str, ...]
) -> None:
    records = [timed(f"net{n}", [0.1] * 6, notes=(text,)) for n, text in enumerate(texts)]
    assert tuple(line.partition(": ")[2] for line in warnings(records)) == said


def test_passes_share_a_line_only_if_the_rows_are_the_same() -> None:
    first, second = timed("resnet18", [0.1] * 6), timed("resnet18+se", [0.1] * 6, 1.0)
    both, one = (f"forward: {CUT}", f"train: {CUT}"), (f"forward: {CUT}",)
    told = warnings(
        [
            replace(first, timing=replace(first.timing, notes=both)),
            replace(second, timing=replace(second.timing, notes=one)),
        ]
    )
    assert list(told) == [f"resnet18, resnet18+se: forward: {CUT}", f"resnet18: train: {CUT}"]


def test_whole_comparisons_are_named_by_their_baseline_and_conditions() -> None:
    records = [
        *comparison("resnet18", (CUT,), side=32),
        *comparison("resnet18", side=64),
        *comparison("resnet34", side=64, batch=8)[:4],
    ]
    records[-1] = replace(records[-1], timing=replace(records[-1].timing, notes=(CUT,)))
    assert list(warnings(records)) == [
        f"resnet18 and its variants at 32×32 in batches of 1, "
        f"resnet34+sr at 64×64 in batches of 8: {CUT}"
    ]


def test_a_long_list_of_names_is_shortened() -> None:
    records = [counted(f"net{n}") for n in range(20)]
    assert Names(records)(range(1, 20)) == ("net1, net2, net3, net4, net5, net6, and 13 more")
    assert Names(records)(range(20)) == "all rows"


def test_counted_and_timed_rows_are_named_separately() -> None:
    counts = [counted(f"resnet18{v}") for v in VARIANTS]
    times = [replace(one, status="failed: no memory") for one in comparison("resnet18")[:3]]
    assert list(failures([*counts, *times])) == ["all timed rows: failed: no memory"]
    assert list(failures([*counts, *times], of={times[1].key})) == [
        "resnet18+se: failed: no memory"
    ]
    assert list(problems([*counts, *times])) == ["* all timed rows: failed: no memory."]


def notes_of(records: list, whole: bool) -> tuple[str, ...]:
    report = rows_report("x", rows_of(records)) if whole else times_report(Results(records))
    return report.tables[-1].notes


@pytest.mark.parametrize("whole", [False, True])
def test_a_table_of_many_rows_has_every_note_once(whole: bool) -> None:
    """25 rows that did not reach the precision, each with the same warnings."""
    backbones = ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152")
    records = [
        one
        for n, backbone in enumerate(backbones)
        for one in comparison(
            backbone, (f"other programs used {20 + n}% of the processors", f"forward: {CUT}")
        )
    ]
    notes = notes_of(records, whole)
    assert notes[:2] == (
        "* all rows: other programs used 20 to 24% of the processors.",
        f"* all rows: forward: {CUT}.",
    )
    assert notes[2].startswith(
        "Undecided, all overheads: the interval contains 0 and reaches further than 1 % to a "
        "side of the estimate. To decide, "
    )
    assert "--time-budget" in notes[2]
    text = "\n".join(notes)
    assert text.count("To decide") == text.count("Undecided") == text.count("Medians with") == 1
    assert len(notes) == len({*notes}) <= 9


def test_the_note_says_how_many_overheads_are_undecided_and_why() -> None:
    wide, narrow = comparison("resnet18")[:3], comparison("resnet34")[:2]
    narrow[1] = timed("resnet34+se", [0.1] * 6, 1.2)
    few = [timed("resnet50", [0.1]), timed("resnet50+se", [0.1], 1.1)]
    passes = few[1].timing.passes["forward"]
    no_interval = replace(passes, ratio=replace(passes.ratio, low=None, high=None))
    few[1] = replace(few[1], timing=replace(few[1].timing, passes={"forward": no_interval}))
    first = notes_of([*wide, *narrow, *few], whole=False)[0]
    assert first.startswith(
        "Undecided, 3 of 4 overheads: the interval contains 0 and reaches further than 1 % to "
        "a side of the estimate, or there are too few placements or processes for an interval "
        "(n=…). "
    )
    assert notes_of(few, whole=False)[0].startswith(
        "Undecided, all overheads: there are too few placements or processes for an interval "
        "(n=…). "
    )
    assert not any("To decide" in note for note in notes_of(narrow, whole=False))


def test_a_note_that_counts_and_times_share_appears_once() -> None:
    omitted = {"settings": {"sr": "memories=10"}}
    records = [
        *(counted("resnet18"), counted("resnet18+sr", 1100, **omitted)),
        *(timed("resnet18", [0.1] * 6), timed("resnet18+sr", [0.1] * 6, 1.1, **omitted)),
    ]
    notes = notes_of(records, whole=True)
    assert [note for note in notes if "memories=10" in note] == ["Defaults: sr memories=10."]


def test_inputs_of_several_sizes_share_a_line() -> None:
    records = [*comparison("resnet18", side=64), *comparison("resnet18", side=96)]
    (line,) = [note for note in notes_of(records, whole=False) if note.startswith("Batches of")]
    assert line.startswith("Batches of one image of 3×64×64 or 3×96×96, 1000 classes, float32, on")


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (["forward"], None),
        (["forward_overhead"], "Undecided, all overheads: "),
        (["params", "backward", "backward_overhead"], None),
    ],
)
def test_the_notes_are_only_about_overheads_that_the_table_shows(
    columns: list[str], said: str | None
) -> None:
    rows = rows_of([timed("resnet18", [0.1] * 6), timed("resnet18+se", [0.1] * 6, 1.0, reach=0.3)])
    text = "\n".join(rows_notes(rows, columns))
    assert "Medians with 95 % confidence intervals." in text
    assert ("Undecided" in text) == ("Overhead: " in text) == bool(said)
    assert (said or "") in text


def test_all_rows_of_a_kind_are_named_so_if_there_are_published_rows_too() -> None:
    papers = [printed("resnet18", row=name) for name in "abc"]
    times = comparison("resnet18", (CUT,))
    counts = [replace(counted(f"net{n}"), status="failed: no memory") for n in range(3)]
    assert list(problems([*times, *papers])) == [f"* all timed rows: {CUT}."]
    assert list(problems([*counts, *papers])) == ["* all counted rows: failed: no memory."]
    assert list(problems(papers)) == []


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"num_classes": 10}, " with 10 classes"),
        ({"input": (1, 64, 64)}, " of 1 channel"),
        ({"input": (3, 96, 96)}, " at 96×96"),
        ({"setup": Setup(batch=8)}, " in batches of 8"),
        ({"setup": Setup(device="cuda:0")}, " on cuda:0"),
        ({"setup": Setup(dtype="float16")}, " in float16"),
        ({"setup": Setup(dtype="float16", amp=True)}, " in float16 with autocast"),
        ({"setup": Setup(channels_last=True)}, " with channels_last"),
        ({"setup": Setup(compile=True)}, " with torch.compile"),
        ({"setup": Setup(device="cuda:0", cuda_graph=True)}, " on cuda:0 with CUDA graphs"),
        ({"setup": Setup(threads=2)}, " with 2 threads"),
        ({"setup": Setup(seed=3)}, " with seed 3"),
    ],
)
def test_rows_are_named_with_the_conditions_that_differ(other: dict, said: str) -> None:
    records = [timed("resnet18", [0.1] * 6), timed("resnet18", [0.1] * 6, **other)]
    assert Names(records)([1]) == f"resnet18{said}"


def test_doubts_name_the_timed_rows_that_they_are_about() -> None:
    rows = [
        Row(one.row, counted("resnet18"), None, one, older=("resnet18",) * (batch == 8))
        for batch in (1, 8)
        for one in (timed("resnet18", [0.1] * 6, setup=Setup(batch=batch)),)
    ]
    (line,) = doubts(rows)
    assert line.startswith("* resnet18 in batches of 8: was measured with older code")
