"""The note below a table about overheads that are undecided."""

from collections.abc import Iterable, Iterator, Sequence

from srbench.conditions import PASSES
from srbench.errors import alternatives
from srbench.records.overhead import Overhead, overhead
from srbench.records.record import Record

LONGER = "To decide, give a larger --time-budget, or more --rounds or --processes."
AGAIN = (
    "To decide, time them again for longer: with a larger --time-budget and a new file of records, "
    "or by srbench latency with more --rounds or --processes."
)
WHY = {
    "undecided": (
        "the interval contains 0 and reaches further than {reach} to a side of the estimate"
    ),
    "no interval": "there are too few placements or processes for an interval (n=…)",
}


def overheads(records: Iterable[Record], passes: Iterable[str] = PASSES) -> list[Overhead]:
    """The overheads that a table has for these passes."""
    passes = list(passes)
    timings = [record.timing for record in records if record.timing]
    found = (overhead(timing, pass_name) for timing in timings for pass_name in passes)
    return [one for one in found if one]


def undecided(found: Sequence[Overhead], called: str, remedy: str) -> Iterator[str]:
    """How many are undecided, why, and the ``remedy``; nothing if all are decided."""
    verdicts = [one.verdict for one in found if one.verdict in WHY]
    if verdicts:
        which = "all" if len(verdicts) == len(found) else f"{len(verdicts)} of {len(found)}"
        why = ", or ".join(why for verdict, why in WHY.items() if verdict in verdicts)
        reach = reaching(one.precision for one in found)
        yield f"Undecided, {which} {called}: {why.format(reach=reach)}. {remedy}"


def reaching(precisions: Iterable[float]) -> str:
    """How far an interval around 0 may reach to either side of its estimate to mean no difference.

    >>> reaching([0.02, 0.01])
    '1 or 2 %'
    """
    return f"{alternatives([f'{100 * precision:g}' for precision in sorted({*precisions})])} %"
