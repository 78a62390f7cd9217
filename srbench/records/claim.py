"""A row of a paper's table that was judged: for each figure whether it holds, and why not."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal, NamedTuple

from srbench.records.bounds import require_counts
from srbench.records.schema import CONVENTION, STRICT, Kind

# Of a figure: it holds to its last digit; it does under one of the ``explanations``; it does under
# none that was tried; it cannot be read, or its network cannot be counted.
Verdict = Literal["holds", "explained", "unexplained", "not judged"]
SUPPORT = 3  # figures of a column that come about in one way, and so not by chance
VERDICTS: tuple[Verdict, ...] = ("holds", "explained", "unexplained", "not judged")


class ClaimKey(NamedTuple):
    """The table and the line of a row."""

    source: str
    line: int


@dataclass(frozen=True)
class Explanation:
    """A way in which a figure comes about: how it departs from srbench's count and from plain
    rounding, in words, and the total in base units. ``supported`` is how many figures of the column
    come about in this way."""

    __pydantic_config__ = STRICT
    departures: tuple[str, ...]
    value: int
    supported: int = 1

    def __str__(self) -> str:
        return ", ".join(self.departures)


@dataclass(frozen=True)
class JudgedFigure:
    """A figure of a table, and what became of it.

    ``text`` is the cell as it is printed, ``digits`` and ``unit`` what it says, and ``here`` what
    srbench counts, in base units. If no unit is given, it is the one that comes nearest, as the
    ``note`` says. ``explanations`` begin with the simplest, and with what most of the column has.
    ``chance`` is the share of other figures nearby, with as many digits, that would have been
    explained by themselves as well.
    """

    __pydantic_config__ = STRICT
    column: str
    quantity: Literal["params", "macs"]
    text: str
    verdict: Verdict
    digits: str = ""
    unit: float | None = None
    here: int | None = None
    explanations: tuple[Explanation, ...] = ()
    chance: float | None = None
    note: str = ""

    def __post_init__(self) -> None:
        """Raises ValueError for impossible numbers, and for a verdict without its reason."""
        require_counts(self.here, *(one.value for one in self.explanations))
        if self.chance is not None and not 0 <= self.chance <= 1:
            raise ValueError("a chance must be from 0 to 1")
        if (self.verdict == "explained") != bool(self.explanations):
            raise ValueError("a figure has explanations if it is explained, and only then")


@dataclass(frozen=True)
class Claim:
    """A row: the table, the row's line in its file and its name there, and its figures.

    ``notes`` are what a reader should know of how the name was read.
    """

    __pydantic_config__ = STRICT
    source: str
    line: int
    row: str
    figures: tuple[JudgedFigure, ...]
    notes: tuple[str, ...] = ()
    convention: str = CONVENTION

    kind: ClassVar[Kind] = "claimed"

    @property
    def key(self) -> ClaimKey:
        return ClaimKey(self.source, self.line)

    @property
    def warnings(self) -> tuple[str, ...]:
        """The figures that nothing explains."""
        return tuple(
            f"{one.column}: {one.text} is unexplained"
            for one in self.figures
            if one.verdict == "unexplained"
        )

    def flat(self) -> dict[str, Any]:
        """The numbers of figures by their verdict."""
        verdicts: Sequence[str] = [one.verdict for one in self.figures]
        return {verdict.replace(" ", "_"): verdicts.count(verdict) for verdict in VERDICTS}

    def how(self) -> dict[str, Any]:
        """Columns of where the row stands."""
        return {"source": self.source, "line": self.line, "row": self.row}

    def rest(self) -> dict[str, Any]:
        """What does not fit into a flat row."""
        return {"claim": asdict(self)}
