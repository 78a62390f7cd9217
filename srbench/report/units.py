"""How tables write numbers: one scale and one precision per column. CSV and JSON use base units."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

PREFIXES = ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k"))
SMALL_PREFIXES = ((1, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n"))
MOST_DECIMALS = 6


@dataclass(frozen=True)
class Scale:
    """Divide by ``divisor``, write ``prefix`` before the unit, and keep ``decimals``."""

    divisor: float = 1
    prefix: str = ""
    decimals: int = 0

    def write(self, value: int | float) -> str:
        """
        >>> Scale(10**6, "M", 2).write(25_557_032)
        '25.56'
        """
        return f"{value / self.divisor:,.{self.decimals}f}"


def column_scale(values: Iterable[float], digits: int = 4) -> Scale:
    """The prefix that suits the largest value; the smallest keeps ``digits`` significant digits.

    >>> column_scale([1_814_073_344, 7_801_405_440])
    Scale(divisor=1000000000, prefix='G', decimals=3)
    """
    sizes = sorted(abs(value) for value in values if value)
    if not sizes:
        return Scale()
    for divisor, prefix in PREFIXES:
        if sizes[-1] >= divisor:
            return Scale(divisor, prefix, _decimals(sizes[0] / divisor, digits))
    return Scale()


def sized(number: int) -> str:
    """Bytes with the prefix that suits them.

    >>> sized(102_228_128), sized(0)
    ('102.2 MB', '0 B')
    """
    scale = column_scale([number])
    return f"{scale.write(number)} {scale.prefix}B"


def measured_scale(values: Iterable[float], digits: int = 4) -> Scale:
    """The same for seconds and joules, which may be far below 1: their geometric middle decides.

    >>> measured_scale([0.0071, 0.025])
    Scale(divisor=0.001, prefix='m', decimals=3)
    """
    sizes = sorted(abs(value) for value in values if value)
    if not sizes:
        return Scale()
    middle = math.sqrt(sizes[0] * sizes[-1])
    fitting = [step for step in SMALL_PREFIXES if middle >= step[0]]
    divisor, prefix = fitting[0] if fitting else SMALL_PREFIXES[-1]
    return Scale(divisor, prefix, _decimals(sizes[0] / divisor, digits))


def percent_decimals(values: Iterable[float]) -> int:
    """Two decimals, or as many as it takes for the smallest nonzero share to show two digits.

    >>> percent_decimals([9.9, 0.27]), percent_decimals([9.9, 0.027])
    (2, 3)
    """
    sizes = [abs(value) for value in values if value]
    return max(2, _decimals(min(sizes), 2)) if sizes else 2


def _decimals(value: float, digits: int) -> int:
    """The decimals that show ``digits`` significant digits of ``value``."""
    return min(MOST_DECIMALS, max(0, digits - 1 - math.floor(math.log10(value))))
