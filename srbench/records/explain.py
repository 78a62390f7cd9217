"""Why two counts of one row differ: which block, which parameter, which operator, which version."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from srbench.records.counts import METRICS, OPTIONAL, Counts
from srbench.records.environment import VERSIONS
from srbench.records.record import Record

STATEMENTS = ("baseline", "status", "settings")  # fields of the record itself
OF_VERSIONS = (
    "operators",
    "uncounted",
    "memory",
    "conventions",
)  # fields that depend on torch's version
AT_MOST = 6  # lines about one kind of thing
LISTED = {  # mappings of a count, and what a line about one begins with
    "unknown": "not counted:",
    "disguised": "not counted, summed products:",
    "unregistered": "not registered:",
    "idle": "never run:",
    "uncounted": "by convention not counted:",
}


def differs(before: Record, after: Record) -> bool:
    """Whether anything that is counted or recorded for a row has changed.

    How often each operator was called, and by which module, and what memory is needed, is compared
    only if the versions are the same: others may name operators differently, or keep other tensors.
    What only one of two counters tells is not compared, nor what only one of them was asked for.
    """
    one, other = before.counts, after.counts
    if one is None or other is None or _statements(before) != _statements(after):
        return True
    names = [field.name for field in fields(one)]
    if one.counter != other.counter:
        names = [*(metric.name for metric in METRICS), "modules", "parameters", "convention"]
    elif not _same_versions(before, after):
        names = [name for name in names if name not in OF_VERSIONS]
    return any(
        getattr(one, name) != getattr(other, name) for name in names if _both(name, one, other)
    )


def _both(name: str, one: Counts, other: Counts) -> bool:
    """Whether both say something of a field: what only newer records have, or those that were asked
    for, is not compared with nothing."""
    return name not in OPTIONAL or bool(getattr(one, name) and getattr(other, name))


def _same_versions(before: Record, after: Record) -> bool:
    return all(before.environment.get(v) == after.environment.get(v) for v in VERSIONS)


def _statements(record: Record) -> tuple[object, ...]:
    return tuple(getattr(record, name) for name in STATEMENTS)


def summary(before: Record, after: Record) -> str:
    """The counts that differ, or else what other fields differ."""
    if before.counts is None:
        return "the record has no counts"
    said = [*figures(before, after)]
    for name in STATEMENTS:
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            said.append(f"{name} {_stated(old)} → {_stated(new)}")
    if not said and before.counts.convention != (after.counts and after.counts.convention):
        said.append("another counting convention")
    return "; ".join(said) or "the same figures, from other operators or blocks"


def _stated(value: Any) -> str:
    """A statement in words: of settings, what each block has."""
    if not isinstance(value, Mapping):
        return str(value)
    return ", ".join(f"{name} {options}".rstrip() for name, options in value.items()) or "none"


def figures(before: Record, after: Record) -> Iterator[str]:
    """The counts that differ, such as ``params 26,566,451 → 26,667,010 (+100,559)``.

    Equal changes are listed once: ``trainable`` is left out if it changes as ``params`` does.
    """
    said: set[tuple[int | None, int | None]] = set()
    for name, _, _, is_newer in METRICS:
        old, new = getattr(before.counts, name, None), getattr(after.counts, name, None)
        if old == new or (old, new) in said or (is_newer and None in (old, new)):
            continue
        said.add((old, new))
        if old is None or new is None:
            yield f"{name} {_figure(old)} → {_figure(new)}"
        else:
            yield f"{name} {old:,} → {new:,} ({new - old:+,})"


def _figure(count: int | None) -> str:
    return "none" if count is None else f"{count:,}"


def reasons(before: Record, after: Record) -> Iterator[str]:
    """Blocks, parameters, operators and versions that differ, the most informative first."""
    if before.counts is None or after.counts is None:
        return
    blocks = [
        {module.module: f"{module.block} on {_shape(module.shape)}" for module in counts.modules}
        for counts in (before.counts, after.counts)
    ]
    yield from _changes("block", *blocks)
    yield from _changes("parameter", before.counts.parameters, after.counts.parameters)
    yield from _changes("operator", before.counts.operators, after.counts.operators)
    if before.counts.counter != after.counts.counter:
        yield f"counter: {before.counts.counter} → {after.counts.counter}"
    else:
        for name, called in LISTED.items():
            yield from _changes(called, getattr(before.counts, name), getattr(after.counts, name))
    parts = ("modules", "parameters", "operators", "counter", *LISTED)
    alike = all(getattr(before.counts, part) == getattr(after.counts, part) for part in parts)
    if before.settings != after.settings:
        yield from _changes("setting", before.settings, after.settings)
    elif alike and _same_versions(before, after):
        yield "every parameter and operator is unchanged: the record itself was edited"
    old, new = before.environment, after.environment
    yield from _changes(
        "version", {k: old.get(k) for k in VERSIONS}, {k: new.get(k) for k in VERSIONS}
    )


def _changes(kind: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """A line for each key that differs; keys that differ alike, except for numbers, share one."""
    alike: dict[str, list[str]] = {}
    for key in dict.fromkeys([*before, *after]):
        old, new = before.get(key), after.get(key)
        if old != new:
            change = _change(old, new)
            alike.setdefault(f"{re.sub(r'[0-9]+', '*', key)} {change}", []).append(
                f"{kind} {key}: {change}"
            )
    lines = [f"{same[0]}{_and_more(len(same) - 1)}" for same in alike.values()]
    yield from lines[:AT_MOST]
    if len(lines) > AT_MOST:
        yield f"{kind} (and {len(lines) - AT_MOST} more)"


def _change(old: Any, new: Any) -> str:
    if old is None:
        return f"new, {_written(new)}"
    if new is None:
        return f"gone, it was {_written(old)}"
    return f"{_written(old)} → {_written(new)}"


def _written(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def _and_more(count: int) -> str:
    return f" (and {count} more alike)" if count else ""


def _shape(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))
