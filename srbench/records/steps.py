"""What the figures of a table were over its versions: every change of a count or a time is a step.

A pure function of the versions; `srbench.tables.history` reads these from git.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from srbench.conditions import PASSES, Setup
from srbench.records.counts import COMPARED
from srbench.records.explain import differs
from srbench.records.record import Record, RowKey
from srbench.records.timing import Estimate

Kind = Literal["new", "changed", "gone", "held"]
COUNTS = ""  # stands for the file with the counts, where those of times have a machine's name


@dataclass(frozen=True)
class Commit:
    """A commit: its whole and its short hash, the committer's date (``2026-01-31``) and the first
    line of its message; all are empty for what is not committed yet.

    ``place`` is that among the commits, 0 for the oldest. A ``beginning`` is where a shallow clone
    begins: what is there may be older.
    """

    hash: str = ""
    short: str = ""
    date: str = ""
    subject: str = ""
    place: int = 0
    is_beginning: bool = False


@dataclass(frozen=True)
class Version:
    """A table as it was at a commit: the records of its counts (at `COUNTS`), and of its times by
    machine. Files that are ``damaged`` have lines that are no records."""

    commit: Commit
    records: Mapping[str, Sequence[Record]]
    damaged: frozenset[str] = field(default=frozenset())


class Track(NamedTuple):
    """What is followed over the versions: a row's counts, or the times of one of its passes on a
    machine, run in one way."""

    row: RowKey
    machine: str = COUNTS
    pass_name: str = ""
    setup: Setup | None = None


@dataclass(frozen=True)
class Step:
    """A change of a row's counts, or of a pass's times, with the records before and after it; None
    where there is none.

    ``reason`` is the reason with which this change was accepted; empty if none was given.
    """

    commit: Commit
    track: Track
    before: Record | None
    after: Record | None
    reason: str = ""

    @property
    def kind(self) -> Kind:
        """Whether the figures are new, changed or gone, or are those with which a shallow clone
        begins (``held``)."""
        if self.after is None:
            return "gone"
        if self.before is None:
            return "held" if self.commit.is_beginning else "new"
        return "changed"

    @property
    def record(self) -> Record:
        """The record after the step, or the last one there was."""
        record = self.after or self.before
        assert record is not None
        return record

    @property
    def seconds(self) -> tuple[Estimate | None, Estimate | None]:
        """The pass's median time before and after, in seconds; None where there is none."""
        return _seconds(self.before, self.track), _seconds(self.after, self.track)

    def count(self, metric: str) -> tuple[int | None, int | None]:
        """A count before and after, such as that of ``params``; None where there is none."""
        return _count(self.before, metric), _count(self.after, metric)


def steps(versions: Iterable[Version]) -> list[Step]:
    """The steps between versions, which are given from the oldest on, and what the first one has.

    The newest come first; those of one commit are in the order of its records, and what it dropped
    comes last. A row that is missing beside damaged lines is taken to be in these.
    """
    found: list[list[Step]] = []
    before: dict[Track, Record] = {}
    given: set[tuple[Track, str, str]] = set()
    for version in versions:
        kept = {track: one for track, one in before.items() if track.machine in version.damaged}
        now = _tracks(version)
        now |= {track: one for track, one in kept.items() if track not in now}
        found.append(list(_between(version.commit, before, now, given)))
        given |= {_with_reason(track, record) for track, record in now.items()}
        before = now
    return [step for of_version in reversed(found) for step in of_version]


def have_changed(found: Iterable[Step]) -> bool:
    """Whether anything changed after the first commit."""
    return len({step.commit for step in found}) > 1


def _tracks(version: Version) -> dict[Track, Record]:
    """The counts and the times of a version; of several records alike the first."""
    found: dict[Track, Record] = {}
    for machine, records in version.records.items():
        for record in records:
            for track in _of_record(machine, record):
                found.setdefault(track, record)
    return found


def _of_record(machine: str, record: Record) -> Iterator[Track]:
    if machine == COUNTS and record.counts:
        yield Track(record.row)
    elif machine != COUNTS and record.timing and record.timing.role != "aa":
        for pass_name in PASSES:
            if pass_name in record.timing.passes:
                yield Track(record.row, machine, pass_name, record.timing.setup)


def _between(
    commit: Commit,
    before: Mapping[Track, Record],
    now: Mapping[Track, Record],
    given: Set[tuple[Track, str, str]],
) -> Iterator[Step]:
    for track in dict.fromkeys([*now, *before]):
        old, new = before.get(track), now.get(track)
        if old is new:
            continue
        # A record that returns, as after a revert, has the reason of an earlier step.
        is_new = new is not None and _with_reason(track, new) not in given
        reason = new.reason if new is not None and is_new else ""
        if old is None or new is None or _is_step(track, old, new, reason):
            yield Step(commit, track, old, new, reason)


def _is_step(track: Track, old: Record, new: Record, reason: str) -> bool:
    """Whether figures differ, or a change of something else was accepted with a reason."""
    if track.machine != COUNTS:
        return _seconds(old, track) != _seconds(new, track)
    if any(_count(old, metric) != _count(new, metric) for metric in COMPARED):
        return True
    return bool(reason) and differs(old, new)


def _with_reason(track: Track, record: Record) -> tuple[Track, str, str]:
    """What tells a reason that was given anew from one that was kept: when the record was made."""
    return track, record.made, record.reason


def _count(record: Record | None, metric: str) -> int | None:
    counts = record.counts if record else None
    return getattr(counts, metric) if counts else None


def _seconds(record: Record | None, track: Track) -> Estimate | None:
    timing = record.timing if record else None
    return timing.passes[track.pass_name].seconds if timing else None
