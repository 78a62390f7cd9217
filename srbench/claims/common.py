"""What the figures of a column have in common: a paper counts and prints a column in one way."""

from collections import Counter
from collections.abc import Sequence
from functools import cached_property

from srbench.claims.fitting import Departures, Figures, Found, Print
from srbench.claims.printing import IN_WORDS, other_unit
from srbench.claims.totals_of_papers import AS_TOOL
from srbench.records.claim import SUPPORT

ALONE = 2  # departures that a figure may have by itself; more need the support of its column
_SAMPLE = 400  # figures that are asked


class Known:
    """A printed figure: its digits without their point, and all that its network could give."""

    def __init__(
        self, figures: Figures, digits: int, unlikely: frozenset[str] = frozenset()
    ) -> None:
        self.figures = figures
        self.digits = digits
        self.unlikely = unlikely  # departures that another column speaks against

    @property
    def holds(self) -> bool:
        """Whether srbench's own count is printed so."""
        return self.figures.holds(self.digits)

    @cached_property
    def fits(self) -> Found:
        """All ways in which it comes about."""
        return self.figures.fits(self.digits)

    def comes_about(self, departures: Departures) -> bool:
        """Whether it comes about in this way, or in what of it makes a difference here."""
        return self.reduced(departures) in self.fits

    @property
    def spoken_against(self) -> frozenset[str]:
        """The other options and classes with which this figure does not come about, although they
        would change it: then the network of the row is not built so."""
        if not self.fits:
            return frozenset()
        return self.figures.of_network.difference(*self.fits)

    def reduced(self, departures: Departures) -> Departures:
        """Without the departures that make no difference to its network."""
        return tuple(one for one in departures if one in self.figures.words)


class Common:
    """How many figures of a column come about in each way, and which unit they are in."""

    def __init__(self, figures: Sequence[Known]) -> None:
        sample = figures[:: max(1, len(figures) // _SAMPLE)]
        seen = Counter(way for one in sample for way in one.fits if way)
        often = [way for way, times in seen.items() if times > 1]
        self._of = {way: sum(one.comes_about(way) for one in sample) for way in often}
        self._figures = len(sample)
        self._reduced: dict[Print, dict[Departures, int]] = {}
        self._unit = _unit(sample)

    def support(self, figure: Known, departures: Departures) -> int:
        """How many figures support a way that this one comes about in."""
        return self._supported(figure).get(departures, 1)

    def _supported(self, figure: Known) -> dict[Departures, int]:
        """The support of each way, without what makes no difference to a network."""
        known = self._reduced.get(figure.figures.form)
        if known is None:
            known = self._reduced[figure.figures.form] = {}
            for way, number in self._of.items():
                reduced = figure.reduced(way)
                known[reduced] = max(number, known.get(reduced, 1))
        return known

    def ranked(self, figure: Known) -> list[Departures]:
        """The ways in which a figure comes about: the simplest first, of which what all of a column
        has in common is worth two departures; what another column speaks against comes last.

        Ways that say no more than a simpler one are left out, and so are ways of many departures
        that little of the column supports.
        """
        support = {way: self.support(figure, way) for way in figure.fits if way}
        enough = max(SUPPORT, self._figures / 2)
        found = {
            way: supported
            for way, supported in support.items()
            if self._departures(way) <= ALONE or supported >= enough
        }
        least = [way for way in found if not any({*other} < {*way} for other in found)]

        def rank(way: Departures) -> tuple[bool, float, int, int, Departures]:
            shared = found[way] if found[way] >= SUPPORT else 0
            number = self._departures(way)
            is_unlikely = bool(figure.unlikely.intersection(way))
            tools = sum(one.startswith(AS_TOOL) for one in way)  # a plain reason comes first
            return is_unlikely, number - 2 * shared / self._figures, number, tools, way

        return sorted(least, key=rank)

    def _departures(self, way: Departures) -> int:
        """Their number; the unit of the whole column is none, but another unit is."""
        if self._unit is None:
            return len(way)
        return len(way) - 1 if self._unit in way else len(way) + 1


def _unit(figures: Sequence[Known]) -> str | None:
    """The other unit, 2^30 for 10^9, if more figures come about in it than without it."""
    words = {_other(one) for one in figures}
    if len(words) != 1 or None in words:
        return None
    (word,) = words
    simple = [[way for way in one.fits if len(way) <= ALONE] for one in figures]
    within = sum(any(word in way for way in ways) for ways in simple)
    without = sum(any(word not in way for way in ways) for ways in simple)
    return word if within > without else None


def _other(figure: Known) -> str | None:
    other = other_unit(figure.figures.form.unit)
    return IN_WORDS[other] if other else None
