"""Measures the rows that a file of records lacks; each is kept as soon as it is measured."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from srbench.comparison import Case
from srbench.conditions import Conditions, Plan, Setup
from srbench.environment import VERSIONS, fingerprint
from srbench.filing import RecordFile
from srbench.records import Record, Row
from srbench.spec import parse

if TYPE_CHECKING:
    from srbench.measure.devices import Device

SAME_MACHINE = (*VERSIONS, "cpu", "gpu", "driver")

Count = Callable[[Row], Record]


def case_of(row: Row) -> Case:
    """A row's spec, and what it is measured under."""
    channels, height, width = row.input
    return Case(parse(row.spec), Conditions(height, width, row.num_classes, channels))


class Counter:
    """Counts rows, each once, however many tables have it; loads torch when it is first used.

    ``detailed`` counts hold everything that explains a difference.
    """

    def __init__(
        self, say: Callable[[str], object] = lambda text: None, detailed: bool = True
    ) -> None:
        self._known: dict[Row, Record] = {}
        self._say = say
        self._detailed = detailed

    def __call__(self, row: Row) -> Record:
        """A row's record.

        Raises SrbenchError for a spec that this version does not know or cannot build.
        """
        if row not in self._known:
            case = case_of(row)
            self._say(str(row))
            from srbench.runner import counting  # loads torch

            (self._known[row],) = counting.run([case], detailed=self._detailed)
        return self._known[row]


def comparisons(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Rows that are timed together: a baseline with its variants, under one input."""
    for _, group in groupby(rows, lambda row: (parse(row.spec).baseline, row[1:])):
        yield list(group)


def time_missing(
    rows: Iterable[Row],
    file: RecordFile,
    device: "Device",
    setup: Setup,
    plan: Plan,
    say: Callable[[str, str], object],
) -> None:
    """Time the comparisons of which a row has no times on this machine, with these versions.

    Raises SrbenchError for what cannot be built, and for a file that cannot be written.
    """
    facts = fingerprint() | device.facts
    for group in comparisons(rows):
        if all(is_timed(row, file.records, setup, facts) for row in group):
            continue
        file.require_writable()
        for record in _time(group, device, setup, plan, say):
            file.put(record)


def is_timed(row: Row, records: Sequence[Record], setup: Setup, facts: dict[str, Any]) -> bool:
    """Whether a row was timed so on this machine, with these versions."""
    return any(
        record.row == row
        and record.timing is not None
        and record.timing.setup == setup
        and record.status == "ok"
        and same_environment(record, facts)
        for record in records
    )


def same_environment(
    record: Record, facts: dict[str, Any], names: Iterable[str] = SAME_MACHINE
) -> bool:
    """Whether a record was measured with the versions, and on the machine, that the facts name."""
    return all(record.environment.get(name) == facts.get(name) for name in names)


def _time(
    group: Sequence[Row],
    device: "Device",
    setup: Setup,
    plan: Plan,
    say: Callable[[str, str], object],
) -> Iterator[Record]:
    from srbench.runner import timing  # loads torch

    wanted = [case_of(row) for row in group]
    yield from timing.run(
        wanted, setup, plan, device, with_memory=False, with_energy=False, say=say
    )
