"""Plain text from LaTeX: what the commands, groups and formulas of a cell print."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from srbench.claims.reading.cell_grid import Spanning
from srbench.claims.reading.latex_commands import SILENT, SYMBOLS, WRAPPERS
from srbench.claims.reading.marks import lowered, raised
from srbench.errors import SrbenchError

DEEPEST = 40
_TOKEN = re.compile(r"\\[A-Za-z@]+\*?|\\[^A-Za-z@]|[{}$^_~\[\]&]|[^\\{}$^_~\[\]&]+|\\", re.DOTALL)
_ACCENTS = frozenset("'\"`^~=.")


def plain_text(source: str) -> str:
    """What a piece of LaTeX prints, without fonts, colours and citations.

    A command that is not known stays as it is, so that nothing is read where something is unclear.

    >>> plain_text(r"\\textbf{25.56}\\,M~\\cite{he}"), plain_text(r"$4.1 \\times 10^{9}$")
    ('25.56\\u2009M', '4.1 × 10⁹')
    """
    return spanning_text(source).text


def spanning_text(source: str) -> Spanning:
    """What a cell prints, with how many columns and rows it covers.

    Raises SrbenchError if braces are nested too deeply.
    """
    reader = _Reader(_TOKEN.findall(source))
    text = re.sub(r"[ \t\r\n]+", " ", reader.until(None))
    return Spanning(text.strip(" \u00a0\u2009"), reader.width, reader.height)


@dataclass
class _Reader:
    tokens: list[str]
    position: int = 0
    depth: int = 0
    in_formula: bool = False
    width: int = 1
    height: int = 1

    def until(self, end: str | None) -> str:
        """The text up to a token, which is passed over, or up to the last one."""
        printed: list[str] = []
        with self._one_deeper():
            while (token := self._next()) is not None and token != end:
                printed.append(self._printed(token, printed))
        return "".join(printed)

    @contextmanager
    def _one_deeper(self) -> Iterator[None]:
        """Raises SrbenchError if groups, or commands that are arguments, are nested too deeply."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise SrbenchError("its LaTeX is nested too deeply", "give the table alone")
        yield
        self.depth -= 1

    def _next(self) -> str | None:
        if self.position == len(self.tokens):
            return None
        self.position += 1
        return self.tokens[self.position - 1]

    def _printed(self, token: str, before: list[str]) -> str:
        if token == "{":
            return self.until("}")
        if token == "$":
            self.in_formula = not self.in_formula
            return ""
        if token in "^_" and (self.in_formula or (token == "^" and self._peek() == "{")):
            return (raised if token == "^" else lowered)(self.argument())
        if token.startswith("\\"):
            return self._command(token[1:].rstrip("*") or token[1:], before)
        return _plain(token)

    def _command(self, name: str, before: list[str]) -> str:
        if name in SYMBOLS:
            self._pass_space(name)
            symbol = SYMBOLS[name]
            return name if symbol is None else symbol
        if name in SILENT:
            self._arguments(SILENT[name])
            self._pass_space(name)
            return ""
        if name in WRAPPERS:
            many, printed = WRAPPERS[name]
            return self._arguments(many)[printed]
        if name in _ACCENTS or name in ("(", ")", "[", "]"):
            self.in_formula = {"(": True, "[": True}.get(name, False)
            return ""
        return self._special(name, before)

    def _special(self, name: str, before: list[str]) -> str:
        match name:
            case "multicolumn":
                width, _, text = self._arguments(3)
                self.width = _whole_number(width, 1, 200)
                return text
            case "multirow":
                height, _, text = self._arguments(3)
                self.height = _whole_number(height, -10_000, 10_000)
                return text
            case "SI" | "qty":
                return " ".join(self._arguments(2))
            case "textsuperscript" | "textsubscript":
                return (raised if name == "textsuperscript" else lowered)(self.argument())
            case "begin" | "end":  # of an array or a table inside the cell
                environment = self.argument()
                if name == "begin" and environment.startswith(("tabular", "array", "minipage")):
                    self._arguments(1)
                return " "
            case "frac" | "dfrac" | "tfrac":
                return "/".join(self._arguments(2))
        return self._unknown(name, before)

    def _unknown(self, name: str, before: list[str]) -> str:
        """What an unknown command wraps, if that alone is what is printed there."""
        if self._peek() != "{":
            return f"\\{name}"
        text = self.argument()
        follows = self._peek() or ""
        if "".join(before).strip() or follows == "{" or re.match(r"[\w.,]", follows):
            return f"\\{name}{{{text}}}"
        return text

    def _peek(self) -> str | None:
        return self.tokens[self.position] if self.position < len(self.tokens) else None

    def _pass_space(self, name: str) -> None:
        """A space after a command's letters only ends its name."""
        follows = self._peek()
        if name.isalpha() and follows and follows[0].isspace() and not self.in_formula:
            self.tokens[self.position] = follows.lstrip()

    def _arguments(self, many: int) -> list[str]:
        """The arguments of a command; those that may be left out are passed over."""
        found = []
        if not many and self._peek() == "[":  # \toprule[1pt]
            self._options()
        for _ in range(many):
            self._options()
            found.append(self.argument())
        return found

    def _options(self) -> None:
        while True:
            start = self.position
            self._skip_blank()
            if self._peek() != "[" and not (self._peek() or "").startswith("("):
                self.position = start
                return
            if self._peek() == "[":
                self.position += 1
                self.until("]")
            elif re.fullmatch(r"\((?:[lr]{1,2})\)", self._peek() or ""):  # of a \cmidrule
                self.position += 1
            else:
                self.position = start
                return

    def argument(self) -> str:
        """The next group, or the next character."""
        self._skip_blank()
        token = self._next()
        if token is None or token == "}":
            return ""
        if token == "{":
            return self.until("}")
        if token.startswith("\\"):
            with self._one_deeper():
                return self._command(token[1:], [])
        if len(token) > 1:
            self.position -= 1
            self.tokens[self.position] = token[1:]
        return token[0]

    def _skip_blank(self) -> None:
        while (token := self._peek()) is not None and not token.strip():
            self.position += 1


def _plain(text: str) -> str:
    if text == "~":
        return "\u00a0"
    return text.replace("---", "—").replace("--", "–").replace("``", "“").replace("''", "”")


def _whole_number(text: str, least: int, most: int) -> int:
    text = text.strip()
    found = int(text) if re.fullmatch(r"-?\d{1,6}", text, re.ASCII) else 1
    return max(least, min(most, found))
