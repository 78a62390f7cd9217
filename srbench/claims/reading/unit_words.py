"""Words for units, and for what is counted: M, millions, GFLOPs, GMac, params."""

import re

from srbench.claims.paper import Quantity

PREFIXES = {
    "k": 1e3,
    "m": 1e6,
    "g": 1e9,
    "b": 1e9,  # billion
    "t": 1e12,
    "mi": 2.0**20,
    "gi": 2.0**30,
}
WORDS = {
    **dict.fromkeys(("thousand", "thousands"), 1e3),
    **dict.fromkeys(("million", "millions", "mil", "mill", "mio", "mn"), 1e6),
    **dict.fromkeys(("billion", "billions", "bil", "bn", "giga"), 1e9),
    **dict.fromkeys(("trillion", "trillions"), 1e12),
    **dict.fromkeys(("one", "ones", "units"), 1.0),
    "mega": 1e6,
    "kilo": 1e3,
}
POWERS = {**{f"1e{n}": 10.0**n for n in range(1, 16)}, "2^20": 2.0**20, "2^30": 2.0**30}
UNITS = {**PREFIXES, **WORDS, **POWERS}

_PREFIX = r"(?:(?P<{}>k|mi|m|gi|g|b|t)[\s-]?)?"
PARAMS = _PREFIX.format("params_unit") + r"(?:n_?|num_?)?(?:params?|parameters?|parms?)"
MACS = _PREFIX.format("macs_unit") + (
    r"(?:fl\.?ops?|maccs?|macs?|m-?adds?|mul(?:t|ti|tiply|tiplication|tiplications|ts)?\.?[\s&-]*"
    r"(?:and\s)?(?:adds?|additions?|accumulates?|accumulations?|accs?))"
)
_OF_A_CELL = re.compile(rf"(?:(?P<params>{PARAMS})|(?P<macs>{MACS}))\.?")
# Without a sign of a power only those of usual units: the 101 of ResNet-101 is not 10^1.
_POWER = re.compile(
    r"(?:[×x*·]\s?)?(?<![\d.])"
    r"(?:10\s?\^\s?\{?\s?([1-9]|1[0-5])\s?\}?|10\s?\{?\s?(3|6|9|12)\s?\}?|1e\+?0?([1-9]|1[0-5]))(?!\d)"
)
_RAISED = re.compile(r"(?<=10)[⁰¹²³⁴⁵⁶⁷⁸⁹]+|(?<=2)[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_BINARY = re.compile(r"(?<![\d.])2\s?\^?\s?\{?\s?(20|30)\s?\}?(?!\d)")
_TO_DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")


def unit_of_cell(word: str) -> tuple[float | None, Quantity | None] | None:
    """The unit after a number, and what it says is counted. None if the word is neither.

    >>> unit_of_cell("GMac"), unit_of_cell("M params"), unit_of_cell("B"), unit_of_cell("ms")
    ((1000000000.0, 'macs'), (1000000.0, 'params'), (1000000000.0, None), None)
    """
    word = word.strip().casefold()
    if (unit := PREFIXES.get(word, WORDS.get(word))) is not None:
        return unit, None
    first, _, rest = word.partition(" ")
    if first in WORDS and rest:
        noun = unit_of_cell(rest)
        return (WORDS[first], noun[1]) if noun and noun[0] is None else None
    found = _OF_A_CELL.fullmatch(word)
    if not found:
        return None
    if found["params"]:
        return _prefix(found["params_unit"]), "params"
    return _prefix(found["macs_unit"]), "macs"


def _prefix(letters: str | None) -> float | None:
    return PREFIXES[letters] if letters else None


def with_plain_powers(text: str) -> str:
    """The text with powers as in `POWERS`: ``×10⁶`` and ``10^{6}`` become ``1e6``.

    >>> with_plain_powers("params (×10⁶)"), with_plain_powers("2²⁰")
    ('params ( 1e6 )', ' 2^20 ')
    """
    text = _RAISED.sub(lambda raised: f"^{raised[0].translate(_TO_DIGITS)}", text)
    text = _POWER.sub(lambda power: f" 1e{power[1] or power[2] or power[3]} ", text)
    return _BINARY.sub(r" 2^\1 ", text)
