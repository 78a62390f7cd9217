"""What every renderer writes for one table, byte for byte, and for malicious names."""

import csv
import io
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from rich.console import Console

from srbench.records.overhead import Overhead
from srbench.records.printable import printable
from srbench.records.timing import Estimate
from srbench.report.formats import FORMATS, SUFFIXES, Report, csv_json, latex, markdown, text
from srbench.report.table import Column, Table

TABLE = Table(
    name="nets",
    columns=(
        Column("Model", "name"),
        Column("Params", "count", "Params"),
        Column("Δ", "delta", "Params"),
        Column("Δ %", "percent", "Params"),
        Column("MACs", "count", "MACs"),
        Column("Δ", "delta", "MACs"),
    ),
    rows=(
        ("net", 25_557_032, None, None, 4_089_184_256, None),
        ("net+sr", 26_566_451, 1_009_419, 3.949672, 4_089_184_256, 0),
        ("tiny", 11_689_512, None, None, 1_814_073_344, None),
        ("tiny+cut", 11_689_511, -1, -0.0000086, 1_814_073_343, -1),
        ("tiny+bad", None, None, None, None, None),
    ),
    caption="Two networks.",
    notes=("One note.", "Another."),
    sections=frozenset({2}),
)

TEXT = """\
Model          Params            Δ         Δ %            MACs    Δ
───────────────────────────────────────────────────────────────────
net        25,557,032            –           –   4,089,184,256    –
net+sr     26,566,451   +1,009,419   +3.949672   4,089,184,256    0

tiny       11,689,512            –           –   1,814,073,344    –
tiny+cut   11,689,511           -1   -0.000009   1,814,073,343   -1
tiny+bad            –            –           –               –    –

One note.
Another.
"""

MARKDOWN = """\
Two networks.

| Model | Params (M) | Δ | Δ % | MACs (G) | Δ |
| :--- | ---: | ---: | ---: | ---: | ---: |
| net | 25.56 | – | – | 4.089 | – |
| net+sr | 26.57 | +1,009,419 | +3.949672 | 4.089 | 0 |
| tiny | 11.69 | – | – | 1.814 | – |
| tiny+cut | 11.69 | -1 | -0.000009 | 1.814 | -1 |
| tiny+bad | – | – | – | – | – |

- One note.
- Another.
"""

LATEX = r"""% needs \usepackage{booktabs,graphicx}
\begin{table}[t]
  \centering\small\setlength{\tabcolsep}{4pt}
  \setlength{\belowcaptionskip}{5pt}
  \caption{Two networks.}\label{tab:srbench-nets}
  \resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%
  \begin{tabular}{lrrrrr}
    \toprule
     & \multicolumn{3}{c}{Params} & \multicolumn{2}{c}{MACs} \\
    \cmidrule(lr){2-4} \cmidrule(lr){5-6}
    Model & M & $\Delta$ & $\Delta$ \% & G & $\Delta$ \\
    \midrule
    net & 25.56 & -- & -- & 4.089 & -- \\
    net+sr & 26.57 & +1,009,419 & +3.949672 & 4.089 & 0 \\
    \midrule
    tiny & 11.69 & -- & -- & 1.814 & -- \\
    tiny+cut & 11.69 & $-$1 & $-$0.000009 & 1.814 & $-$1 \\
    tiny+bad & -- & -- & -- & -- & -- \\
    \bottomrule
  \end{tabular}}
  \par\smallskip\begin{minipage}{\linewidth}\footnotesize\raggedright
    One note.\par
    Another.\par
  \end{minipage}
\end{table}
"""


@pytest.mark.parametrize(
    ("render", "expected"),
    [(text.render, TEXT), (markdown.render, MARKDOWN), (latex.render, LATEX)],
)
def test_each_renderer_writes_the_expected_text(render: object, expected: str) -> None:
    assert render(TABLE) == expected


