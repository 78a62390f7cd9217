"""Plain text from the markup in a cell of Markdown or CSV: bold, links, code, HTML, formulas."""

import html
import re

from srbench.claims.reading.latex_markup import plain_text
from srbench.claims.reading.marks import lowered, raised

LONGEST = 2000  # longer cells are no figures, and stay as they are
_HINTS = re.compile(r"[*_`<&\[\]\\~$!]")
_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"<!--[^>]{0,300}-->"), ""),
    (re.compile(r"<br\s?/?>", re.IGNORECASE), " "),
    (re.compile(r"!\[([^\[\]]{0,200})\]\([^()]{0,300}\)"), r"\1"),
    (re.compile(r"(?<!!)\[([^\[\]]{1,200})\]\([^()]{0,300}\)"), r"\1"),
    (re.compile(r"\[\^[^\[\]]{1,50}\]"), ""),  # a footnote
    (re.compile(r"~~[^~]{1,200}~~"), ""),  # struck out
    (re.compile(r"`{1,3}([^`]{1,200})`{1,3}"), r"\1"),
    (re.compile(r"(?<![\w*])(\*{1,3})(?=[^\s*])([^*]{1,200})(?<=[^\s*])\1(?![\w*])"), r"\2"),
    (re.compile(r"(?<!\w)(_{1,3})(?=[^\s_])([^_]{1,200})(?<=[^\s_])\1(?!\w)"), r"\2"),
)
_RAISED = re.compile(r"<sup>([^<>]{0,100})</sup>", re.IGNORECASE)
_LOWERED = re.compile(r"<sub>([^<>]{0,100})</sub>", re.IGNORECASE)
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,200}>")
_LATEX = re.compile(r"\$[^$]*\$|\\[A-Za-z]{2,}|\\[%,;&#]")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")


def cleaned(text: str) -> str:
    """The text of a cell without its markup, on one line.

    >>> cleaned("**[ResNet-50](https://example.org)**<sup>†</sup>"), cleaned(r"$4.1 \\times 10^9$")
    ('ResNet-50', '4.1 × 10⁹')
    """
    if _HINTS.search(text) and len(text) <= LONGEST:
        text = _without_markup(text)
    return one_line(text)


def one_line(text: str) -> str:
    """The text with every run of ordinary white space as one space; thin spaces stay."""
    return re.sub(r"[ \t\r\n\f\v\x1c-\x1f\x85\u2028\u2029]+", " ", text).strip()


def _without_markup(text: str) -> str:
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    text = _RAISED.sub(lambda tag: raised(html.unescape(tag[1])), text)
    text = _LOWERED.sub(lambda tag: lowered(html.unescape(tag[1])), text)
    text = html.unescape(_TAG.sub("", text))
    if _LATEX.search(text):
        return plain_text(text)
    return _ESCAPED.sub(r"\1", text)
