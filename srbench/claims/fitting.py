"""Finds how a printed figure comes about: which totals of a network are printed as these digits."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from srbench.claims.networks import Network, Size, Way
from srbench.claims.paper import Quantity
from srbench.claims.printing import ON_PRINTED, Baseline, other_unit, written
from srbench.claims.totals_of_papers import MOST

_NEARBY = 0.1  # how far from a figure others are, of which some would fit by chance

Departures = tuple[str, ...]
Found = Mapping[Departures, int]  # totals in base units that are printed so, by how they depart


@dataclass(frozen=True)
class Print:
    """How the figures of a network are printed: the quantity, its unit, and the decimals. A network
    with blocks may have a printed ``baseline``, whose digits these are, without their point."""

    network: Network
    quantity: Quantity
    unit: int
    decimals: int
    baseline: int | None = None


@dataclass(frozen=True)
class Figures:
    """Every figure that some way to count and to print would give."""

    form: Print

    @cached_property
    def plain(self) -> dict[int, dict[Departures, int]]:
        """By the digits, without their point: the network as it is."""
        return self._index(self.form.network.plain(self.form.quantity))

    @cached_property
    def every(self) -> dict[int, dict[Departures, int]]:
        """The same, and the network with other options and other numbers of classes."""
        return self._index(chain(self.form.network.plain(self.form.quantity), self._rebuilt))

    @cached_property
    def _rebuilt(self) -> list[Way]:
        return list(self.form.network.rebuilt(self.form.quantity))

    @cached_property
    def words(self) -> frozenset[str]:
        """The departures that make a difference for this network."""
        found = chain.from_iterable(self.every.values())
        sizes = self.form.network.words_of_sizes(self.form.quantity)
        return frozenset(chain.from_iterable(found)) | sizes

    @cached_property
    def of_network(self) -> frozenset[str]:
        """Those of the departures that build another network, of other parameters."""
        own = self.form.network.own(self.form.quantity)
        alone = (way for way in self._rebuilt if len(way.departures) == 1)
        return frozenset(way.departures[0] for way in alone if way.value != own)

    def holds(self, digits: int) -> bool:
        """Whether srbench's own count is printed so."""
        return () in self.plain.get(digits, {})

    def fits(self, digits: int) -> dict[Departures, int]:
        """The ways in which the digits come about; sizes of the input are tried if few are
        found."""
        found = dict(self.every.get(digits, {}))
        own = [way for way in found if ON_PRINTED not in way]  # else it says little by itself
        if min(map(len, own), default=MOST) > 1:
            found |= self._resized(digits, bool(own))
        return found

    def _resized(self, digits: int, is_found: bool) -> dict[Departures, int]:
        """At other sizes; in other units, twice or half as large, and with other options only if
        nothing is found."""
        form = self.form
        size = digits * form.unit / 10**form.decimals
        other = other_unit(form.unit) or form.unit
        scales = (1.0,) if is_found else (1.0, other / form.unit)
        factors = (1.0,) if is_found or form.quantity == "params" else (1.0, 0.5, 2.0)
        wanted = dict.fromkeys(size * scale * factor for scale in scales for factor in factors)
        found: dict[Departures, int] = {}
        for one in dict.fromkeys(
            n for w in wanted for n in form.network.sizes_near(form.quantity, w)
        ):
            found |= self._at(one, not is_found).get(digits, {})
        return found

    def _at(self, size: Size, with_options: bool) -> dict[int, dict[Departures, int]]:
        """By the digits: the network at another size, also with other options."""
        key = (size, with_options)
        if key not in self._sizes:
            ways = self.form.network.resized(self.form.quantity, size, with_options)
            self._sizes[key] = self._index(ways)
        return self._sizes[key]

    @cached_property
    def _sizes(self) -> dict[tuple[Size, bool], dict[int, dict[Departures, int]]]:
        return {}

    def chance(self, digits: int, departures: int) -> float:
        """The share of the figures nearby, which somebody might make up, that come about with at
        most so many departures."""
        first, last = round(digits * (1 - _NEARBY)), round(digits * (1 + _NEARBY))
        fitting = (
            min(map(len, found)) <= departures
            for other, found in self.every.items()
            if first <= other <= last and other != digits
        )
        return min(1.0, sum(fitting) / max(1, last - first))

    def _index(self, ways: Iterable[Way]) -> dict[int, dict[Departures, int]]:
        found: dict[int, dict[Departures, int]] = defaultdict(dict)
        form, has_blocks = self.form, self.form.network.has_blocks
        for way in ways:
            left = MOST - len(way.departures)
            baseline = Baseline(way.baseline, form.baseline) if has_blocks else None
            for departures, digits in written(
                form.quantity, way.value, baseline, form.unit, form.decimals, left
            ):
                found[digits].setdefault((*way.departures, *departures), way.value)
        return dict(found)
