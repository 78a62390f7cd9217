"""Where the rows of a report come from: measured now, or taken from records of which dates."""

from collections.abc import Collection, Iterable, Iterator, Sequence

from srbench.records.environment import VERSIONS, versions
from srbench.records.record import UNKNOWN, Key, Record


def origin(records: Sequence[Record], taken: Collection[Key]) -> str:
    """One line: how many were counted, timed and trained now, and how many were ``taken`` from a
    file.

    Published figures and failed rows are not measurements, and are left out.
    """
    measured = [
        r
        for r in records
        if r.counts or (r.timing and r.timing.passes) or (r.training and r.training.epochs)
    ]
    said = [
        *_sources("counted", [record for record in measured if record.kind == "counted"], taken),
        *_sources("timed", [record for record in measured if record.kind == "timed"], taken),
        *_sources("trained", [record for record in measured if record.kind == "trained"], taken),
    ]
    return "; ".join([*said, *_versions(r for r in measured if r.key in taken)])


def dates(records: Iterable[Record]) -> str:
    """When records were made: a day, the first and the last of several, or that it is unknown."""
    made = {record.made.partition("T")[0] for record in records}
    known = sorted(made - {UNKNOWN})
    between = known[0] if len(known) == 1 else f"{known[0]} to {known[-1]}" if known else ""
    unknown = "an unknown date" if UNKNOWN in made else ""
    return " and ".join(filter(None, (between, unknown)))


def _sources(how: str, records: Sequence[Record], taken: Collection[Key]) -> Iterator[str]:
    old = [record for record in records if record.key in taken]
    if new := len(records) - len(old):
        yield f"{new} {how} now"
    if old:
        yield f"{len(old)} {how} before, taken from records of {dates(old)}"


def _versions(taken: Iterable[Record]) -> Iterator[str]:
    """The versions that the records taken were made with, where they differ from today's."""
    today = versions()
    others = dict.fromkeys(
        f"{name} {record.environment.get(name)}"
        for record in taken
        for name in VERSIONS
        if record.environment.get(name) != today[name]
    )
    if others:
        yield f"made with other versions: {', '.join(others)}"
