"""A network that a paper names, counted in the ways that papers count: built with other options,
for other images or other classes, and with other things in its totals."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from srbench.catalog.lookup import find_backbone
from srbench.catalog.options import Choice, Flag, format_value
from srbench.claims.paper import Quantity
from srbench.claims.totals_of_papers import MOST, Total, totals
from srbench.spec.cases import Case, case_of
from srbench.spec.parse import Part, Spec, parse, values

if TYPE_CHECKING:
    from srbench.runner.tallies import Tally

CLASSES = (2, 10, 19, 20, 21, 80, 91, 100, 101, 200, 365, 1000, 1001, 21841)
WITHOUT_CLASSIFIER = "without the classifier"
WITHOUT_BLOCKS = "of the network without blocks"
_SIDES = (
    *(32, 64, 96, 112, 128, 160, 192, 224, 227, 240, 256, 288, 299, 300, 320, 331, 336, 380, 384),
    *(448, 480, 512, 513, 520, 600, 640, 769, 800, 1024),
)
SIZES = (
    *((side, side) for side in _SIDES),
    *((480, 640), (512, 1024), (800, 1333), (1024, 2048)),
)
_NEAR = 0.12  # how far a total at another size may lie from what its area says

Size = tuple[int, int]
Tallying = Callable[[Case], "Tally"]


class Way(NamedTuple):
    """A total and that of the network without blocks, in base units, and how they depart from what
    srbench counts, in words."""

    departures: tuple[str, ...]
    value: int
    baseline: int


@dataclass(frozen=True)
class Network:
    """A spec with the size and the number of classes that a paper gives, or else the usual ones.

    ``tallying`` counts the parts of a case: `srbench.runner.tallies.tally`, which remembers.
    """

    spec: Spec
    tallying: Tallying = field(repr=False)
    size: Size | None = None
    num_classes: int | None = None

    @cached_property
    def case(self) -> Case:
        """The network as srbench counts it. Raises SrbenchError if it has no such classes."""
        return case_of(self.spec, self.size, self.num_classes)

    @property
    def has_blocks(self) -> bool:
        return bool(self.spec.blocks)

    def own(self, quantity: Quantity) -> int:
        """srbench's own count, in base units."""
        return totals(quantity, _parts(self.tallying(self.case), quantity))[0].value

    def plain(self, quantity: Quantity) -> list[Way]:
        """The network as it is, with everything that papers put into its total; or, by mistake,
        the network without blocks."""
        found = _ways((), self.case, quantity, self.tallying)
        bare = [Way((WITHOUT_BLOCKS,), found[0].baseline, found[0].baseline)]
        return found + bare if self.has_blocks else found

    def rebuilt(self, quantity: Quantity) -> Iterator[Way]:
        """The same with another option of the network, or another number of classes."""
        for words, spec in ((), self.spec), *_with_other_options(self.spec):
            case = Case(spec, self.case.conditions)
            ways = _ways(words, case, quantity, self.tallying)
            if words:
                yield from ways
            yield from self._with_other_classes(case, ways, quantity)

    def sizes_near(self, quantity: Quantity, wanted: float) -> Iterator[Size]:
        """Other sizes, of those at which a total may be what is ``wanted``, since operations grow
        with the area."""
        case = self.case
        if case.conditions.inputs or (quantity == "params" and not self._grows):
            return
        own, now = self.own(quantity), (case.conditions.height, case.conditions.width)
        for size in SIZES:
            expected = own * size[0] * size[1] / (now[0] * now[1])
            is_near = quantity == "params" or abs(expected - wanted) < _NEAR * wanted
            if size != now and is_near:
                yield size

    def words_of_sizes(self, quantity: Quantity) -> frozenset[str]:
        """The departures of other sizes, if they make a difference."""
        is_changed = quantity == "macs" or self._grows
        return frozenset(map(_at, SIZES)) if is_changed else frozenset()

    def resized(self, quantity: Quantity, size: Size, with_options: bool) -> Iterator[Way]:
        """The network at another size; also ``with_options`` changed."""
        words = (_at(size),)
        options = _with_other_options(self.spec) if with_options else ()
        for more, spec in ((), self.spec), *options:
            other = case_of(spec, size, self.num_classes)
            yield from _ways((*words, *more), other, quantity, self.tallying)

    @cached_property
    def _grows(self) -> bool:
        """Whether its parameters depend on the size of the input, as SR's memories do."""
        height, width = self.case.conditions.height, self.case.conditions.width
        other = case_of(self.spec, (2 * height, 2 * width), self.num_classes)
        return self.tallying(other).params != self.tallying(self.case).params

    def _with_other_classes(self, case: Case, ways: list[Way], quantity: Quantity) -> Iterator[Way]:
        """Totals are straight lines in the number of classes: from one more, all are known."""
        now = case.conditions.num_classes
        if now is None:
            return
        bare = Case(case.spec.baseline, case.conditions)
        slopes = _slopes(bare, quantity, self.tallying)
        for classes in (0, *CLASSES):
            words = f"with {classes:,} classes" if classes else WITHOUT_CLASSIFIER
            for way in ways:
                kept = tuple(one for one in way.departures if one in slopes.words)
                slope = slopes.of.get(kept)
                if classes != now and slope and len(way.departures) < MOST:
                    more = slope * (classes - now)
                    yield Way((*way.departures, words), way.value + more, way.baseline + more)


