"""Raised and lowered text, and the marks of footnotes: what they become in plain text."""

import re

MARKS = "†‡§¶‖♯★⋆☆\u2217\uff0a*✝◇♦♠♣♥"
_RAISED = str.maketrans("0123456789+-−–n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻ⁿ")
_LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_TO_DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻₀₁₂₃₄₅₆₇₈₉", "0123456789+-0123456789")
_FROM_LOWERED = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
RAISED_DIGITS = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_FOOTNOTE = re.compile(rf"[{re.escape(MARKS)}a-z\d,;\s]*")
_NO_POWER = rf"(?<![×(\[ ]10)(?<![×(\[ ]2)(?<![{RAISED_DIGITS}⁺⁻])"
_AT_THE_EDGES = re.compile(
    rf"^[{re.escape(MARKS)}]+\s?|"
    rf"\s?(?:{_NO_POWER}[{RAISED_DIGITS}]+|[{re.escape(MARKS)}]+)(?=\s?(?:$|[(\[+/]))"
)
_CITATION = re.compile(r"\s?\[\d{1,4}(?:\s?[,;–-]\s?\d{1,4}){0,20}\]")


def raised(text: str) -> str:
    """Plain text for a superscript: ``⁹`` for a number, and nothing for the mark of a footnote.

    >>> raised("9"), raised("-3"), raised("†"), raised("a,b"), raised("M")
    ('⁹', '⁻³', '', '', 'M')
    """
    text = text.strip()
    if re.fullmatch(r"[+−–-]?\d{1,9}", text, re.ASCII):
        return text.translate(_RAISED)
    if re.fullmatch(r"[a-z]{2,}", text):  # 1st, 2nd
        return text
    return "" if _FOOTNOTE.fullmatch(text) else text


def lowered(text: str) -> str:
    """Plain text for a subscript: small digits for a number, otherwise the text in parentheses.

    A letter must not merge with the number before it.

    >>> lowered("50"), lowered("+0.2")
    ('₅₀', ' (+0.2)')
    """
    text = text.strip()
    if re.fullmatch(r"\d{1,9}", text, re.ASCII):
        return text.translate(_LOWERED)
    return f" ({text})" if text else ""


def plain_digits(text: str) -> str:
    """Raised and lowered digits as ordinary ones.

    >>> plain_digits("⁻³")
    '-3'
    """
    return text.translate(_TO_DIGITS)


def without_marks(text: str) -> str:
    """The text of a name or a title without footnotes and numbers of references.

    >>> without_marks("SENet† [12]"), without_marks("ResNet₅₀*")
    ('SENet', 'ResNet50')
    """
    text = _AT_THE_EDGES.sub("", _CITATION.sub("", text))
    return " ".join(text.translate(_FROM_LOWERED).split())
