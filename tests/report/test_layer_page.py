"""The tree of a network's modules on a page and in a notebook, read by an independent parser."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from support.records import counted

from srbench.cli.app import run
from srbench.records import jsonl
from srbench.records.layer import Layer
from srbench.records.record import Record
from srbench.report.formats.html import to_html
from srbench.report.formats.notebook import to_fragment
from srbench.report.layers import Shown, layers_report
from srbench.report.look import Look

NASTY = """<script>alert(1)</script>"'};{{ 7*7 }}"""
LOADS = r"""(?:src|href)\s*=\s*["']?(?!#)[^"'>]+|url\(|@import|fetch\(|import\("""


def layer(name: str, kind: str, macs: int = 0, params: int = 0) -> Layer:
    return Layer(
        *(name, kind, "", 1, ("float32:1x3x8x8",), ("float32:1x10",), params, params, macs, macs),
        *(macs // 10, 4 * macs),
    )


NET = (
    layer("", "Net", 1_000_000, 4_500),
    layer("stem", "Conv2d", 250_000, 500),
    layer("body", "Sequential", 700_000, 3_000),
    layer("body.0", "Block", 350_000, 1_500),
    layer("body.0.conv", "Conv2d", 350_000, 1_500),
    layer("body.0.inner", "Sequential"),
    layer("body.0.inner.act", "ReLU"),
    layer("body.1", "Block", 350_000, 1_500),
    layer("body.1.conv", "Conv2d", 350_000, 1_500),
    layer("body.1.inner", "Sequential"),
    layer("body.1.inner.act", "ReLU"),
    layer("head", "Linear", 50_000, 1_000),
)


def with_layers(layers: tuple[Layer, ...] = NET, spec: str = "net") -> Record:
    record = counted(spec, layers[0].params, layers[0].macs)
    assert record.counts
    return replace(record, counts=replace(record.counts, layers=layers))


@dataclass
class Row:
    """A row as the page has it: how many elements it is folded in, and which of them are open."""

    depth: int
    folds: bool
    is_visible: bool
    classes: list[str]
    titles: list[str] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)
    bars: list[str] = field(default_factory=list)


class Tree(HTMLParser):
    """All rows of all trees of a page, without what is beside them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[Row] = []
        self.tags: list[str] = []
        self.folds: list[bool] = []  # the open and the closed elements around
        self.is_cell = self.is_summary = False
        self.feed(text)
        assert not self.folds

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        if tag == "details":
            self.folds.append("open" in found)
        classes = found.get("class", "").split()
        if "row" in classes and "head" not in classes:
            above = self.folds[:-1] if tag == "summary" else self.folds
            self.rows.append(Row(len(above), tag == "summary", all(above), classes))
        if tag == "span" and self.rows:
            self.is_cell = True
            self.rows[-1].cells.append("")
            self.rows[-1].titles += [found["title"]] if "title" in found else []
            self.rows[-1].bars += re.findall(r"--to:(.*)%", found.get("style", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "details":
            self.folds.pop()
        if tag == "span":
            self.is_cell = False

    def handle_data(self, data: str) -> None:
        if self.is_cell:
            self.rows[-1].cells[-1] += data


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return Tree(to_html(layers_report(with_layers()))).rows


def test_the_tree_is_that_of_the_record(rows: list[Row]) -> None:
    assert [row.depth for row in rows] == [len(one.name.split(".")) - (not one.name) for one in NET]
    assert [row.titles for row in rows[1:]] == [[f"{one.name} {one.kind}"] for one in NET[1:]]
    labels = [f"{one.name.rpartition('.')[2]} {one.kind}" for one in NET[1:]]
    assert [row.cells[0] for row in rows] == ["net", *labels]
    names = [one.name for one in NET]
    parents = {""} | {name.rpartition(".")[0] for name in names}
    assert [row.folds for row in rows] == [name in parents for name in names]


def test_every_row_has_all_cells_and_bars_of_its_shares(rows: list[Row]) -> None:
    assert {len(row.cells) for row in rows} == {11}
    stem = dict(zip([one.name for one in NET], rows, strict=True))["stem"]
    # a quarter of the MACs, and a ninth of the parameters
    assert stem.cells[1:7] == ["3×8×8", "10", "500", "11.1", "250,000", "25.0"]
    assert stem.bars == ["11.1", "25.0", "25.0", "25.0"]


def test_two_levels_are_open_and_the_others_closed(rows: list[Row]) -> None:
    visible = {one.name for one, row in zip(NET, rows, strict=True) if row.is_visible}
    assert visible == {one.name for one in NET if one.name.count(".") < 2}


def test_columns_have_the_same_widths_on_all_levels() -> None:
    text = to_html(layers_report(with_layers()))
    assert text.count("--w1: ") == 1  # on what is around all rows
    assert all(f"--w{n}: " in text and f":nth-child({n}) {{ flex: 0 0" in text for n in (2, 11))


def test_names_and_classes_are_escaped() -> None:
    layers = (NET[0], layer("stem", NASTY, 250_000, 500), layer(NASTY.replace(".", ""), "Conv2d"))
    report = layers_report(with_layers(layers, spec=NASTY))
    plain = Tree(to_html(layers_report(with_layers())))
    found = Tree(to_html(report))
    assert found.tags.count("script") == plain.tags.count("script") == 1
    names = [NASTY, "itself", f"stem {NASTY}", f"{NASTY} Conv2d"]
    assert [row.cells[0] for row in found.rows] == names
    assert "<script>alert" not in to_html(report) + to_fragment(report)


def test_titles_cannot_leave_their_variable() -> None:
    from srbench.report.formats.html_tree import style

    (table,) = layers_report(with_layers()).tables
    titles = ["""x'; color: red; } " </style> \\""", *(one.title for one in table.columns[1:])]
    found = style(table, titles, [[str(cell) for cell in row] for row in table.rows])
    assert found.count("'") == 2 * len(titles)
    assert not {*'}<"'} & {*found}