class _Slopes(NamedTuple):
    """How much each total grows with each class, by its departures, and all words in these."""

    of: Mapping[tuple[str, ...], int]
    words: frozenset[str]


@lru_cache(maxsize=64)
def _slopes(case: Case, quantity: Quantity, tallying: Tallying) -> _Slopes:
    """From the network with one and two classes more; none if the line is not straight."""
    classes = case.conditions.num_classes
    assert classes is not None
    first, second, third = (
        _by_departures(tallying(_with_classes(case, classes + more)), quantity) for more in range(3)
    )
    found = {
        words: second[words] - value
        for words, value in first.items()
        if second[words] - value == third[words] - second[words]
    }
    return _Slopes(found, frozenset(word for words in found for word in words))


def _by_departures(tally: "Tally", quantity: Quantity) -> dict[tuple[str, ...], int]:
    found = totals(quantity, _parts(tally, quantity), with_idle=True)
    return {one.departures: one.value for one in found}


def _ways(words: tuple[str, ...], case: Case, quantity: Quantity, tallying: Tallying) -> list[Way]:
    baseline = tallying(Case(case.spec.baseline, case.conditions))
    without = _by_departures(baseline, quantity)
    found: list[Total] = totals(quantity, _parts(tallying(case), quantity))
    return [
        Way((*words, *one.departures), one.value, without[one.departures])
        for one in found
        if len(words) + len(one.departures) <= MOST and one.departures in without
    ]


def _parts(tally: "Tally", quantity: Quantity) -> Mapping[str, int]:
    return tally.params if quantity == "params" else tally.macs


def _at(size: Size) -> str:
    return f"at {size[0]}×{size[1]}"


def _with_classes(case: Case, classes: int) -> Case:
    """The case with another number of classes, which some networks have as an option."""
    size = (case.conditions.height, case.conditions.width)
    option = find_backbone(case.spec.backbone.name).classes
    if option:
        return case_of(_with_option(case.spec, option, str(classes)), size)
    return case_of(case.spec, size, classes)


def _with_other_options(spec: Spec) -> Iterator[tuple[tuple[str, ...], Spec]]:
    """The spec with another value of one option that has few, such as ``stride=v1``; not of one
    that makes it a network for other images."""
    backbone = find_backbone(spec.backbone.name)
    now = values(spec.backbone, backbone.options, backbone)
    others = {one.option for one in backbone.changes if "input_size" in one.fields}
    for option in backbone.options:
        if isinstance(option, (Choice, Flag)) and option.name not in others:
            for value in option.words(backbone.stage_names):
                if value != format_value(now[option.name]):
                    words = (f"with {option.name}={value}",)
                    yield words, _with_option(spec, option.name, value)


def _with_option(spec: Spec, name: str, value: str) -> Spec:
    options = dict(spec.backbone.options) | {name: value}
    return parse(str(Spec(Part(spec.backbone.name, tuple(options.items())), spec.blocks)))
