"""Tables of papers as CSV and Markdown: which networks, which numbers, which units."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srbench.claims.paper import PaperTable
from srbench.claims.reading import read_tables
from srbench.errors import SrbenchError

Figures = list[str]


def one(text: str, name: str = "paper.csv") -> PaperTable:
    (table,) = read_tables(text, name)
    return table


def figures(table: PaperTable) -> dict[str, Figures]:
    """Of each name the digits, and a problem in angle brackets."""
    return {
        row.name: [c.number.digits if c.number else c.problem and "<>" for c in row.cells]
        for row in table.rows
    }


def units(table: PaperTable) -> list[float | None]:
    return [column.unit for column in table.columns]


def test_a_table_in_the_style_of_cbam() -> None:
    table = one(
        "Architecture,Param.,GFLOPs,Top-1 Error (%),Top-5 Error (%)\n"
        "ResNet50 (baseline),25.56M,3.858,24.56,7.50\n"
        "ResNet50 + SE,28.09M,3.860,23.14,6.70\n"
        "ResNet50 + CBAM,28.09M,3.864,22.66,6.31\n"
    )
    assert [(c.title, c.quantity) for c in table.columns] == [
        ("Param.", "params"),
        ("GFLOPs", "macs"),
    ]
    assert units(table) == [None, 1e9]
    assert [c.is_doubtful for c in table.columns] == ["", ""]
    assert {c.number.unit for row in table.rows for c in row.cells[:1] if c.number} == {1e6}
    assert figures(table)["ResNet50 + CBAM"] == ["28.09", "3.864"]
    assert table.left_out == ("Top-1 Error (%)", "Top-5 Error (%)")
    assert [row.line for row in table.rows] == [2, 3, 4]
    assert (table.title, table.notes) == ("paper.csv", ())


def test_a_table_in_the_style_of_eca() -> None:
    table = one(
        "| Method | Backbone | #.Param. | FLOPs | Inference |\n|---|---|--:|--:|--:|\n"
        "| ResNet | ResNet-50 | 24.37Mi | 3.86Gi | 1024 FPS |\n"
        "| SENet [12] | ResNet-50 | 26.77Mi | 3.87Gi | 759 FPS |\n",
        "eca.md",
    )
    assert figures(table) == {
        "ResNet-50 + ResNet": ["24.37", "3.86"],
        "ResNet-50 + SENet": ["26.77", "3.87"],
    }
    number = table.rows[0].cells[1].number
    assert number
    assert number.unit == 2.0**30
    assert table.left_out == ("Inference",)


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_any_sign_separates_cells(sign: str) -> None:
    text = "Model,Params (M),FLOPs (G)\r\n\r\nResNet-50,25.6,4.1\r\n".replace(",", sign)
    assert figures(one(f"\ufeff{text}")) == {"ResNet-50": ["25.6", "4.1"]}


def test_decimal_commas() -> None:
    table = one("Modell;Parameter (M);FLOPs (G);Acc\nA;25,56;4,089\nB;44,5;7,8;76,1\n")
    assert figures(table) == {"B": ["44.5", "7.8"]}
    assert table.notes == ("line 2 has 3 cells instead of 4, and is left out",)
    table = one("Model;Params (M);FLOPs (M)\nA;25,56;4,089\n")
    assert figures(table) == {"A": ["25.56", "4.089"]}
    table = one("Model;Params (M);FLOPs (M)\nA;25.56;4,089\n")
    assert figures(table) == {"A": ["25.56", "4089"]}
    table = one("Model;FLOPs (M)\nA;4,089\n")
    assert figures(table) == {"A": ["<>"]}


def test_quoted_cells_and_comments() -> None:
    table = one(
        "# from a paper, Table 4\n"
        '"Model, with blocks","Params\n(M)",FLOPs\n'
        '"ResNet-50, ""SE""","25,557,032",4.1G\n'
    )
    assert figures(table) == {'ResNet-50, "SE"': ["25557032", "4.1"]}
    assert (units(table), table.rows[0].line) == ([1e6, None], 4)


def test_a_header_may_begin_with_a_number_sign() -> None:
    assert figures(one("# Model,#Params (M)\nA,1.5\n")) == {"A": ["1.5"]}
    assert figures(one("#Params (M),Model\n1.5,A\n")) == {"A": ["1.5"]}


def test_a_title_row_before_the_header() -> None:
    table = one("Table 3: cost of blocks,,\nModel,Params (M),FLOPs (G)\nA,1.5,2.5\n")
    assert (table.title, figures(table)) == ("Table 3: cost of blocks", {"A": ["1.5", "2.5"]})


def test_two_header_rows() -> None:
    table = one(
        ",ResNet-50,,ResNet-101,\nMethod,#P (M),FLOPs (G),#P (M),FLOPs (G)\nSE,28.1,3.9,49.3,7.6\n"
    )
    assert [c.title for c in table.columns] == [
        "ResNet-50 / #P (M)",
        "ResNet-50 / FLOPs (G)",
        "ResNet-101 / #P (M)",
        "ResNet-101 / FLOPs (G)",
    ]
    assert figures(table) == {"SE": ["28.1", "3.9", "49.3", "7.6"]}


