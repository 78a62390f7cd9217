"""Text for LaTeX: its special characters, and letters that its fonts lack."""

import re
import unicodedata
from itertools import pairwise

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
    "→": r"$\rightarrow$",
}

# Two characters that the usual fonts print as one.
_LIGATURES = {"--", "''", "``", ",,", "?`", "!`"}

# pdfLaTeX prints their characters with and without T1 fonts, but for those that need T1.
_PDFLATEX_PRINTS = ("cp1252", "cp1250", "cp1254")
_NEEDS_T1 = frozenset("«»ÐÞðþĄąĐđĘę\u02db\u201a„\u2039\u203a")


def escaped(text: str) -> str:
    """The text with LaTeX's commands and ligatures escaped.

    XeLaTeX and LuaLaTeX print every letter. pdfLaTeX would stop at a letter that it does not know,
    or knows only with T1 fonts: there the code point is printed instead.
    """
    plain = unicodedata.normalize("NFC", re.sub(r"\s+", " ", text))
    return "".join(
        "{}" * (before + c in _LIGATURES) + _character(c) for before, c in pairwise(f" {plain}")
    )


def _character(c: str) -> str:
    if c in _SPECIAL:
        return _SPECIAL[c]
    if c not in _NEEDS_T1 and any(c.encode(page, "ignore") for page in _PDFLATEX_PRINTS):
        return c
    return f"\\ifdefined\\Umathcode {c}\\else U+{ord(c):04X}\\fi\\allowbreak{{}}"
