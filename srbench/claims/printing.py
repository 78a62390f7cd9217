"""How papers print a total: in which units, and how they round."""

from collections.abc import Iterator
from typing import NamedTuple

from srbench.claims.paper import Quantity

_BINARY = {10**3: 2**10, 10**6: 2**20, 10**9: 2**30, 10**12: 2**40}
_DECIMAL = {two: ten for ten, two in _BINARY.items()}
IN_WORDS = {
    1: "in units of 1",
    **{10 ** (3 * n): f"in units of 10^{3 * n}" for n in range(1, 5)},
    **{2 ** (10 * n): f"in units of 2^{10 * n}" for n in range(1, 5)},
}

TWICE = "with two for each multiply-add"
HALF = "halved"
TRUNCATED = "truncated"
BASELINE_FIRST = "with the block's cost added to the rounded baseline"
ON_PRINTED = "with the block's cost added to the printed baseline"
COARSELY = "rounded to {}"


def other_unit(unit: int) -> int | None:
    """The unit of powers of two for one of powers of ten, and the other way round."""
    return _BINARY.get(unit) or _DECIMAL.get(unit)


class Baseline(NamedTuple):
    """The same total of the network without blocks, and how the paper prints it, in units of the
    last digit; None if it does not."""

    value: int
    digits: int | None = None


class Written(NamedTuple):
    """A number as it would be printed, in units of its last digit, and the departures."""

    departures: tuple[str, ...]
    digits: int


def written(
    quantity: Quantity, value: int, baseline: Baseline | None, unit: int, decimals: int, most: int
) -> Iterator[Written]:
    """Every way to print a total with so many decimals and at most so many departures; the usual
    one is first."""
    for ratio in _ratios(quantity, unit, decimals, most):
        above, below, known = ratio.above * value, ratio.below, ratio.departures
        for digits in _nearest(above, below):
            yield Written(known, digits)
        if not known and most:
            yield from _in_wrong_unit(ratio, value)
        if len(known) < most:
            yield Written((*known, TRUNCATED), above // below)
            if baseline is not None and baseline.value != value:
                yield from _added(ratio, value, baseline)
            if decimals == 0:
                yield from _coarse(ratio, value)


class _Ratio(NamedTuple):
    above: int
    below: int
    departures: tuple[str, ...] = ()


_FACTORS = {
    "params": (_Ratio(1, 1),),
    "macs": (_Ratio(1, 1), _Ratio(2, 1, (TWICE,)), _Ratio(1, 2, (HALF,))),
}


def _ratios(quantity: Quantity, unit: int, decimals: int, most: int) -> Iterator[_Ratio]:
    """What a total is multiplied with to get its digits."""
    other = other_unit(unit)
    units = [(unit, ()), *([(other, (IN_WORDS[other],))] if other else [])]
    for factor in _FACTORS[quantity]:
        for one, words in units:
            known = (*factor.departures, *words)
            if len(known) <= most:
                yield _Ratio(factor.above * 10**decimals, factor.below * one, known)


def _in_wrong_unit(ratio: _Ratio, value: int) -> Iterator[Written]:
    """In thousands, or thousandths, of the unit that the head gives."""
    unit = ratio.below
    for other in (unit * 1000, unit // 1000, unit // 10**6):
        if other in IN_WORDS:
            above = ratio.above * value
            yield from (Written((IN_WORDS[other],), digits) for digits in _nearest(above, other))


def _added(ratio: _Ratio, value: int, baseline: Baseline) -> Iterator[Written]:
    """What blocks cost, added to the baseline as it is printed, or else as it is rounded."""
    firsts = [
        (first, BASELINE_FIRST) for first in _nearest(ratio.above * baseline.value, ratio.below)
    ]
    if baseline.digits is not None:
        firsts.append((baseline.digits, ON_PRINTED))
    for first, words in firsts:
        above = first * ratio.below + ratio.above * (value - baseline.value)
        for digits in _nearest(above, ratio.below):
            yield Written((*ratio.departures, words), digits)


def _coarse(ratio: _Ratio, value: int) -> Iterator[Written]:
    """Rounded to tens, hundreds or thousands."""
    for zeros in (1, 2, 3):
        for digits in _nearest(ratio.above * value, ratio.below * 10**zeros):
            if digits:
                words = COARSELY.format(f"{10**zeros:,}")
                yield Written((*ratio.departures, words), digits * 10**zeros)


def _nearest(above: int, below: int) -> tuple[int, ...]:
    """The nearest whole number to a ratio; both, if it lies in the middle between two."""
    whole, rest = divmod(above, below)
    if 2 * rest == below:
        return whole, whole + 1
    return (whole + (2 * rest > below),)