def test_quantities_over_networks_and_a_row_of_units() -> None:
    table = one("Method,GFLOPs,,Acc\n,R50,R101,R50\nSE,3.9,7.6,77\n")
    assert [c.title for c in table.columns] == ["GFLOPs / R50", "GFLOPs / R101"]
    assert [c.is_doubtful for c in table.columns] == [
        "",
        "a part of its title is from the column to its left",
    ]
    table = one("Method,Params,FLOPs,Top-1\n,(M),(G),(%)\nSE,28.1,3.9,77\n")
    assert [c.title for c in table.columns] == ["Params (M)", "FLOPs (G)"]
    assert units(table) == [1e6, 1e9]


def test_sections_and_empty_names() -> None:
    table = one(
        "Backbone,Method,Params (M)\nOn ImageNet,,\nResNet-50,SE,28.1\n,CBAM,28.2\nR101,–,44.5\n"
        "Others,,\nVGG,SE,138\n"
    )
    assert [(row.section, row.name) for row in table.rows] == [
        ("On ImageNet / ResNet-50", "SE"),
        ("On ImageNet / ResNet-50", "CBAM"),
        ("On ImageNet", "R101"),
        ("Others", "VGG + SE"),
    ]


def test_an_empty_name_is_no_other_network() -> None:
    table = one("Model,Params (M)\nA,1.5\n,2.5\n")
    assert [(row.section, row.name) for row in table.rows] == [("", "A"), ("A", "")]
    assert table.notes == ("line 3 has no name",)


def test_input_sizes_and_classes() -> None:
    table = one(
        "Model,Input,#Classes,Params (M)\nA,224,10,1\nB,320x256,1k,2\nC,3×224×224,–,3\nD,384²,,4\n"
    )
    assert [(row.input_size, row.num_classes) for row in table.rows] == [
        ((224, 224), 10),
        ((320, 256), 1000),
        ((224, 224), None),
        ((384, 384), None),
    ]


def test_doubts_add_up_and_sizes_of_files_are_no_inputs() -> None:
    table = one("Model,Size,Params,FLOPs@224,Test size\nA,97.8,25.6M,4089184256,256\n")
    assert [column.is_doubtful for column in table.columns] == [
        "",
        "“@224” in its title is not understood; its unit is not given",
    ]
    assert table.rows[0].input_size == (256, 256)


def test_rows_that_only_a_column_that_is_left_out_tells_apart() -> None:
    table = one("Model,r,Params (M)\nSE,16,28.1\nSE,8,30.6\n")
    assert table.left_out == ("r",)
    assert table.notes == ("several rows have the same name and different figures: SE",)


def test_markup_of_markdown() -> None:
    first, second = read_tables(
        "# Results\n\n## Table 2. Cost\n\n"
        "| Model | Params<br>(M) | FLOPs (G) |\n|:--|--:|:-:|\n"
        "| **[ResNet-50](https://example.org/a_(b))** <sup>†</sup> | **25.6** | ~4.1 |\n"
        "| `r50` \\| _SE_ | 28.1<sup>2</sup> | $3.9 \\times 10^9$ |\n"
        "\nSome text | with a bar\n\n"
        "Model | MACs\n--- | ---\nresnext50_32x4d | 4.2 G\n",
        "readme.md",
    )
    assert first.title == "Table 2. Cost"
    assert figures(first)["r50 | SE"] == ["28.1", "3.9"]
    assert next(iter(figures(first).values())) == ["25.6", "4.1"]
    assert first.columns[0].title == "Params (M)"
    assert figures(second) == {"resnext50_32x4d": ["4.2"]}
    assert [row.line for row in (*first.rows, *second.rows)] == [7, 8, 14]


def test_tables_below_one_another() -> None:
    first, second = read_tables(
        "Model,Params (M)\nA,1\n\nModel,FLOPs (G)\nB,2\n\nModel,FLOPs (G)\nC,3\n", "t.csv"
    )
    assert (figures(first), figures(second)) == ({"A": ["1"]}, {"B": ["2"], "C": ["3"]})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("only words", "no table"),
        ("Model,Params (M)\n,A%\n", "no column of parameters or FLOPs"),
        ("Model,Top-1\nA,76\n", "“Model | Top-1”"),
        ("ResNet-50,25.6,4.1\nResNet-101,44.5,7.8\n", "“ResNet-50 | 25.6 | 4.1”"),
        ("Name,A,B\nParams (M),1.5,2.5\nFLOPs (G),1,2\n", "rows, not its columns"),
        ("Params,FLOPs\n1,2\n3,4\n", "no column names the networks"),
        ("\x00\x01\x02", "not text"),
        ("x" * 2_500_000, "million characters"),
        ('Model,Params\n"A,1\nB,2\n', "cannot be read"),
        ("Model,Params\n" + "," * 300, "more than 200 columns"),
    ],
)
def test_what_is_no_table_is_an_error(text: str, message: str) -> None:
    with pytest.raises(SrbenchError, match=re.escape(message)) as caught:
        read_tables(text, "t.csv")
    assert caught.value.hint
    assert len(caught.value.message) < 250


