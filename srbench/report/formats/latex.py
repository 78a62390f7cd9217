"""LaTeX with booktabs, ready to be put into a paper."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

from srbench.report.cells import written
from srbench.report.formats.latex_text import escaped
from srbench.report.labels import Label, Name, titles_of
from srbench.report.paper_styles import STYLES, width
from srbench.report.ranks import Rank, notes, ranks, shown_notes
from srbench.report.table import MARK, Column, Hint, Table

_MARKS = {None: "%s", Rank.BEST: r"\textbf{%s}", Rank.SECOND: r"\underline{%s}"}
# Columns whose cells are single numbers, which siunitx can align.
_SINGLE: tuple[Hint, ...] = (
    *("count", "integer", "delta", "short_delta", "percent", "seconds", "rate", "bytes"),
)
_NUMBER = re.compile(r"([+-]?)([\d,]+)(?:\.(\d+))?")
# In text, siunitx takes the minus of a font that may be there as bitmaps alone.
_MINUS = r"\def\textminus{\ensuremath{-}}"
SQUEEZED = 1.04  # of a column's width: a little more is scaled down to fit into it
_SIUNITX = (
    # All that a paper may have set otherwise, and that would change what is printed.
    "mode=text,round-mode=none,exponent-mode=input,output-decimal-marker={.},"
    "print-implicit-plus=false,retain-explicit-plus,input-ignore={,},"
    "group-digits=integer,group-separator={,},group-minimum-digits=4"
)


def render(table: Table) -> str:
    """A table environment: caption, label, grouped headings, rows and notes.

    It spans both columns of a two-column paper where it is too wide for one, and is scaled down
    where it is wider still. Its first line names the packages that it needs. Notes that its look
    leaves out follow as comments.
    """
    return "\n".join(_Latex(table).lines()) + "\n"


def prose(words: Sequence[str]) -> list[str]:
    """Sentences as LaTeX."""
    text = _with_minus(escaped(" ".join(words)))
    return [re.sub(r"(?<=\d) \\%", r"~\\%", text)] if words else []


class _Latex:
    """A table, and what several of its lines depend on."""

    def __init__(self, table: Table) -> None:
        self.look, self.style = table.look, STYLES[table.look.style]
        self.is_multirow = table.look.group == "multirow" and bool(table.headings)
        self.headings = {} if self.is_multirow else dict(table.headings)
        self.spans = _spans(table) if self.is_multirow else {}
        self.table = table.with_headings_as_column() if self.is_multirow else table
        self.titles, self.rows = written(self.table, scaled=True)
        self.ranks = ranks(self.table)
        self.aligned = [self._digits(number) for number in range(len(self.titles))]

    def lines(self) -> Iterator[str]:
        """The lines of the environment, and comments below it."""
        kind = "table*" if self._is_wide() else "table"
        label = self.look.label or f"tab:srbench-{self.table.name}"
        packages = ",".join(["booktabs", "graphicx", *(["multirow"] if self.is_multirow else [])])
        also = ", and aligns numbers with siunitx" if any(self.aligned) else ""
        yield f"% needs \\usepackage{{{packages}}}{also}"
        yield f"\\begin{{{kind}}}[{self.look.position or 't'}]"
        yield f"  \\centering{self.style.size}\\setlength{{\\tabcolsep}}{{{self.style.gap:g}pt}}"
        if self.style.below_caption:
            yield f"  \\setlength{{\\belowcaptionskip}}{{{self.style.below_caption:g}pt}}"
        yield f"  \\caption{{{self._text(self.table.caption)}}}\\label{{{label}}}"
        yield from self._tabular()
        yield from self._notes()
        yield f"\\end{{{kind}}}"
        yield from self._comments()

    def _tabular(self) -> Iterator[str]:
        """The tabular, with aligned numbers where the paper has loaded siunitx."""
        plain = "".join("r" if column.is_number else "l" for column in self.table.columns)
        if any(self.aligned):
            pairs = zip(plain, self.aligned, strict=True)
            aligned = "".join(f"S[table-format={digits}]" if digits else p for p, digits in pairs)
            yield f"  \\def\\srbenchcolumns{{{plain}}}%"
            yield (
                f"  \\ifdefined\\sisetup\\sisetup{{{_SIUNITX}}}{_MINUS}"
                f"\\def\\srbenchcolumns{{{aligned}}}\\fi"
            )
            begin, end = r"\expandafter\tabular\expandafter{\srbenchcolumns}", r"\endtabular"
        else:
            begin, end = f"\\begin{{tabular}}{{{plain}}}", r"\end{tabular}"
        yield r"  \resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%"
        yield f"  {begin}"
        yield r"    \toprule"
        yield from self._heading()
        yield r"    \midrule"
        yield from self._body()
        yield r"    \bottomrule"
        yield f"  {end}}}"

    def _is_wide(self) -> bool:
        """Whether it spans both columns: as asked for, or if it is too wide for one."""
        if self.look.wide is not None:
            return self.look.wide
        heads = [_below(c, t) for c, t in zip(self.table.columns, self.titles, strict=True)]
        columns = zip(heads, *self.rows, strict=True)
        widest = [max(width(text, self.style.points) for text in texts) for texts in columns]
        total = sum(widest) + 2 * self.style.gap * len(widest)
        return self.style.column * SQUEEZED < min(total, self.style.text)

    def _digits(self, number: int) -> str:
        """The digits of a column that siunitx aligns, such as ``+2.3``; empty for other columns.

        A column with ranks is not aligned: its marks are no part of a number.
        """
        is_ranked = any(column == number for _, column in self.ranks)
        if not self.style.aligns or is_ranked or self.table.columns[number].hint not in _SINGLE:
            return ""
        found = [m for row in self.rows if (m := _NUMBER.fullmatch(row[number]))]
        if not found:
            return ""
        sign = next((m[1] for m in found if m[1]), "")
        before = max(len(m[2].replace(",", "")) for m in found)
        return f"{sign}{before}.{max(len(m[3] or '') for m in found)}"

    def _heading(self) -> Iterator[str]:
        """One line of titles, below a line of group names where a group has several columns.

        A group's first column does not repeat the name: often only its unit is left.
        """
        above: list[str] = []
        rules: list[str] = []
        below: list[str] = []
        for group, members in groupby(
            range(len(self.titles)), key=lambda i: self.table.columns[i].group
        ):
            indices = list(members)
            first, last = indices[0], indices[-1]
            is_alone = not group or first == last
            below += [self._title(i, is_below=not is_alone and i == first) for i in indices]
            if is_alone:
                above += ["" for _ in indices]
                continue
            above.append(f"\\multicolumn{{{len(indices)}}}{{c}}{{{escaped(group)}}}")
            rules.append(f"\\cmidrule(lr){{{first + 1}-{last + 1}}}")
        if rules:
            yield f"    {_line(above)}"
            yield f"    {' '.join(rules)}"
        yield f"    {_line(below)}"

    def _title(self, number: int, is_below: bool) -> str:
        """A column's head; of a group's first column what its name does not say."""
        column, title = self.table.columns[number], self.titles[number]
        if column.latex:
            text = column.latex + escaped(title.removeprefix(column.title))
        else:
            text = escaped(_below(column, title) if is_below else title)
        return f"{{{text}}}" if self.aligned[number] else text

    def _body(self) -> Iterator[str]:
        """The rows, with a rule between the table's groups, and their headings."""
        for number, row in enumerate(self.rows):
            if number in self.table.sections:
                within = self.is_multirow and number not in self.spans
                yield f"    \\cmidrule{{2-{len(row)}}}" if within else r"    \midrule"
            if number in self.headings:
                text = _latex(self.headings[number])
                yield f"    \\multicolumn{{{len(row)}}}{{@{{}}l}}{{\\emph{{{text}}}}} \\\\"
            yield f"    {_line([self._cell(number, i, text) for i, text in enumerate(row)])}"

    def _cell(self, row: int, number: int, text: str) -> str:
        column, value = self.table.columns[number], self.table.rows[row][number]
        if isinstance(value, Name):
            mark = escaped(MARK) if text.endswith(MARK) else ""
            return _latex(value.as_(self.look.naming)) + mark
        if isinstance(value, Label):
            rows = self.spans.get(row)
            return f"\\multirow{{{rows}}}{{*}}{{{_latex(value)}}}" if rows else _latex(value)
        if self.aligned[number]:
            return text if _NUMBER.fullmatch(text) else f"{{{escaped(text)}}}"
        return _MARKS[self.ranks.get((row, number))] % _escaped(text, column)

    def _notes(self) -> Iterator[str]:
        """What is printed below the table."""
        lines = shown_notes(self.table)
        if self.look.notes == "short":
            lines = (" ".join(lines),) if lines else ()
        if lines:
            size = self.style.notes
            yield f"  \\par\\smallskip\\begin{{minipage}}{{\\linewidth}}{size}\\raggedright"
            yield from (f"    {self._text(line)}\\par" for line in lines)
            yield r"  \end{minipage}"

    def _comments(self) -> Iterator[str]:
        """What can be quoted, and the notes that are not printed."""
        yield from (f"% {line}" for line in self.table.words)
        if self.look.notes != "full":
            yield from (f"% {line}" for line in notes(self.table))

    def _text(self, text: str) -> str:
        """A text in which models are called what papers call them."""
        naming = "spec" if self.look.naming == "spec" else "title"
        pieces = titles_of(text, self.table.names)
        return "".join(
            _latex(one.as_(naming)) if isinstance(one, Name) else escaped(one) for one in pieces
        )


def _latex(label: Label) -> str:
    return label.latex or escaped(label.plain)


def _spans(table: Table) -> dict[int, int]:
    """The number of rows below each heading, by the first of them."""
    starts = [at for at, _ in table.headings]
    return {at: end - at for at, end in pairwise([*starts, len(table.rows)])}


def _escaped(text: str, column: Column) -> str:
    return _with_minus(escaped(text)) if column.is_number else escaped(text)


def _with_minus(text: str) -> str:
    """The text with a minus before each negative number instead of a hyphen."""
    return re.sub(r"(?<![\w-])-(?=\d)", "$-$", text)


def _below(column: Column, title: str) -> str:
    """A column's head below its group's name."""
    if column.has_own_head or not column.group:
        return title
    rest = title.removeprefix(column.group).strip()
    return rest.strip("()") if rest.startswith("(") else rest


def _line(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"
