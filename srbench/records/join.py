"""Joins the records of a row: its counts, its baseline's counts, its times, its trainings, and
published figures."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from srbench.records.record import UNKNOWN, Record, RowKey
from srbench.records.runs import Runs, runs_of
from srbench.records.schema import Kind

OUTDATED: dict[Kind, str] = {
    "timed": "was timed with other code than it was counted with; those times are left out",
    "trained": "was trained with other code than it was counted with; those runs are left out",
}


@dataclass(frozen=True)
class Row:
    """All that is known about a row; ``baseline`` holds the counts of the model without blocks.

    ``trainings`` are its runs, regime by regime. ``outdated`` are times and runs of other code than
    was counted, which do not belong to this row.
    ``older`` are the backbones and blocks that other rows have newer code of: these rows cannot be
    compared with this one.
    """

    row: RowKey
    counts: Record | None = None
    baseline: Record | None = None
    timing: Record | None = None
    published: Record | None = None
    outdated: tuple[Record, ...] = ()
    older: tuple[str, ...] = ()
    trainings: tuple[Runs, ...] = ()

    @cached_property
    def records(self) -> tuple[Record, ...]:
        found = (self.counts, self.timing, self.published)
        trained = (record for runs in self.trainings for record in runs.records)
        return (*(record for record in found if record), *trained)

    def runs(self, share: float | None = None) -> Runs | None:
        """The runs with that share of the training images; without one those with all of them, or
        else the first there are."""
        found = sorted(self.trainings, key=lambda one: -one.regime.share)
        return next((one for one in found if share in (None, one.regime.share)), None)

    @cached_property
    def is_baseline(self) -> bool:
        return any(record.spec == record.baseline for record in self.records)

    @cached_property
    def doubts(self) -> tuple[str, ...]:
        """Why the row cannot be compared with others, apart from its records' warnings."""
        older = f"was measured with older code of {', '.join(self.older)} than other rows"
        beside = f"Δ is the difference from {self.baseline_spec}, whose count has a warning"
        return (
            *dict.fromkeys(OUTDATED[record.kind] for record in self.outdated),
            *([f"{older}, and cannot be compared with them"] if self.older else []),
            *([beside] if self._is_beside_a_warning else []),
        )

    @cached_property
    def is_doubtful(self) -> bool:
        """Whether anything is wrong with the row, so that it cannot be the best of its table."""
        wrong = any(record.warnings or record.status != "ok" for record in self.records)
        return wrong or bool(self.doubts)

    @property
    def _is_beside_a_warning(self) -> bool:
        return bool(self.baseline and self.baseline.warnings) and self.delta("params") is not None

    @property
    def baseline_spec(self) -> str:
        """The spec that the row is compared with: its own if it has no records."""
        return next((record.baseline for record in self.records), self.row.spec)

    def delta(self, metric: str) -> int | None:
        """How much more than its baseline the row has, or None for the baseline itself."""
        own = self.counts and self.counts.counts
        base = self.baseline and self.baseline.counts
        if self.is_baseline or not own or not base:
            return None
        value, before = getattr(own, metric), getattr(base, metric)
        return None if value is None or before is None else value - before

    def percent(self, metric: str) -> float | None:
        """The same in percent of the baseline."""
        delta = self.delta(metric)
        base = self.baseline and self.baseline.counts
        if delta is None or not base or not getattr(base, metric):
            return None
        return 100 * delta / float(getattr(base, metric))


class RowIndex:
    """Looks up records by row; of several alike, the first."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._counts: dict[RowKey, Record] = {}
        self._timings: dict[RowKey, list[Record]] = {}
        self._published: dict[tuple[RowKey, str], Record] = {}
        records = list(records)
        self._newest = _newest_code(records)
        trained = []
        for record in records:
            if record.published:
                self._published.setdefault((record.row, record.published.source), record)
            elif record.kind == "counted":
                self._counts.setdefault(record.row, record)
            elif record.timing and record.timing.role != "aa":
                self._timings.setdefault(record.row, []).append(record)
            elif record.training:
                trained.append(record)
        self._runs: dict[RowKey, list[Runs]] = {}
        for runs in runs_of(record for record in trained if self._is_current(record)):
            self._runs.setdefault(runs.row, []).append(runs)
        self._outdated: dict[RowKey, list[Record]] = {}
        for record in trained:
            if not self._is_current(record):
                self._outdated.setdefault(record.row, []).append(record)

    def __call__(self, row: RowKey, source: str = "") -> Row:
        """A row with all of its trainings, and with the published figures of ``source`` only."""
        return replace(self.every(row, source)[0], trainings=tuple(self._runs.get(row, ())))

    def every(self, row: RowKey, source: str = "") -> list[Row]:
        """The same row, once for every way in which it was timed and for every regime."""
        counts = self._counts.get(row)
        baseline = self._counts.get(counts.baseline_row) if counts else None
        published = self._published.get((row, source))
        known = self._timings.get(row, [])
        own = [timing for timing in known if self._is_current(timing)]
        outdated = (
            *(timing for timing in known if timing not in own),
            *self._outdated.get(row, ()),
        )
        timings: Sequence[Record | None] = own or [None]
        regimes: Sequence[tuple[Runs, ...]] = [(runs,) for runs in self._runs.get(row, ())]
        return [
            Row(
                *(row, counts, baseline, timing, published, outdated),
                self._older(counts, timing, *(r for runs in trainings for r in runs.records)),
                trainings,
            )
            for timing in timings
            for trainings in regimes or [()]
        ]

    def _is_current(self, record: Record) -> bool:
        """Whether a record is of the code that its row was counted with, if it was."""
        counts = self._counts.get(record.row)
        return counts is None or counts.fingerprint == record.fingerprint

    def _older(self, *records: Record | None) -> tuple[str, ...]:
        """The parts of a row's records whose code is not the newest that is known."""
        parts = (part for record in records if record for part in record.parts)
        older = (p.name for p in parts if p.code not in (UNKNOWN, self._newest.get(p.name)))
        return tuple(dict.fromkeys(older))


def _newest_code(records: Iterable[Record]) -> dict[str, str]:
    """The code of each backbone and block, by name, in the record that was made last."""
    newest: dict[str, str] = {}
    for record in sorted(records, key=lambda record: (record.made != UNKNOWN, record.made)):
        newest |= {part.name: part.code for part in record.parts if part.code != UNKNOWN}
    return newest


def rows_of(records: Sequence[Record]) -> list[Row]:
    """Every row of the records, in their order, with everything published about it.

    A row that was timed or trained in several ways, or is in several publications, is there once
    for each.
    """
    join = RowIndex(records)
    sources: dict[RowKey, dict[str, None]] = {}
    for record in records:
        if record.analysis or record.claim:
            continue  # neither what blocks do nor a verdict is a column of a table
        known = sources.setdefault(record.row, {})
        if record.published:
            known[record.published.source] = None
    return [
        one
        for row, known in sources.items()
        for source in known or [""]
        for one in join.every(row, source)
    ]
