"""Units that a caption gives: "All parameters are in millions"."""

import re

from srbench.claims.paper import Quantity
from srbench.claims.reading.unit_words import MACS, PARAMS, UNITS, with_plain_powers

_SENTENCE = re.compile(r"[.;!?](?:\s|$)")
_UNIT = re.compile(r"(?<![a-z])in (?:units of )?\(?×?\s*([a-z]+|1e\d+|2\^\d0)(?![a-z\d])")
_COUNTED: dict[Quantity, re.Pattern[str]] = {
    "params": re.compile(rf"(?<![a-z]){PARAMS}(?![a-z])"),
    "macs": re.compile(rf"(?<![a-z]){MACS}(?![a-z])"),
}


def unit_in_caption(caption: str, quantity: Quantity) -> float | None:
    """The unit of a quantity that a caption names; None if it names none, or several.

    >>> unit_in_caption("All parameters are in millions. FLOPs are in billions.", "macs")
    1000000000.0
    """
    found = set()
    for sentence in _SENTENCE.split(with_plain_powers(caption[:2000]).casefold()):
        for clause in re.split(r",| and ", sentence):
            unit = _UNIT.search(clause)
            if unit and unit[1] in UNITS and _COUNTED[quantity].search(clause):
                found.add(UNITS[unit[1]])
    return next(iter(found)) if len(found) == 1 else None
