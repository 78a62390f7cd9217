"""Measures the rows missing from a file of records; each is saved as soon as it is measured."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from srbench.conditions import Plan, Setup
from srbench.errors import SpecError
from srbench.records import environment
from srbench.records.counts import has
from srbench.records.environment import TORCH, UNUSUAL, VERSIONS
from srbench.records.record import UNKNOWN, Record, RowKey
from srbench.records.record_file import RecordFile
from srbench.records.schema import COUNTER
from srbench.spec.cases import Case
from srbench.spec.parse import parse

if TYPE_CHECKING:
    from srbench.measure.devices import Device

SAME_MACHINE = (*VERSIONS, "cpu", "gpu", "driver", *TORCH, *UNUSUAL)


class Counter:
    """Counts each row once, even if several tables have it; loads torch when it is first used.

    ``detailed`` counts hold everything that explains a difference.
    """

    def __init__(
        self, say: Callable[[str], object] = lambda text: None, detailed: bool = True
    ) -> None:
        self._counted: dict[RowKey, Record] = {}
        self._fingerprints: dict[RowKey, str] = {}
        self._begun: set[RowKey] = set()
        self._say = say
        self._detailed = detailed

    def __call__(self, row: RowKey, needs: Collection[str] = ()) -> Record:
        """A row's record, with the fields of its counts that it ``needs``. Its status says why, if
        this version does not know the spec or cannot build or count it."""
        known = self._counted.get(row)
        if known is None or (known.counts and not has(known.counts, needs)):
            self._counted[row] = self._count(row, needs)
        return self._counted[row]

    def fingerprint(self, row: RowKey) -> str:
        """The fingerprint of the code that would be counted; `UNKNOWN` if it cannot be built."""
        if row in self._counted:
            return self._counted[row].fingerprint
        if row not in self._fingerprints:
            self._fingerprints[row] = self._fingerprint(row)
        return self._fingerprints[row]

    def _count(self, row: RowKey, needs: Collection[str]) -> Record:
        self._begin(row)
        try:
            case = Case.of(row)
        except SpecError as error:  # the record is of another version
            return Record(
                **row._asdict(),
                baseline=row.spec,
                counts=None,
                environment={},
                status=f"failed: {error}",
            )
        from srbench.runner import counting  # loads torch

        extras = counting.Extras.needed(needs, self._detailed)
        (record,) = counting.run([case], extras)
        return record

    def _fingerprint(self, row: RowKey) -> str:
        self._begin(row)
        try:
            case = Case.of(row)
        except SpecError:
            return UNKNOWN
        from srbench.runner import counting  # loads torch

        return counting.fingerprint_of(case)

    def _begin(self, row: RowKey) -> None:
        if row not in self._begun:
            self._begun.add(row)
            self._say(str(row))

    def is_current(self, record: Record | None, needs: Collection[str] = ()) -> bool:
        """Whether a record has counts of the code as it is now, by the counter of now, with all
        that it ``needs``."""
        if record is None or record.counts is None or record.fingerprint == UNKNOWN:
            return False
        if record.counts.counter != COUNTER or not has(record.counts, needs):
            return False
        return record.fingerprint == self.fingerprint(record.row)


def comparisons(rows: Iterable[RowKey]) -> Iterator[list[RowKey]]:
    """Rows that are timed together: a baseline with its variants, for one input."""
    for _, group in groupby(rows, lambda row: (parse(row.spec).baseline, row[1:])):
        yield list(group)


def time_missing(
    fingerprints: Mapping[RowKey, str],
    file: RecordFile,
    device: "Device",
    setup: Setup,
    plan: Plan,
    say: Callable[[str, str], object],
) -> Iterator[Record]:
    """Time the comparisons in which the code of a row, by its fingerprint, was not yet timed on
    this machine with these versions and settings of torch. Yields each record once it is in the
    file.

    Raises SrbenchError if the file cannot be written.
    """
    from srbench.measure.pinning import pinned  # loads torch

    with pinned(setup) as held:
        facts = environment.facts() | device.facts | dict(held.flags)
    for group in comparisons(fingerprints):
        file.refresh()
        if all(is_timed(row, fingerprints[row], file.records, setup, facts) for row in group):
            continue
        file.require_writable()
        for record in _time(group, device, setup, plan, say):
            file.put(record)
            yield record


def is_timed(
    row: RowKey, fingerprint: str, records: Sequence[Record], setup: Setup, facts: dict[str, Any]
) -> bool:
    """Whether a row's code was timed with this setup on this machine, with these versions."""
    return fingerprint != UNKNOWN and any(
        record.row == row
        and record.timing is not None
        and record.timing.setup == setup
        and record.status == "ok"
        and record.fingerprint == fingerprint
        and same_environment(record, facts)
        for record in records
    )


def same_environment(record: Record, facts: dict[str, Any]) -> bool:
    """Whether a record was measured on the machine, and with the versions and settings, of the
    facts."""
    known = record.environment
    model = facts.get("cpu_model")  # which records of an older srbench do not have
    return known.get("cpu_model", model) == model and all(
        known.get(name) == facts.get(name) for name in SAME_MACHINE
    )


def _time(
    group: Sequence[RowKey],
    device: "Device",
    setup: Setup,
    plan: Plan,
    say: Callable[[str, str], object],
) -> Iterator[Record]:
    from srbench.runner import timing  # loads torch

    wanted = [Case.of(row) for row in group]
    yield from timing.run(
        wanted, setup, plan, device, with_memory=False, with_energy=False, say=say
    )
