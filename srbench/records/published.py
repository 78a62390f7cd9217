"""Published figures: numbers with their digits, units and source."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from srbench.records.schema import CONVENTION, STRICT, Kind


@dataclass(frozen=True)
class Figure:
    """A number as it is printed, with all its digits: ``"3.858"`` in units of ``1e9``."""

    __pydantic_config__ = STRICT
    printed: str
    unit: float = 1

    def __post_init__(self) -> None:
        """Raises ValueError for text that is not a number, and for an impossible unit."""
        if not re.fullmatch(r"[+-]?\d{1,18}(\.\d{1,12})?", self.printed, re.ASCII):
            raise ValueError(f"{self.printed!r} is not a plain decimal number, such as 4.089")
        if not 1e-18 <= self.unit <= 1e18:
            raise ValueError(f"{self.unit:g} is not a unit")

    def same_digits(self, value: float) -> "Figure":
        """Another value, written with the same unit and number of digits.

        >>> Figure("3.858", 1e9).same_digits(3_857_973_248)
        Figure(printed='3.858', unit=1000000000.0)
        """
        return Figure(f"{value / self.unit:.{self._decimals}f}", self.unit)

    def deviation(self, value: float) -> "Figure":
        """How much larger a value is, written in the same way; ``0`` if all digits are the same.

        >>> Figure("26.77", 2**20).deviation(28_088_024).printed
        '+0.02'
        """
        more = Decimal(self.same_digits(value).printed) - Decimal(self.printed)
        return Figure(f"{more:+f}" if more else "0", self.unit)

    @property
    def _decimals(self) -> int:
        return len(self.printed.partition(".")[2])


@dataclass(frozen=True)
class Published:
    """What is published about a spec: ``figures`` by name, such as ``macs`` or ``top1_error``.

    ``source`` is the publication and its table, ``row`` the name of the row there.
    """

    __pydantic_config__ = STRICT
    source: str
    row: str
    figures: Mapping[str, Figure]
    convention: str = CONVENTION
    kind: ClassVar[Kind] = "published"
    warnings: ClassVar[tuple[str, ...]] = ()
