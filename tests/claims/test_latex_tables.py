"""Tables of papers in LaTeX: spans, commands, captions and comments."""

import re

import pytest

from srbench.claims.paper import PaperTable
from srbench.claims.reading import read_tables
from srbench.claims.reading.latex_markup import plain_text
from srbench.errors import SrbenchError

FLOAT = r"""
Some text % with a comment & an ampersand \\
\begin{table}[t]
  \centering
  \caption[short]{Cost of blocks~\cite{x}. All parameters are in millions.}
  \begin{tabular*}{\textwidth}{l@{\extracolsep{\fill}}l|cc|cc}
    \toprule
    \multirow{2}{*}{Backbone} & \multirow{2}{*}{Block} & \multicolumn{2}{c|}{ImageNet} &
      \multicolumn{2}{c}{CIFAR~\cite{kri}} \\
    \cmidrule(lr){3-4} \cmidrule(lr){5-6}
    & & \#Params & FLOPs (G) & \#Params & GFLOPs$^\dagger$ \\
    \midrule
    \multirow{2}{*}{ResNet-50} & SE~\cite{hu} & 28{.}09 & \textbf{3.86} % a comment
       & 23.5 & 1.3 \\[2pt]
    & CBAM & \underline{28.09} & $\mathbf{3.864}$ & \num{23.52} & \SI{1.31}{\giga\flop} \\ \hline
    \rowcolor{gray!20} \multicolumn{6}{l}{\textit{Ours}} \\
    \rowcolor{gray!20} ResNet\_X & ECA & 25.56\,M & \cellcolor{red!5}{3.86} &
      $\approx$23.5\tnote{a} & -- \\
    VGG & -- & $<$\,140 & $15.5 \times 10^{9}$ & \multicolumn{2}{c}{7.1} \\
    \bottomrule
  \end{tabular*}
\end{table}
"""


def one(text: str) -> PaperTable:
    (table,) = read_tables(text, "paper.tex")
    return table


def digits(table: PaperTable) -> list[list[str]]:
    return [[c.number.digits if c.number else c.problem for c in row.cells] for row in table.rows]


def test_a_float_with_spans() -> None:
    table = one(FLOAT)
    assert table.title == "Cost of blocks. All parameters are in millions."
    assert [(c.title, c.unit, c.is_doubtful) for c in table.columns] == [
        ("ImageNet / #Params", 1e6, "its unit is from the caption"),
        ("ImageNet / FLOPs (G)", 1e9, ""),
        ("CIFAR / #Params", 1e6, "its unit is from the caption"),
        ("CIFAR / GFLOPs", 1e9, ""),
    ]
    assert [(row.section, row.name, row.line) for row in table.rows] == [
        ("ResNet-50", "SE", 13),
        ("ResNet-50", "CBAM", 15),
        ("Ours", "ResNet_X + ECA", 17),
        ("Ours", "VGG", 19),
    ]
    assert digits(table) == [
        ["28.09", "3.86", "23.5", "1.3"],
        ["28.09", "3.864", "23.52", "1.31"],
        ["25.56", "3.86", "23.5", ""],
        ["it is a bound, not a figure", "15.5", *["it stands for several columns"] * 2],
    ]
    approximate = table.rows[2].cells[2].number
    assert approximate
    assert approximate.is_approximate


def test_a_longtable_repeats_its_header() -> None:
    table = one(
        r"""\begin{longtable}{lcc}
        \caption{Many networks} \\
        \toprule Model & Params & FLOPs \\ & (M) & (G) \\ \midrule \endfirsthead
        \toprule Model & Params & FLOPs \\ \midrule \endhead
        \multicolumn{3}{c}{continued on the next page} \\ \endfoot \bottomrule \endlastfoot
        A & 1.5 & 2.5 \\
        B & 2.0 & \multicolumn{1}{c}{--} \\
        \end{longtable}"""
    )
    assert (table.title, [c.unit for c in table.columns]) == ("Many networks", [1e6, 1e9])
    assert digits(table) == [["1.5", "2.5"], ["2.0", ""]]


def test_several_tables_with_their_captions() -> None:
    rows = r"\begin{tabularx}{3cm}{lX} Model & Params (M) \\ \hline %s & 1.5 \\ \end{tabularx}"
    text = "".join(
        rf"\begin{{table}} {rows % name} \caption{{Table of {name}}} \end{{table}}" for name in "AB"
    )
    first, second = read_tables(text, "paper.tex")
    assert (first.title, second.title) == ("Table of A", "Table of B")
    assert (first.rows[0].name, second.rows[0].name) == ("A", "B")


def test_a_title_on_two_lines_of_a_cell() -> None:
    table = one(
        r"""\begin{tabular}{@{}lcc@{}}
        Network & \begin{tabular}[c]{@{}c@{}}Params\\ (M)\end{tabular} &
        \makecell{FLOPs\\($\times 10^9$)} \\
        \hline R\&D $(2{+}1)$ & 3 & 4 \\ \end{tabular}"""
    )
    assert [(c.title, c.unit) for c in table.columns] == [
        ("Params (M)", 1e6),
        ("FLOPs (× 10⁹)", 1e9),
    ]
    assert table.rows[0].name == "R&D (2+1)"


def test_rows_alone() -> None:
    table = one("Model & Params (M) & MACs (G) \\\\\nResNet & 25.6 & 4.1 \\\\\n")
    assert digits(table) == [["25.6", "4.1"]]


def test_a_name_over_several_rows_upwards() -> None:
    table = one(
        r"""Backbone & Block & Params (M) \\ \hline
        & SE & 1 \\ \multirow{-2}{*}{R50} & CBAM & 2 \\"""
    )
    assert [(row.section, row.name) for row in table.rows] == [("R50", "SE"), ("R50", "CBAM")]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (r"\textbf{\underline{25.6}}", "25.6"),
        (r"{\bf 25.6}", "25.6"),
        (r"\textcolor{red}{25.6}", "25.6"),
        (r"$25.6^{*}$", "25.6"),
        (r"25.6\textsuperscript{1,2}", "25.6"),
        (r"25.6$^{\ddagger}$\footnote{In \textbf{millions}.}", "25.6"),
        (r"25{,}557", "25,557"),
        (r"$25.6_{\pm 0.1}$", "25.6 (± 0.1)"),
        (r"$25_6$", "25₆"),
        (r"98\%", "98%"),
        (r"\best{25.6}", "25.6"),
        (r"25\best{6}", r"25\best{6}"),
        (r"\two{4.1}{9}", r"\two{4.1}9"),
        (r"\ours", r"\ours"),
        (r"\SI\em {25.6}{M}", "25.6M"),
        (r"\emph {a}  b" + "\n c", "a b c"),
        (r"\href{https://a.b/c_d}{SE}", "SE"),
    ],
)
def test_what_latex_prints(source: str, text: str) -> None:
    assert plain_text(source) == text


def test_deep_braces_are_an_error() -> None:
    with pytest.raises(SrbenchError, match="nested too deeply"):
        read_tables(f"Model & Params {'{' * 5000} \\\\ A & 1 \\\\" + "}" * 5000, "paper.tex")


def test_an_unknown_header_is_shown() -> None:
    with pytest.raises(SrbenchError, match=re.escape("“Model | Top-1”")):
        read_tables(r"\begin{tabular}{lc} Model & Top-1 \\ A & 76 \\ \end{tabular}", "p.tex")
