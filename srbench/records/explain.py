"""Why two counts of one row differ: which block, which parameter, which operator, which version."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from srbench.records.counts import METRICS
from srbench.records.environment import VERSIONS
from srbench.records.record import Record

STATEMENTS = ("baseline", "status", "settings")  # fields of the record itself
AT_MOST = 6  # lines about one kind of thing


def differs(before: Record, after: Record) -> bool:
    """Whether anything that is counted or recorded for a row has changed.

    How often each operator was called, and by which module, is compared only if the versions are
    the same: other versions may name operators differently.
    """
    one, other = before.counts, after.counts
    if one is None or other is None or _statements(before) != _statements(after):
        return True
    names = [field.name for field in fields(one)]
    if not _same_versions(before, after):
        names = [name for name in names if name not in ("operators", "uncounted")]
    return any(getattr(one, name) != getattr(other, name) for name in names)


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
            said.append(f"{name} {old} → {new}")
    if not said and before.counts.convention != (after.counts and after.counts.convention):
        said.append("another counting convention")
    return "; ".join(said) or "the same figures, from other operators or blocks"


def figures(before: Record, after: Record) -> Iterator[str]:
    """The counts that differ, such as ``params 26,566,451 → 26,667,010 (+100,559)``.

    Equal changes are listed once: ``trainable`` is left out if it changes as ``params`` does.
    """
    said: set[tuple[int, int]] = set()
    for name, _, _ in METRICS:
        old, new = getattr(before.counts, name, None), getattr(after.counts, name, None)
        if old != new and old is not None and new is not None and (old, new) not in said:
            said.add((old, new))
            yield f"{name} {old:,} → {new:,} ({new - old:+,})"


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
    yield from _changes("not counted:", before.counts.unknown, after.counts.unknown)
    yield from _changes(
        "by convention not counted:", before.counts.uncounted, after.counts.uncounted
    )
    parts = ("modules", "parameters", "operators", "unknown", "uncounted")
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
