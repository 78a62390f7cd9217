"""Reads a number as papers print it: ``25.6M``, ``≈4.1 GMac``, ``4.1×10⁹``, ``4.1 (+0.2)``."""

import re
from collections.abc import Callable
from decimal import Decimal

from srbench.claims.paper import Printed, Quantity
from srbench.claims.reading.lookalikes import plain_signs
from srbench.claims.reading.marks import MARKS, RAISED_DIGITS, plain_digits
from srbench.claims.reading.separators import UNCLEAR, Separators, plain_decimal
from srbench.claims.reading.unit_words import unit_of_cell

LONGEST = 200
DIGITS = 18
DECIMALS = 12
LARGEST_EXPONENT = 15

_THIN = "\u00a0\u2007\u2008\u2009\u200a\u202f"
_BLANK = re.compile(
    r"[-/\\.…·•?✗✘×x]{0,4}|n\.?/?\s?a\.?|n/?r|nan|none|null|tbd|not (?:reported|available)|"
    r"unknown"
)
_ABOUT = re.compile(r"(?:[≈~]|about|approx(?:imately|\.)?|around|circa|ca?\.)\s?")
_BOUND = re.compile(
    r"[<>≤≥⩽⩾≪≫]|(?:up to|at (?:most|least)|over|under|below|above|less than|more than)\b"
)
_GAP = rf"['{_THIN}]"
_MANTISSA = re.compile(
    rf"[1-9][0-9]{{0,2}}(?:{_GAP}[0-9]{{3}})+(?:[.,][0-9]+)?(?![0-9.,'])|\.?[0-9][0-9.,]*"
)
_EXPONENT = re.compile(
    rf"[eE]\s?([+-]?[0-9]{{1,3}})(?![0-9])|\s?[×xX*·⋅]\s?10(?:\s?\^\s?\{{?\s?([+-]?[0-9]{{1,3}})"
    rf"\s?\}}?|([⁺⁻]?[{RAISED_DIGITS}]{{1,3}}))"
)
_WORD = re.compile(r"[\s-]?([^\W\d_]+\.?(?:[\s-][^\W\d_]+\.?)?)(?=$|[\s(\[±↑↓+])")
_SHORT_WORD = re.compile(r"[\s-]?([^\W\d_]+\.?)(?=$|[\s(\[±↑↓+])")
_ASIDE = re.compile(
    r"\s?(?:\(([^()]*)\)|\[([^\[\]]*)\]|(?:±|\+/-|\+-|∓|[↑↓▲▼△▽])\s?(?:[+-]?[0-9][0-9.,]*\s?%?)?)"
)
_TWO = re.compile(r"\s?(?:[-~/→+]|to\b|and\b|or\b|\.\.)?\s?[+-]?[0-9]")
_MARKS_INSIDE = re.compile(rf"(?<=[\d.,])\s?[{re.escape(MARKS)}]+(?=\s?[\d.,])")
_MARKS = re.compile(rf"[{re.escape(MARKS)}]")
_LAST_MARKS = re.compile(
    rf"(?<!10)(?<![⁺⁻{RAISED_DIGITS}])[{RAISED_DIGITS}]+(?=\s*(?:$|[A-Za-z(\[±]))"
)

Reading = tuple[Printed | None, str]


def read_number(
    text: str,
    unit: float | None,
    known: Separators = UNCLEAR,
    quantity: Quantity | None = None,
) -> Reading:
    """The number that a cell prints, and otherwise why it cannot be read; neither if it is empty.

    ``unit`` is what the header says; a unit in the cell wins. ``quantity`` is the column's.

    >>> read_number("≈25.6M", None)
    (Printed(digits='25.6', unit=1000000.0, is_approximate=True), '')
    >>> read_number("<5M", None), read_number("–", 1e6)
    ((None, 'it is a bound, not a figure'), (None, ''))
    """
    if len(text) > LONGEST:
        return None, f"it is longer than {LONGEST} characters"
    text = _without_marks(plain_signs(text))
    if _BLANK.fullmatch(text.casefold()):
        return None, ""
    about = _ABOUT.match(text.casefold())
    rest = text[about.end() :].lstrip() if about else text
    if problem := _not_a_figure(rest):
        return None, problem
    mantissa = _MANTISSA.match(rest)
    if not mantissa:
        return None, f"“{_cut(text)}” is no number"
    return _Reader(mantissa[0], rest[mantissa.end() :], unit, known, quantity).read(bool(about))


def is_figure(text: str) -> bool:
    """Whether a text is a number, or would be one if it were not a bound or a range."""
    text = _without_marks(plain_signs(text[:LONGEST])).lstrip("≈~<>≤≥+-± ")
    number = _MANTISSA.match(text)
    return bool(number) and not re.match(r"[\w]{3}", text[number.end() :] if number else "")


