"""The report of a profile: each part's counts, its time, and its share of the machine's limit."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from srbench.records.profile import PartProfile, Profile
from srbench.report.formats import Report
from srbench.report.notes import measured_with
from srbench.report.table import Column, Table


def profile_report(profile: Profile) -> Report:
    """The table, a flat row per part for CSV, and the whole profile for JSON."""
    rows = [_flat(profile, part) for part in profile.parts]
    return Report((_table(profile),), tuple(rows[0]), rows, [asdict(profile)])


def reached(part: PartProfile) -> float:
    """How much of the machine's limit the part reaches, in percent."""
    return 100 * part.least / part.seconds.value


def _flat(profile: Profile, part: PartProfile) -> dict[str, Any]:
    return {
        "spec": profile.spec,
        "stage": part.stage,
        "part": part.name,
        "is_block": part.is_block,
        "calls": part.calls,
        "params": part.params,
        "macs": part.macs,
        "bytes": part.moved,
        "seconds": part.seconds.value,
        "seconds_low": part.seconds.low,
        "seconds_high": part.seconds.high,
        "share_of_time": part.seconds.value / profile.seconds.value,
        "least_seconds": part.least,
        "bound_by": _bound(part),
    }


def _table(profile: Profile) -> Table:
    columns = (
        Column("Part", "name"),
        Column("N", "integer"),
        Column("Params", "count"),
        Column("MACs", "count"),
        Column("Moved", "bytes"),
        Column("Time", "duration"),
        Column("Share %", "share"),
        Column("Limit", "seconds"),
        Column("% of limit", "share"),
        Column("bound by", "name"),
    )
    rows = [_row(profile, part) for part in profile.parts]
    whole = [part for part in profile.parts if not part.is_block]
    total = (
        *("forward", 1, sum(p.params for p in whole), sum(p.macs for p in whole), None),
        *(profile.seconds, 100.0, sum(p.least for p in whole)),
        *(100 * sum(p.least for p in whole) / profile.seconds.value, ""),
    )
    return Table(
        "profile",
        columns,
        (*rows, total),
        f"Where the time of a forward pass of {profile.spec} goes.",
        tuple(_notes(profile)),
        frozenset({len(rows)}),
    )


def _row(profile: Profile, part: PartProfile) -> tuple[Any, ...]:
    return (
        f"  incl. {part.name}" if part.is_block else part.name,
        part.calls,
        part.params,
        part.macs,
        part.moved,
        part.seconds,
        100 * part.seconds.value / profile.seconds.value,
        part.least,
        reached(part),
        _bound(part),
    )


def _bound(part: PartProfile) -> str:
    return "memory" if part.is_memory_bound else "compute"


def _notes(profile: Profile) -> Iterator[str]:
    setup, facts = profile.setup, profile.environment
    channels, height, width = profile.input
    precision = f"autocast to {setup.dtype}" if setup.amp else setup.dtype
    yield (
        f"A batch of {setup.batch} of {channels}×{height}×{width}, {precision}"
        f"{', channels_last' if setup.channels_last else ''}, on {setup.device} "
        f"({facts.get('gpu') or facts.get('cpu')}), {facts.get('threads')} threads. MACs are "
        "for the whole batch."
    )
    yield (
        f"The machine's limits, measured just now: {profile.bandwidth / 1e9:.1f} GB/s (a large "
        f"copy) and {profile.rate / 1e9:.1f} GMAC/s (the faster of a large matrix product and a "
        f"large 3×3 convolution in {setup.dtype})."
    )
    yield (
        "Moved: input, output and parameters, each once. Limit: the time that moving or "
        "computing this takes at these limits; more than 100 % of it means that data came from a "
        "cache, or that a convolution needed fewer multiplications."
    )
    yield (
        "Each part is timed between two time stamps as it runs, which adds some microseconds; the "
        "whole forward pass is timed without them."
    )
    yield measured_with("Measured", facts)
