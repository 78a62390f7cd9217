"""LaTeX with booktabs, ready to be put into a paper."""

import re
import unicodedata
from itertools import groupby, pairwise

from srbench.report.ranks import Rank, notes, ranks
from srbench.report.table import Column, Table, written

_MARKS = {None: "%s", Rank.BEST: r"\textbf{%s}", Rank.SECOND: r"\underline{%s}"}

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "_": r"\_",
    "&": r"\&",
    "%": r"\%",
    "#": r"\#",
    "$": r"\$",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "[": "{[}",  # at the start of a row it would be an argument of the row before
    '"': r"\texttt{\char34}",  # in the usual fonts, 34 is a closing quotation mark
    "µ": r"\textmu{}",
    "Δ": r"$\Delta$",
    "×": r"$\times$",
    "–": "--",
    "−": "$-$",
}

# Two characters that the usual fonts print as one.
_LIGATURES = {"--", "''", "``", ",,", "?`", "!`"}

# pdfLaTeX prints their characters with and without T1 fonts, but for those that need T1.
_PDFLATEX_PRINTS = ("cp1252", "cp1250", "cp1254")
_NEEDS_T1 = frozenset("«»ÐÞðþĄąĐđĘę\u02db\u201a„\u2039\u203a")


def render(table: Table) -> str:
    """A table environment: caption, label, grouped headings, rows and notes.

    It spans both columns of a two-column paper, and is scaled down where it is wider than that.
    Needs the packages booktabs and graphicx.
    """
    titles, rows = written(table, scaled=True)
    lines = [
        "% needs \\usepackage{booktabs,graphicx}",
        r"\begin{table*}[t]",
        r"  \centering\small\setlength{\tabcolsep}{4pt}",
        f"  \\caption{{{escaped(table.caption)}}}\\label{{tab:srbench-{table.name}}}",
        r"  \resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
        f"  \\begin{{tabular}}{{{_alignment(table)}}}",
        r"    \toprule",
        *_heading(table, titles),
        r"    \midrule",
        *_body(table, rows),
        r"    \bottomrule",
        r"  \end{tabular}}",
        *_notes(table),
        r"\end{table*}",
    ]
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """The text with LaTeX's commands and ligatures escaped.

    XeLaTeX and LuaLaTeX print every letter. pdfLaTeX would stop at a letter that it does not know,
    or knows only with T1 fonts: there the code point is printed instead.
    """
    plain = unicodedata.normalize("NFC", " ".join(text.split()))
    return "".join(
        "{}" * (before + c in _LIGATURES) + _character(c) for before, c in pairwise(f" {plain}")
    )


def _character(c: str) -> str:
    if c in _SPECIAL:
        return _SPECIAL[c]
    if c not in _NEEDS_T1 and any(c.encode(page, "ignore") for page in _PDFLATEX_PRINTS):
        return c
    return f"\\ifdefined\\Umathcode {c}\\else U+{ord(c):04X}\\fi\\allowbreak{{}}"


def _cell(text: str, column: Column) -> str:
    if not column.is_number:
        return escaped(text)
    return re.sub(r"-(?=\d)", "$-$", escaped(text))


def _alignment(table: Table) -> str:
    return "".join("r" if column.is_number else "l" for column in table.columns)


def _heading(table: Table, titles: list[str]) -> list[str]:
    """One line of titles, below a line of group names where a group has several columns.

    A group's first column does not repeat the name: often only its unit is left.
    """
    above: list[str] = []
    rules: list[str] = []
    below = [escaped(title) for title in titles]
    for group, members in groupby(range(len(titles)), key=lambda i: table.columns[i].group):
        indices = list(members)
        first, last = indices[0], indices[-1]
        if not group or first == last:
            above += ["" for _ in indices]
            continue
        above.append(f"\\multicolumn{{{len(indices)}}}{{c}}{{{escaped(group)}}}")
        rules.append(f"\\cmidrule(lr){{{first + 1}-{last + 1}}}")
        below[first] = escaped(_below(group, titles[first]))
    if not rules:
        return [f"    {_line(below)}"]
    return [f"    {_line(above)}", f"    {' '.join(rules)}", f"    {_line(below)}"]


def _below(group: str, title: str) -> str:
    rest = title.removeprefix(group).strip()
    return rest.strip("()") if rest.startswith("(") else rest


def _body(table: Table, rows: list[list[str]]) -> list[str]:
    """The rows, with a rule between the table's sections."""
    lines = []
    marks = ranks(table)
    for index, row in enumerate(rows):
        if index in table.sections:
            lines.append(r"    \midrule")
        cells = map(_cell, row, table.columns)
        marked = [_MARKS[marks.get((index, c))] % cell for c, cell in enumerate(cells)]
        lines.append(f"    {_line(marked)}")
    return lines


def _line(cells: list[str]) -> str:
    return " & ".join(cells) + r" \\"


def _notes(table: Table) -> list[str]:
    said = notes(table)
    if not said:
        return []
    return [
        r"  \par\smallskip\begin{minipage}{\linewidth}\footnotesize\raggedright",
        *(f"    {escaped(note)}\\par" for note in said),
        r"  \end{minipage}",
    ]