def _without_marks(text: str) -> str:
    """The text without footnote marks; a star that multiplies stays."""
    text = re.sub(r"(?<=\d)\s?[*]\s?(?=10\s?[\^⁰¹²³⁴⁵⁶⁷⁸⁹])", "×", text)
    text = _MARKS_INSIDE.sub(" | ", text)  # what they join is not one number
    text = _MARKS.sub("", text)
    return _LAST_MARKS.sub("", text).strip(" \t" + _THIN)


def _not_a_figure(text: str) -> str:
    if _BOUND.match(text.casefold()):
        return "it is a bound, not a figure"
    if text.startswith("-"):
        return "it is negative"
    if text.startswith(("+", "±")):
        return "it is a difference, not a figure"
    return ""


def _cut(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"


class _Reader:
    """Reads what follows a number: an exponent, a unit and remarks."""

    def __init__(
        self,
        number: str,
        rest: str,
        header: float | None,
        known: Separators,
        quantity: Quantity | None,
    ) -> None:
        self.number, self.rest, self.header = number, rest, header
        self.known, self.quantity = known, quantity
        self.exponent: int | None = None
        self.unit: float | None = None

    def read(self, is_approximate: bool) -> Reading:
        steps: tuple[Callable[[], str], ...] = (self._exponent, self._unit, self._remarks)
        for step in steps:
            if problem := step():
                return None, problem
        return self._made(is_approximate)

    def _exponent(self) -> str:
        if match := _EXPONENT.match(self.rest):
            self.exponent = int(plain_digits(next(filter(None, match.groups()))))
            self.rest = self.rest[match.end() :]
        return ""

    def _unit(self) -> str:
        for pattern in (_WORD, _SHORT_WORD):
            match = pattern.match(self.rest)
            found = unit_of_cell(match[1].replace("-", " ")) if match else None
            if match and found:
                self.rest = self.rest[match.end() :]
                return self._take(*found)
        return ""

    def _take(self, unit: float | None, counted: Quantity | None) -> str:
        if counted and self.quantity and counted != self.quantity:
            names = {"params": "parameters", "macs": "FLOPs or MACs"}
            return f"it counts {names[counted]}, in a column of {names[self.quantity]}"
        if unit and self.unit and unit != self.unit:
            return "it has two units"
        self.unit = unit or self.unit
        return ""

    def _remarks(self) -> str:
        while self.rest.strip():
            if _TWO.match(self.rest):
                return "it has several numbers"
            match = _ASIDE.match(self.rest)
            if not match or not match.end():
                return f"“{_cut(self.rest.strip())}” after the number is not understood"
            self.rest = self.rest[match.end() :]
            inside = unit_of_cell(match[1] or match[2] or "")
            problem = (self._take(*inside) if inside else "") or self._unit()
            if problem:
                return problem
        return ""

    def _made(self, is_approximate: bool) -> Reading:
        number = re.sub(_GAP, "", self.number).rstrip(".,")
        grouped = number != self.number.rstrip(".,")
        if grouped and "," in number:
            number = number.replace(",", ".")
        own = self.unit if self.unit is not None else self.header
        digits, problem = plain_decimal(number, self.known, own)
        if problem:
            return None, problem
        digits = f"0{digits}" if digits.startswith(".") else digits
        whole, _, fraction = digits.partition(".")
        if len(whole) > DIGITS or len(fraction) > DECIMALS:
            return None, f"it has more than {DIGITS} digits, or more than {DECIMALS} decimals"
        if self.exponent is None:
            return Printed(digits, own, is_approximate), ""
        return self._scaled(digits, self.exponent, is_approximate)

    def _scaled(self, digits: str, exponent: int, is_approximate: bool) -> Reading:
        if self.unit in (2.0**20, 2.0**30):
            return None, "it has an exponent and a unit"
        if exponent > LARGEST_EXPONENT:
            return None, f"10^{exponent} is no unit of a count"
        if self.unit is None and self.header not in (None, 1, 10.0**exponent):
            return None, "it has an exponent, and its column a unit"
        power = exponent + (len(f"{self.unit:.0f}") - 1 if self.unit else 0)
        if not 0 <= power <= 12:
            return None, f"10^{power} is no unit of a count"
        return _with_usual_unit(digits, power, is_approximate)


def _with_usual_unit(digits: str, power: int, is_approximate: bool) -> Reading:
    """The number with a unit of 1, 1e3, 1e6, 1e9 or 1e12, and its last digit worth the same."""
    decimals = len(digits.partition(".")[2])
    shift = power % 3
    if shift > decimals:
        shift -= 3
    if power - shift > 12:
        return None, f"10^{power} is no unit of a count"
    moved = f"{Decimal(digits).scaleb(shift):f}"
    return Printed(moved, 10.0 ** (power - shift), is_approximate), ""