def test_folded_modules_are_one_row() -> None:
    found = Tree(to_html(layers_report(with_layers(), Shown(is_folded=True)))).rows
    assert [row.cells[0] for row in found] == [
        *("net", "stem Conv2d", "body Sequential", "0–1 Block"),
        *("conv Conv2d", "inner Sequential", "act ReLU", "head Linear"),
    ]
    assert found[3].cells[5] == "700,000"


def test_differences_are_marked() -> None:
    other = (*NET[:8], layer("body.1.conv", "Conv2d", 340_000, 1_500), *NET[9:11])
    other = (*other, layer("body.1.gate", "Sigmoid"))
    report = layers_report(with_layers(other, "net+se"), Shown(against=with_layers()))
    text = to_html(report)
    found = {row.cells[0]: row.classes[1:] for row in Tree(text).rows}
    assert found == {
        "net+se": ["different"],
        "body Sequential": ["different"],
        "1 Block": ["different"],
        "conv Conv2d": ["different"],
        "+ gate Sigmoid": ["new"],
        "+ itself": ["new"],
        "− head Linear": ["gone"],
    }
    for said in (*report.tables[0].findings, *report.tables[0].notes):
        assert said.replace("'", "&#39;") in text


def test_an_empty_difference_is_no_tree() -> None:
    text = to_html(layers_report(with_layers(), Shown(against=with_layers())))
    assert Tree(text).rows == []
    assert "net has the same modules as net." in text


def test_columns_that_were_asked_for_are_shown() -> None:
    look = Look(columns=("settings", "macs_share"))
    found = Tree(to_html(layers_report(with_layers(), Shown(look=look)))).rows
    assert found[1].cells == ["stem Conv2d", "–", "25.0"]


def many() -> Iterator[Layer]:
    yield layer("", "Net", 10**9, 10**7)
    for stage in range(10):
        yield layer(f"s{stage}", "Stage", 10**8, 10**6)
        for block in range(10):
            yield layer(f"s{stage}.{block}", "Block", 10**7, 10**5)
            for one in range(100):
                yield layer(f"s{stage}.{block}.m{one}", "Linear", 10**5, 10**3)


def test_ten_thousand_modules_are_a_page() -> None:
    text = to_html(layers_report(with_layers(tuple(many()))))
    found = Tree(text).rows
    assert len(found) == 10_111
    assert sum(row.is_visible for row in found) == 111
    assert len(text) < 6_000_000
    assert 'class="scroll tree large"' in text  # rows out of sight are not laid out


def test_a_notebook_indents_the_modules() -> None:
    text = to_fragment(layers_report(with_layers()))
    found = re.findall(r"padding-left: (\d+)ch\">(.*?)</td>", text)
    depths = [int(width) // 2 for width, _ in found]
    assert depths == [len(one.name.split(".")) - (not one.name) for one in NET]
    assert [label for _, label in found][-4:] == [
        *("conv Conv2d", "inner Sequential", "act ReLU", "head Linear"),
    ]


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("layers") / "r.jsonl"
    jsonl.write(path, [with_layers(), counted("other"), with_layers(spec="third")])
    return path


def test_the_page_of_records_has_their_trees(records: Path, tmp_path: Path) -> None:
    output = tmp_path / "r.html"
    assert run(["report", str(records), "-o", str(output), "--columns", "macs"]) == 0
    text = output.read_text(encoding="utf-8")
    assert re.findall(LOADS, text) == []
    assert "default-src 'none'" in text
    assert [row.cells[0] for row in Tree(text).rows if not row.depth] == ["net", "third"]
    assert len(Tree(text).rows) == 2 * len(NET)
    assert "The modules of third." in text
    assert "4,500 parameters" in text


@pytest.mark.parametrize(("form", "branch"), [("text", "├─ stem"), ("markdown", "| body.0.conv")])
def test_other_formats_have_the_modules_below_the_counts(
    records: Path, capsys: pytest.CaptureFixture[str], form: str, branch: str
) -> None:
    assert run(["report", str(records), "-o", "-", "-f", form]) == 0
    out = capsys.readouterr().out
    assert out.count(branch) == 2
    assert out.index("other") < out.index(branch)


def test_tables_of_modules_have_labels_of_their_own(
    records: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["report", str(records), "-o", "-", "-f", "latex"]) == 0
    labels = re.findall(r"\\label\{(.*?)\}", capsys.readouterr().out)
    assert labels == ["tab:srbench-records", "tab:srbench-layers-1", "tab:srbench-layers-2"]


def test_csv_has_a_row_for_each_record(records: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["report", str(records), "-o", "-", "-f", "csv"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(",")[0] for line in lines] == ["spec", "net", "other", "third"]