def narrow(width: int) -> str:
    return text.render(TABLE, Console(file=io.StringIO(), width=width, color_system=None))


def test_a_narrow_terminal_gets_one_table_per_group() -> None:
    shown = narrow(50)
    assert max(len(line) for line in shown.splitlines()) <= 50
    assert shown.count("Model") == 2
    for whole in ("26,566,451", "+1,009,419", "4,089,184,256"):
        assert whole in shown


def test_digits_are_never_cut() -> None:
    shown = narrow(20)
    for whole in ("26,566,451", "+1,009,419", "-0.000009", "1,814,073,343"):
        assert whole in shown
    assert "…" not in shown


NASTY = [
    r"a_b & 50% of #1 $x$ ~ ^ {c} \input{d}",
    "a|b *c* `d` [e](f) <g>",
    "=cmd()",
    "+1+1",
    "-2",
    "@x",
    "\tx",
    "line\nbreak",
    "[bold]x[/bold]",
    "\r=1+1",
    " =1+1",
    "\u00a0=1+1",
    "\u200b=1+1",
    "\x85\t=1+1",
    "\uff1d1+1",
    '"quoted" --time-budget 9 ---',
    "``a'' ,,b'' ?`c !`d",
    "Größe, Gro\u0308ße, naïve, Łódź, İstanbul, 50 €, “x” … ½",
    "ĄąĘęĐđÐðÞþ «a» \u2039b\u203a „c‟ \u201ad\u201b \u02db ēĉŵ",
    "网络 сеть δίκτυο 🙂 Ħ ≤ 3 → x\u0301",
]


def nasty_table(name: str) -> Table:
    return Table(
        "nasty", (Column("Model", "name"), Column("N", "count")), ((name, 1),), name, (name,)
    )


@pytest.mark.parametrize("name", NASTY)
def test_markdown_keeps_the_number_of_cells(name: str) -> None:
    row = markdown.render(nasty_table(name)).splitlines()[4]
    unescaped = row.replace(r"\\", "").replace(r"\|", "")
    assert unescaped.count("|") == 3


@pytest.mark.parametrize("name", NASTY)
def test_text_shows_the_name_in_printable_form(name: str) -> None:
    assert printable(name) in text.render(nasty_table(name))


@pytest.mark.parametrize("name", NASTY)
def test_csv_round_trips_and_runs_no_formula(name: str) -> None:
    written = csv_json.to_csv(
        Report((), ["spec", "delta", "nothing"], [{"spec": name, "delta": -5}])
    )
    (row,) = csv.DictReader(io.StringIO(written))
    assert row["spec"].removeprefix("'") == printable(name)
    assert row["spec"].lstrip()[0] not in "=+-@\t\r\uff1d"
    assert row["delta"] == "-5"
    assert row["nothing"] == ""


@pytest.mark.parametrize("name", NASTY)
def test_json_round_trips(name: str) -> None:
    rows = [{"spec": name, "n": 2**60 + 1}]
    assert json.loads(csv_json.to_json(Report((), (), (), rows))) == rows


def test_latex_escapes_every_command() -> None:
    assert latex.escaped(NASTY[0]) == (
        r"a\_b \& 50\% of \#1 \$x\$ \textasciitilde{} \textasciicircum{} \{c\} "
        r"\textbackslash{}input\{d\}"
    )


def test_latex_keeps_characters_apart_that_fonts_join() -> None:
    assert latex.escaped("--a --- ``b'' ?`") == "-{}-a -{}-{}- `{}`b'{}' ?{}`"
    assert latex.escaped("9 – 20") == "9 -- 20"