def test_the_error_shows_which_titles_are_recognised() -> None:
    with pytest.raises(SrbenchError) as caught:
        read_tables("Model,Top-1\nA,76\n", "t.csv")
    assert "Params (M)" in caught.value.hint


NAMES = st.from_regex(r"[A-Z][a-z]{2,6}-[1-9][0-9]{0,2}( \+ (SE|CBAM))?", fullmatch=True)
NUMBERS = st.one_of(
    st.decimals(0, 999, places=2).map(str),
    st.sampled_from(["–", "25.6M", "≈4.1", "<5", "4.1 (+0.2)", "n/a", "4,089,184", "1.5e6"]),
)
ROWS = st.lists(st.tuples(NAMES, NUMBERS, NUMBERS, NUMBERS), min_size=1, max_size=6)
HEADER = ("Model", "Params", "FLOPs (G)", "Top-1")


def as_csv(rows: list[tuple[str, ...]]) -> str:
    return "".join(",".join(f'"{cell}"' for cell in row) + "\n" for row in rows)


def as_markdown(rows: list[tuple[str, ...]]) -> str:
    first, *others = ["| " + " | ".join(row) + " |\n" for row in rows]
    return first + "|---" * len(rows[0]) + "|\n" + "".join(others)


def as_latex(rows: list[tuple[str, ...]]) -> str:
    lines = [" & ".join(row) + " \\\\\n" for row in rows]
    body = "".join(lines).replace("≈", r"$\approx$").replace("–", "--").replace("<", "$<$")
    return f"\\begin{{tabular}}{{lccc}}\n{body}\\end{{tabular}}\n"


@given(ROWS)
def test_a_table_is_the_same_in_each_format(rows: list[tuple[str, ...]]) -> None:
    whole = [HEADER, *rows]
    csv, markdown, latex = (one(write(whole), "t") for write in (as_csv, as_markdown, as_latex))
    shown = [
        [(row.name, [(c.number, c.problem) for c in row.cells]) for row in table.rows]
        for table in (csv, markdown, latex)
    ]
    assert shown[0] == shown[1] == shown[2]
    assert csv.columns == markdown.columns == latex.columns
    assert len(csv.rows) == len(rows)


WORDS = r"""Model Params FLOPs (M) , ; | |---|---| & \\ \hline { } $ ^ _ ~ \begin{tabular}{l}
    \end{tabular} \multirow{2}{*}{ \multicolumn{3}{c}{ \textbf \foo [ ] " ' # % 25.6 4,1 -1 <b> ** `
    × 10⁹ \ \caption{ \begin{table} \end{table} \endhead \verb"""
PIECES = st.sampled_from(
    [*WORDS.split(), "\n", "\t", " ", "\r\n", "\\\\\n", "|---|---|\n", "Model,Params (M)\n"]
)


@settings(max_examples=300)
@given(
    st.one_of(st.text(), st.lists(PIECES, max_size=60).map("".join)),
    st.sampled_from(["t.csv", "t.md", "t.tex", "-"]),
)
def test_no_text_raises_anything_else(text: str, name: str) -> None:
    for start in ("", "Model,Params (M)\n", "|Model|FLOPs|\n|-|-|\n", "Model & Params \\\\\n"):
        try:
            tables = read_tables(start + text, name)
        except SrbenchError:
            continue
        for table in tables:
            assert table.columns
            assert all(len(row.cells) == len(table.columns) for row in table.rows)


def test_ten_thousand_rows() -> None:
    rows = [("Model", "Params (M)"), *((f"net{i}", f"{i}.5") for i in range(10_000))]
    for write in (as_csv, as_markdown, as_latex):
        assert len(one(write(rows)).rows) == 10_000


@pytest.mark.parametrize(
    ("title", "unit"),
    [
        ("ResNet-101 GFLOPs", 1e9),
        ("ResNet-101 Params", None),
        ("ResNet-102 Params (M)", 1e6),
        ("FLOPs (10^8)", 1e8),
        ("FLOPs (×10⁸)", 1e8),
        ("FLOPs (×10^{9})", 1e9),
        ("Params (106)", 1e6),
        ("Params (2²⁰)", 2.0**20),
    ],
)
def test_the_depth_in_a_title_is_no_power_of_ten(title: str, unit: float | None) -> None:
    (table,) = read_tables(f"Model;{title}\nResNet-18;1.0\n", "t.csv")
    assert units(table) == [unit]
