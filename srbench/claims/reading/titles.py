"""What the title of a column says: parameters or MACs, in which unit, or neither."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from srbench.claims.paper import Quantity
from srbench.claims.reading.lookalikes import plain_signs
from srbench.claims.reading.marks import without_marks
from srbench.claims.reading.unit_words import (
    MACS,
    PARAMS,
    PREFIXES,
    UNITS,
    with_plain_powers,
)

EXAMPLES = "Params (M), #Param., FLOPs (G), GFLOPs, MACs or Mult-Adds"
LONGEST = 200

_MAY_NAME = re.compile(r"par|flop|fl\.op|mac|add|acc|#\s?\.?p", re.IGNORECASE)
_PARAMS = re.compile(rf"(?<![a-z]){PARAMS}(?![a-z])|^[#№]\s?\.?\s?p(?![a-z])")
_MEAN_ACCURACY = re.compile(r"\bm ?Acc\b")  # in segmentation; MAcc are multiply-accumulates
_MACS = re.compile(rf"(?<![a-z]){MACS}(?![a-z])")
# A difference or a share is not a count, wherever it is said in the title.
_DIFFERENCE = re.compile(
    r"[%δ∆△]|^\s*[+−±-]\s?\w|(?<![a-z])(?:delta|diff|difference|overheads?|increas(?:e|ed|es)|incr?|"
    r"increments?|decreas(?:e|ed|es)|reduc(?:ed|tion|tions)|drop|saved|savings?|ratio|relative|rel|"
    r"extra|additional|added|gains?|changes?|compression|pruned|vs|percent|percentage)(?![a-z])"
)
_OTHER = re.compile(
    r"/\s?(?:s|sec|second|param|params|flop|flops|mac|macs)(?![a-z])|(?<![a-z])(?:acc|accuracy|"
    r"top-?\s?[15]|errors?|err|lat|latency|times?|fps|ms|secs?|seconds?|memory|mem|mb|gb|kb|mib|gib|"
    r"kib|bytes?|throughput|speed|years?|refs?|units?|train|training|backward|energy|efficiency|"
    r"utili[sz]ation|miou|map|ap|psnr|ssim|access|bops?|bits?)(?![a-z])"
)
_WORDS = """
    # № n no nr num number of total count counts the in all model network complexity cost costs
    comp computation computational compute x × * = are measured ↓ ↑ - – — & and trainable learnable
    inference forward one image per input"""
_IGNORABLE = frozenset(_WORDS.split())
_WORD = re.compile(r"[^\s()\[\]{},;:/#_.|]+")


@dataclass(frozen=True)
class Title:
    """What a title says. ``doubt`` has the words that are not understood, as a sentence."""

    quantity: Quantity
    unit: float | None
    doubt: str = ""


def understood(parts: Sequence[str]) -> Title | None:
    """What the parts of a title say, from the upper header row down; None if it is no count.

    >>> understood(["Params (M)"]), understood(["ResNet-50", "GFLOPs"]), understood(["Size (MB)"])
    (Title(quantity='params', unit=1000000.0, doubt=''), \
Title(quantity='macs', unit=1000000000.0, doubt=''), None)
    """
    if any(map(_MEAN_ACCURACY.search, parts)):
        return None
    plain = [_plain(part) for part in parts]
    if sum(map(len, plain)) > LONGEST or any(map(_DIFFERENCE.search, plain)):
        return None
    for number in reversed(range(len(plain))):
        if not _MAY_NAME.search(plain[number]):
            continue
        quantities = _quantities(plain[number])
        if not quantities:
            continue
        if len(quantities) > 1 or any(map(_OTHER.search, plain[number:])):
            return None
        return _with_unit(quantities[0], plain[number], plain[:number] + plain[number + 1 :])
    return None


def is_title(text: str) -> bool:
    """Whether a text is the title of a count, and nothing else."""
    if len(text) > LONGEST or not _MAY_NAME.search(text):
        return False
    title = understood([text])
    return title is not None and not title.doubt


def is_only_a_unit(part: str) -> bool:
    """Whether a part of a title is a unit alone, such as ``(M)`` or ``[10^6]``."""
    words = _words(_plain(part))
    return bool(words) and len(part) < 30 and all(word in UNITS for word in words)


def _plain(part: str) -> str:
    part = with_plain_powers(part)
    return without_marks(plain_signs(part)).casefold().replace("∆", "δ")


def _quantities(part: str) -> list[Quantity]:
    found: list[tuple[re.Pattern[str], Quantity]] = [(_PARAMS, "params"), (_MACS, "macs")]
    return [quantity for pattern, quantity in found if pattern.search(part)]


def _with_unit(quantity: Quantity, part: str, others: Sequence[str]) -> Title:
    match = (_PARAMS if quantity == "params" else _MACS).search(part)
    assert match  # the caller found it
    prefix = match.group(f"{quantity}_unit")
    words = _words(f"{part[: match.start()]} {part[match.end() :]}")
    units = {UNITS[word] for word in words if word in UNITS} | (
        {PREFIXES[prefix]} if prefix else set()
    )
    if not units:
        alone = (_words(other) for other in others if is_only_a_unit(other))
        units = {UNITS[word] for found in alone for word in found}
    if len(units) > 1:
        return Title(quantity, None, "its title gives several units")
    unit = next(iter(units), None)
    strange = [word for word in words if word not in UNITS and word not in _IGNORABLE]
    doubt = f"“{' '.join(strange)}” in its title is not understood" if strange else ""
    return Title(quantity, unit, doubt)


def _words(text: str) -> list[str]:
    return _WORD.findall(text)