def test_latex_names_the_letters_that_pdflatex_does_not_know() -> None:
    assert latex.escaped("Größe, Gro\u0308ße, Łódź") == "Größe, Größe, Łódź"
    assert latex.escaped("ą") == r"\ifdefined\Umathcode ą\else U+0105\fi\allowbreak{}", (
        "it needs T1 fonts"
    )
    assert latex.escaped("a网") == r"a\ifdefined\Umathcode 网\else U+7F51\fi\allowbreak{}"


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no LaTeX here")
@pytest.mark.parametrize("fonts", ["", r"\usepackage[T1]{fontenc}"])
def test_latex_compiles_and_fits_the_line(fonts: str, tmp_path: Path) -> None:
    tables = [TABLE, *(nasty_table(name) for name in NASTY)]
    wide = Table("wide", TABLE.columns * 3, tuple(row * 3 for row in TABLE.rows), "Wide.")
    body = "\n".join(latex.render(table) for table in [*tables, wide])
    (tmp_path / "t.tex").write_text(
        f"\\documentclass{{article}}{fonts}\\usepackage{{booktabs,graphicx}}"
        f"\\begin{{document}}{body}\\end{{document}}"
    )
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "t.tex"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        errors="replace",
    )
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Overfull" not in done.stdout


OVERHEADS = Table(
    "o",
    (Column("M", "name"), Column("O %", "overhead"), Column("R %", "ratio")),
    tuple(
        (name, Overhead(ratio, 0.01), ratio)
        for name, ratio in (
            ("wide", Estimate(1.02, 0.717, 1.661, 9)),
            ("narrow", Estimate(1.001, 0.995, 1.004, 9)),
            ("slower", Estimate(1.1, 1.05, 1.3, 9)),
            ("few", Estimate(1.1, n=5)),
        )
    ),
)


@pytest.mark.parametrize(
    ("form", "cells"),
    [
        ("text", ("undecided [-28.3, +66.1]", "none [-0.5, +0.4]", "+10.0 [+5.0", "+10.0 (n=5)")),
        ("markdown", (r"undecided \[-28.3, +66.1\]", r"none \[-0.5, +0.4\]", "| +10.0 (n=5) |")),
        ("latex", ("undecided {[}$-$28.3, +66.1]", "none {[}$-$0.5, +0.4]", "& +10.0 (n=5) ")),
        ("html", (">undecided [-28.3, +66.1]<", ">none [-0.5, +0.4]<", ">+10.0 (n=5)<")),
    ],
)
def test_an_undecided_overhead_is_not_written_as_none(form: str, cells: tuple[str, ...]) -> None:
    rendered = FORMATS[form](Report((OVERHEADS,), (), ()))
    for cell in cells:
        assert cell in rendered
    assert "+2.0 " in rendered, "a ratio keeps its value"
    assert rendered.count("undecided") == 1


def test_every_format_can_write_an_empty_report() -> None:
    empty = Report((Table("empty", (Column("A", "name"),), ()),), ["a"], [], [])
    for form, render in FORMATS.items():
        assert isinstance(render(empty), str), form


def test_every_format_has_a_suffix() -> None:
    assert set(SUFFIXES.values()) == set(FORMATS)


def test_a_wide_table_without_groups_is_split_into_parts() -> None:
    """Each part has the names and as many columns as fit; every cell is there once, unbroken."""
    columns = (
        Column("Model", "name"),
        Column("Pass", "name"),
        *(Column(f"C{i}") for i in range(9)),
    )
    rows = tuple((f"resnet{n}", "train", *(f"{n}{i}" * 4 for i in range(9))) for n in range(3))
    table = Table("wide", columns, rows, notes=("A note.",))
    shown = text.render(table, Console(file=io.StringIO(), width=60, color_system=None))
    *parts, notes = shown.rstrip().split("\n\n")
    assert notes == "A note."
    assert len(parts) > 1
    assert max(map(len, shown.splitlines())) <= 60
    for part in parts:
        assert [line.split()[:2] for line in part.splitlines()[2:]] == [list(r[:2]) for r in rows]
    cells = [word for part in parts for line in part.splitlines()[2:] for word in line.split()[2:]]
    assert sorted(cells) == sorted(cell for row in rows for cell in row[2:])
