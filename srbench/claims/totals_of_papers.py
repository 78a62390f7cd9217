"""What papers put into a total: the parts of a count, with what is added and what is left out."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import NamedTuple

from srbench.claims.paper import Quantity
from srbench.records.tools import TOOLS

MOST = 3  # departures from srbench's own way to count


class Total(NamedTuple):
    """A total in base units, and how it departs from srbench's own, in words."""

    departures: tuple[str, ...]
    value: int


class _Change(NamedTuple):
    """What a departure changes: times a family of the count."""

    words: str
    family: str
    times: int


# Of each line one may be chosen.
_MACS = (
    (_Change("with biases", "biases", 1),),
    (
        _Change("with norms (one for each element)", "norms", 1),
        _Change("with norms (two for each element)", "norms", 2),
        _Change("with norms (four for each element)", "norms", 4),
    ),
    (_Change("with activations", "activations", 1),),
    (_Change("with elementwise additions", "additions", 1),),
    (_Change("with elementwise multiplications", "multiplications", 1),),
    (_Change("with poolings", "poolings", 1),),
)
AS_TOOL = "as "  # before the name of a tool that counts so
BLOCKS_WITHOUT_BIASES = "without the blocks' biases"
_PARAMS = (
    (
        _Change("without biases", "biases", -1),
        _Change(BLOCKS_WITHOUT_BIASES, "block_biases", -1),
    ),
    (
        _Change("without norms", "norms", -1),
        _Change("with the running statistics of norms", "statistics", 1),
    ),
)
# These count what srbench does, once or twice, or in most networks what another one does.
_NOT_APART = ("torch", "calflops-macs", "deepspeed-macs", "deepspeed-flops")


def totals(quantity: Quantity, parts: Mapping[str, int], with_idle: bool = False) -> list[Total]:
    """Every total that the parts of a count (`srbench.runner.tallies.Tally`) make with at most
    `MOST` departures; srbench's own is first.

    Departures that change nothing are left out, unless ``with_idle``.
    """
    if quantity == "params":
        return list(_combined(parts["total"], _PARAMS, parts, with_idle))
    found = list(_combined(parts["products"], _MACS, parts, with_idle))
    found.append(Total(("of convolutions alone",), parts["convolutions"]))
    found += (
        Total((f"{AS_TOOL}{tool.title} counts",), parts[name])
        for name, tool in TOOLS.items()
        if name in parts and name not in _NOT_APART
    )
    return found


def _combined(
    whole: int,
    changes: Sequence[Sequence[_Change]],
    parts: Mapping[str, int],
    with_idle: bool,
) -> Iterator[Total]:
    useful = [[one for one in line if with_idle or parts[one.family]] for line in changes]
    for chosen in product(*([None, *line] for line in useful)):
        made = [one for one in chosen if one]
        if len(made) <= MOST:
            value = whole + sum(one.times * parts[one.family] for one in made)
            yield Total(tuple(one.words for one in made), value)
