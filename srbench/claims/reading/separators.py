"""What commas and points between digits mean: thousands, or the decimal point.

A paper writes all its numbers in one way, so other cells tell what ``1,234`` is.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Meaning = Literal["decimal", "thousands", "unclear"]

_NUMBER = re.compile(r"\d[\d.,]{0,60}")
_GROUPS = re.compile(r"[1-9]\d{0,2}([.,])\d{3}(?:\1\d{3})*")


@dataclass(frozen=True)
class Separators:
    """What a comma and a point mean in a column."""

    comma: Meaning = "unclear"
    point: Meaning = "unclear"

    def otherwise(self, other: "Separators") -> "Separators":
        """These meanings, and the other ones where these are unclear and no contradiction."""
        if self.comma != "unclear" or self.point != "unclear":
            return self
        return other


UNCLEAR = Separators()


def separators(cells: Iterable[str]) -> Separators:
    """What the numbers in some cells say about commas and points.

    >>> separators(["25,56", "4,1"])
    Separators(comma='decimal', point='thousands')
    >>> separators(["1,234"])
    Separators(comma='unclear', point='unclear')
    """
    decimal = set()
    for cell in cells:
        for number in _NUMBER.findall(cell[:200]):
            decimal.add(_decimal_sign(number.rstrip(".,")))
    decimal.discard("")
    if decimal == {","}:
        return Separators("decimal", "thousands")
    if decimal == {"."}:
        return Separators("thousands", "decimal")
    return UNCLEAR


def _decimal_sign(number: str) -> str:
    """The sign that can only be the decimal one in this number; empty if it may be either."""
    commas, points = number.count(","), number.count(".")
    if commas and points:
        return max(",.", key=number.rfind)
    if commas + points == 0:
        return ""
    sign = "," if commas else "."
    if _GROUPS.fullmatch(number):
        return ("." if sign == "," else ",") if commas + points > 1 else ""
    return sign if commas + points == 1 else ""


def plain_decimal(number: str, known: Separators, unit: float | None) -> tuple[str, str]:
    """The number without separators and with a decimal point, and otherwise why not.

    ``unit`` 1 tells that ``1,234`` has thousands: nothing is counted in fractions.

    >>> plain_decimal("4,089,184,256", Separators(), 1), plain_decimal("3.858", Separators(), 1e9)
    (('4089184256', ''), ('3.858', ''))
    """
    commas, points = number.count(","), number.count(".")
    if commas == points == 0:
        return number, ""
    if commas and points:
        return _of_both(number)
    sign, meaning = (",", known.comma) if commas else (".", known.point)
    if not _GROUPS.fullmatch(number):
        return _fraction(number, sign, meaning)
    whole = number.replace(sign, "")
    if commas + points > 1 or meaning == "thousands":
        if commas + points > 1 or sign == ",":
            return whole, ""
        return _either(number, sign)  # 3.858 where 25,56 has a comma
    if meaning == "decimal" or sign == ".":
        return number.replace(",", "."), ""
    return (whole, "") if unit == 1 else _either(number, sign)


def _of_both(number: str) -> tuple[str, str]:
    decimal = max(",.", key=number.rfind)
    whole, _, fraction = number.rpartition(decimal)
    sign = "." if decimal == "," else ","
    grouped = _GROUPS.fullmatch(whole) and decimal not in whole
    if not grouped or not fraction:
        return "", f"{number} is no number"
    return f"{whole.replace(sign, '')}.{fraction}", ""


def _fraction(number: str, sign: str, meaning: Meaning) -> tuple[str, str]:
    whole, _, fraction = number.partition(sign)
    if sign in fraction or not fraction:
        return "", f"{number} is no number"
    if sign == "," and meaning == "thousands":
        return "", f"{number} has a comma where other cells have a point"
    return f"{whole}.{fraction}", ""


def _either(number: str, sign: str) -> tuple[str, str]:
    return "", f"{number} is either {number.replace(sign, '')} or {number.replace(sign, '.')}"
