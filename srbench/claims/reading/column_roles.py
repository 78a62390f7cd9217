"""What each column of a table is for: a figure, a name, the input size, or nothing judged."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from srbench.claims.reading.cell_grid import GridRow
from srbench.claims.reading.headers import Header
from srbench.claims.reading.marks import plain_digits, without_marks
from srbench.claims.reading.printed import is_figure
from srbench.claims.reading.titles import Title, understood

Role = Literal["figure", "backbone", "method", "name", "input", "classes", "left out", ""]

# By a whole title without its signs; the first that matches is used.
_ROLES: tuple[tuple[str, Role], ...] = (
    (
        r"(?:(?:num(?:ber)?|no) ?(?:of )?)?class(?:es)?",
        "classes",
    ),
    (
        r"(?:(?:test|eval|evaluation|val|input|image|img|crop) )?(?:size|res|resolution|resol|crop)"
        r"(?: ?px| pixels?)?|inputs?|images?|input shape|image shape",
        "input",
    ),
    (
        r"(?:backbones?|base|baselines?|networks?|nets?|cnns?)(?: (?:models?|networks?))?",
        "backbone",
    ),
    (
        r"(?:backbone|base) (?:architectures?|names?)|(?:base )?architectures?|arch|detectors?",
        "backbone",
    ),
    (
        r"(?:attention|att|block|module|gate|method|plug-?in)s?(?: (?:block|module|type|method|"
        r"mechanism|name)s?)?|variants?|descriptions?|mechanisms?|configs?|configurations?|"
        r"settings?|approach(?:es)?|techniques?|operators?",
        "method",
    ),
    (
        r"models?(?: names?)?|names?|specs?|depth|(?:num(?:ber)? (?:of )?)?layers?|rows?|types?",
        "name",
    ),
    (
        r"years?|refs?|references?|venues?|publications?|published|pubs?|conf|conference|journal|"
        r"datasets?|data|pre-?train(?:ed|ing)?|sources?|code|authors?|tasks?|notes?|remarks?|"
        r"framework|optimi[sz]er|schedule|params unit|macs unit|\W*",
        "left out",
    ),
)


@dataclass(frozen=True)
class Purpose:
    """What a column is for; of a column of figures, what its title says."""

    role: Role
    title: Title | None = None


def roles(header: Header, body: Sequence[GridRow]) -> list[Purpose]:
    """What each column is for."""
    titles = [understood(parts) for parts in header.titles]
    first = next((i for i, title in enumerate(titles) if title), len(titles))
    return [
        Purpose("figure", title) if title else Purpose(_other(header, body, i, i < first))
        for i, title in enumerate(titles)
    ]


def _other(header: Header, body: Sequence[GridRow], column: int, is_at_the_left: bool) -> Role:
    parts = header.titles[column]
    words = [re.sub(r"[^\w\s-]|_", " ", without_marks(part)).casefold() for part in parts]
    for text in (" ".join(word.split()) for word in reversed(words)):
        for pattern, role in _ROLES:
            if text and re.fullmatch(pattern, text):
                return role
    if not any(parts) and column:
        return "name" if is_at_the_left and _has_texts(body, column) else ""
    return "name" if is_at_the_left and (not column or _has_texts(body, column)) else "left out"


def _has_texts(body: Sequence[GridRow], column: int) -> bool:
    """Whether most cells of a column are words, not numbers."""
    cells = [cell for row in body[:200] if (cell := row.at(column)).strip("-–—✓✗")]
    return sum(not is_figure(cell) for cell in cells) * 2 > len(cells)


_SIDE = r"(\d{1,5})"
_SQUARE = re.compile(_SIDE + r" ?(?:\^ ?\{?2\}?|²)? ?(?:px|p|pixels)?")
_TIMES = re.compile(rf"(?:(?:3|1) ?[x×*,] ?)?{_SIDE} ?[x×*,] ?{_SIDE}(?: ?[x×*,] ?[13])?(?: ?px)?")


def input_size(text: str) -> tuple[int, int] | None:
    """The height and width that a cell names; None if it names none.

    >>> input_size("224²"), input_size("3×224×224"), input_size("320 x 256"), input_size("large")
    ((224, 224), (224, 224), (320, 256), None)
    """
    text = without_marks(text[:60].replace("²", "^2").strip("()[] ")).casefold()
    if found := _SQUARE.fullmatch(text):
        return int(found[1]), int(found[1])
    found = _TIMES.fullmatch(plain_digits(text))
    return (int(found[1]), int(found[2])) if found else None


def num_classes(text: str) -> int | None:
    """The number of classes in a cell; None if there is none.

    >>> num_classes("1,000"), num_classes("1k"), num_classes("many")
    (1000, 1000, None)
    """
    found = re.fullmatch(r"(\d{1,3}),?(\d{3})?( ?k)?", without_marks(text[:60]).casefold())
    return int(found[1] + (found[2] or "")) * (1000 if found[3] else 1) if found else None
