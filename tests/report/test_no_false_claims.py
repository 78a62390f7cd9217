"""What tables, short notes and plots must not say: each was said once, and was wrong."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.pages import DOCS
from support.records import counted, timed

import srbench
from srbench.cli.app import run
from srbench.conditions import Setup
from srbench.errors import SrbenchError
from srbench.records import jsonl
from srbench.records.join import rows_of
from srbench.records.overhead import Overhead
from srbench.records.record import MadeOf, Record
from srbench.records.results import Results
from srbench.records.timing import Estimate
from srbench.report.cells import overhead_text
from srbench.report.counts import counts_report
from srbench.report.formats import FORMATS
from srbench.report.labels import Label
from srbench.report.look import Look
from srbench.report.names import Names
from srbench.report.notes import chip
from srbench.report.plots.panel_files import plot_panels
from srbench.report.plots.panels import batch_panels, panels
from srbench.report.times import times_report

H200 = str(DOCS / "figures" / "h200.jsonl")


def times(ratio: float, facts: dict[str, Any] | None = None, **setup: Any) -> list[Record]:
    """A baseline and a variant, measured in some way."""
    return [
        timed(spec, [0.1] * 6, own, setup=Setup(**setup), environment=facts or {})
        for spec, own in (("resnet18", None), ("resnet18+se", ratio))
    ]


def brief(*specs: str) -> str:
    """The short notes of a table."""
    return " ".join(srbench.count(*specs).report(notes="short").tables[0].brief)


# --- text of records


@pytest.mark.parametrize("value", [r"2$\input{/etc/passwd}$", r"\write18{x}", "1}", "2e", ""])
def test_a_value_of_a_record_is_never_latex(value: str) -> None:
    spec = f"resnet50+sr:memories={value or 'x$'}"
    (name,) = [Names([counted(spec)])(spec)]
    assert not re.search(r"(?<!\\)\$[^$]*[\\a-z][^$]*(?<!\\)\$", name.title.latex)
    assert "\\input{" not in name.title.latex
    assert "\\write" not in name.title.latex
    options = {"memories": value or "$"}
    made = [
        counted(f"resnet50+b:B:memories={n}", parts=(MadeOf("r"), MadeOf("sr", options)))
        for n in (1, 2)
    ]
    assert "\\input{" not in Names(made)(made[0].spec).title.latex


@pytest.mark.parametrize(
    "facts", [{"cpu_model": "6-85"}, {"cpu_model": 3}, {"cpu_l3_bytes": "a lot"}, {"cpu": None}]
)
def test_odd_facts_about_a_processor_are_left_out(facts: dict[str, Any]) -> None:
    assert chip(timed("net", [0.1] * 6, environment={"cpu": "X"} | facts)) in ("X", "unknown")


# --- names


def test_a_network_for_cifar_does_not_have_the_name_of_one_for_imagenet() -> None:
    names = Names([counted("cifar_resnet50"), counted("cifar_resnet20")])
    assert str(names("cifar_resnet50")) == "CIFAR ResNet-50"
    assert str(names("cifar_resnet20")) == "ResNet-20"


@pytest.mark.parametrize(
    "names",
    [
        {"resnet18": "A", "resnet18+se": "A"},
        {"resnet18+se": "ResNet-18"},
        {"+se": "SR", "+sr": "SR"},
    ],
)
def test_two_rows_of_a_network_have_two_names(names: dict[str, str]) -> None:
    rows = srbench.count("resnet18+se", "resnet18+sr")
    with pytest.raises(SrbenchError, match=r"are both called .* \(name one otherwise\)"):
        rows.to_latex(names=names)


def test_networks_with_one_given_name_are_not_one_group() -> None:
    records = [
        counted(f"{net}{block}") for net in ("resnet18", "resnet34") for block in ("", "+se")
    ]
    names = Look().names | {"resnet18": Label("Base"), "resnet34": Label("Base")}
    (table,) = counts_report(Results(records), look=Look(names=names, order="-params")).tables
    assert table.sections == {2}
    assert [row[0].spec for row in table.rows] == [record.spec for record in records]


# --- short notes


@pytest.mark.parametrize(
    ("specs", "said"),
    [
        (("cifar_resnet8+se:reduction=8", "cifar_resnet14+se"), "SE: r=16 unless named."),
        (("cifar_resnet8+sr", "resnet18+sr"), "SR: P=10, S=1, h=64, layer3 or layer4."),
        (("cifar_resnet8+se", "cifar_resnet8+se:stage=layer3"), "SE: r=16."),
        (("cifar_resnet8+se", "cifar_resnet8+se:after=layer1.0"), "SE: r=16."),
        (("cifar_resnet8+sr:memories=2", "cifar_resnet8+sr"), "SR: S=1, h=64, layer3."),
    ],
)
def test_short_notes_say_the_options_that_the_names_do_not(
    specs: tuple[str, ...], said: str
) -> None:
    assert brief(*specs).endswith(said)


def test_words_in_cells_are_explained_in_short_notes() -> None:
    base, variant = times(1.0)
    near = replace(variant.timed.passes["forward"], ratio=Estimate(1.001, 0.996, 1.006, 6))
    none = replace(variant, timing=replace(variant.timed, passes={"forward": near}))
    (table,) = times_report(Results([base, none])).tables
    assert any("none: the interval contains 0 and reaches at most 1 %" in n for n in table.brief)
    few = [timed("net", [0.1]), timed("net+se", [0.1], 1.1, reach=None)]
    (table,) = times_report(Results(few)).tables
    assert any("(n=…): too few samples for an interval" in note for note in table.brief)


def test_no_interval_is_claimed_where_there_is_none() -> None:
    samples = [timed("net", [0.1])]
    plain = replace(samples[0].timed.passes["forward"], seconds=Estimate(0.1, None, None, 1))
    alone = replace(samples[0], timing=replace(samples[0].timed, passes={"forward": plain}))
    (table,) = times_report(Results([alone]), look=Look(columns=("pass", "time"))).tables
    assert "interval" not in table.caption
    assert "overhead" not in table.caption
    assert not any("with 95 % intervals" in note for note in table.brief)


def test_a_comparison_keeps_what_makes_it_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    a, b = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    jsonl.write(a, times(1.1, {"gpu": "H200"}, device="cuda:0"))
    jsonl.write(b, times(1.1, {"gpu": "H100"}, device="cuda:0"))
    assert run(["compare", str(a), str(b), "-f", "latex", "--notes", "short"]) == 0
    printed = [line for line in capsys.readouterr().out.splitlines() if not line.startswith("%")]
    assert any("gpu: H200 in A, H100 in B" in line for line in printed)


# --- mixed conditions

OTHERWISE: list[dict[str, Any]] = [
    {"dtype": "bfloat16"},
    {"device": "cuda:1"},
    {"cuda_graph": True},
    {"channels_last": True},
    {"facts": {"threads": 8}},
    {"facts": {"gpu": "H100"}},
    {"facts": {"torch": "2.11.0"}},
]


@pytest.mark.parametrize("other", OTHERWISE, ids=str)
def test_a_line_joins_only_what_was_measured_alike(other: dict[str, Any]) -> None:
    """Batch 1 in one way and batch 8 in another are two points, and no line."""
    facts = {"gpu": "H200", "threads": 1, "torch": "2.14.1"}
    changed = facts | other.get("facts", {})
    setup = {name: value for name, value in other.items() if name != "facts"}
    alike = times(1.3, facts, device="cuda:0") + times(1.2, facts, device="cuda:0", batch=8)
    mixed = times(1.3, facts, device="cuda:0")
    mixed += times(1.2, changed, **({"device": "cuda:0", "batch": 8} | setup))
    (panel,) = batch_panels(rows_of(alike))
    assert len(panel.series[0].points) == 2
    assert batch_panels(rows_of(mixed)) == []
    both = alike + times(1.4, changed, **({"device": "cuda:0"} | setup))
    both += times(1.5, changed, **({"device": "cuda:0", "batch": 8} | setup))
    (panel,) = batch_panels(rows_of(both))
    assert [len(line.points) for line in panel.series] == [2, 2]
    assert len({line.name for line in panel.series}) == 2


def test_rows_that_ran_otherwise_can_be_told_apart() -> None:
    records = times(1.1) + times(1.2, dtype="bfloat16")
    (table,) = times_report(Results(records)).tables
    titles = [column.title for column in table.columns]
    assert "Precision" in titles
    assert {row[titles.index("Precision")] for row in table.rows} == {"float32", "bfloat16"}
    (table,) = times_report(Results(records), look=Look(group="heading")).tables
    assert [label.plain for _, label in table.headings] == ["float32", "bfloat16"]


def test_own_networks_of_one_class_name_are_not_one_line() -> None:
    rows = [
        counted(f"{module}.nets:Net{block}", 1000 + 10 * n, baseline=f"{module}.nets:Net")
        for module in ("one", "two")
        for n, block in enumerate(("", "+se:reduction=2", "+se:reduction=4"))
    ]
    panel = next(p for p in panels(rows_of(rows)) if "reduction" in p.title)
    assert [len(line.points) for line in panel.series] == [2, 2]
    assert len({line.name for line in panel.series}) == 2


# --- numbers


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        (Estimate(0.9998, 0.99, 0.99995, 6), "-0.020 [-1.000, -0.005]"),
        (Estimate(1.000004, 1.000002, 1.000006, 6), "+0.0004 [+0.0002, +0.0006]"),
        (Estimate(1.05, 1.04, 1.06, 6), "+5.0 [+4.0, +6.0]"),
    ],
)
def test_a_clear_difference_is_not_rounded_to_nothing(ratio: Estimate, text: str) -> None:
    assert overhead_text(Overhead(ratio, 0.01)) == text


def test_a_point_without_its_interval_is_hollow(tmp_path: Path) -> None:
    records = times(1.3) + times(1.2, batch=8)
    few = replace(records[1].timed.passes["forward"], ratio=Estimate(1.3, None, None, 3))
    records[1] = replace(records[1], timing=replace(records[1].timed, passes={"forward": few}))
    (panel,) = batch_panels(rows_of(records))
    assert [point.hollow for point in panel.series[0].points] == [True, False]
    plot_panels([panel], tmp_path / "x.png")


def test_files_of_plots_with_one_title_do_not_replace_each_other(tmp_path: Path) -> None:
    (panel,) = batch_panels(rows_of(times(1.3) + times(1.2, batch=8)))
    files = plot_panels([panel, panel, panel], tmp_path / "x-{}.svg")
    assert len(set(files)) == 3
    assert all(path.exists() for path in files)


# --- the same again


def test_saved_times_of_one_batch_are_drawn_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    jsonl.write(path, times(1.1))
    files = ["-o", str(tmp_path / "x.md"), "--plot", str(tmp_path / "x-{}.svg")]
    assert run(["report", str(path), *files, "--words", str(tmp_path / "w.txt")]) == 0
    assert "overhead in %" in (tmp_path / "x-times.svg").read_text()
    assert "ResNet-18 + SE: in a forward pass +10.0 %" in (tmp_path / "w.txt").read_text()


def test_a_table_is_shown_again_with_another_look(
    capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])
    look = ["--style", "acm", "--caption", "Other.", "--columns", "params", "--rename", "+se=Ours"]
    assert run(["report", "imagenet", "-o", "-", "-f", "latex", *look]) == 0
    latex = capsys.readouterr().out
    assert "\\caption{Other.}" in latex
    assert "ResNet-50 + Ours" in latex
    assert "MACs (G)" not in latex
    assert run(["report", "imagenet", "-o", "-", "-f", "latex", "--rename", "nosuch=Y"]) == 2
    assert "there is no row or block 'nosuch'" in capsys.readouterr().err


def test_a_figure_may_not_replace_the_table(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    page = tmp_path / "q-params-overhead-against-memories-of-sr.svg"
    plot = tmp_path / "q-{}.svg"
    assert run(["report", H200, "-o", str(page), "-f", "html", "--plot", str(plot)]) == 2
    assert "two outputs go to one file" in capsys.readouterr().err


def test_markdown_has_no_table_of_specs() -> None:
    markdown = FORMATS["markdown"](
        counts_report(Results([counted("resnet18"), counted("resnet18+se")]))
    )
    assert "resnet18" not in markdown
