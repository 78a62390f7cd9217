"""Operators that a layout leaves uncounted, each with its reason: ``[uncounted]``."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from srbench.records.counts import Counts
from srbench.records.record import Record

Reasons = Mapping[str, str]  # by the operator's name, without the underscore of in-place operators


def accepted(record: Record, reasons: Reasons) -> Record:
    """The record without the warnings that the reasons answer."""
    counts = record.counts
    if not counts or not reasons:
        return record
    unknown = {op: n for op, n in counts.unknown.items() if _name(op) not in reasons}
    disguised = {at: n for at, n in counts.disguised.items() if _name(at) not in reasons}
    return replace(record, counts=replace(counts, unknown=unknown, disguised=disguised))


def accepted_notes(records: Iterable[Record], reasons: Reasons) -> Iterator[str]:
    """Each operator that is left uncounted in some row, and why. For sums of products the size is
    said: the most MACs that they would be in one row."""
    counted = [record.counts for record in records if record.counts]
    for operator, reason in reasons.items():
        is_called = any(_name(op) == operator for counts in counted for op in counts.unknown)
        macs = max((_macs(counts, operator) for counts in counted), default=0)
        if is_called or macs:
            size = f" ({macs:,} MACs or less in a row)" if macs else ""
            yield f"Not counted: {operator}{size}: {reason.rstrip('.')}."


def _macs(counts: Counts, operator: str) -> int:
    return sum(macs for at, macs in counts.disguised.items() if _name(at) == operator)


def _name(at: str) -> str:
    """The operator at the end of ``"module operator"``."""
    return at.rpartition(" ")[2].rstrip("_")
