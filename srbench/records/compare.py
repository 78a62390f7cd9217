"""Two sets of records, row by row: which rows are in both or in one only, and how they differ."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass

from srbench.errors import SrbenchError
from srbench.records.environment import TORCH, UNUSUAL, VERSIONS
from srbench.records.record import Record, RowKey
from srbench.records.timing import Role
from srbench.records.training import RunKey

MACHINE = ("os", "cpu", "cores", "gpu", "driver", *TORCH, *UNUSUAL)
HOW = ("device", "dtype", "amp", "channels_last", "compile", "cuda_graph", "seed", "optimizer")


@dataclass(frozen=True)
class Pair:
    """A row that is in both."""

    before: Record
    after: Record


@dataclass(frozen=True)
class Differences:
    """Pairs in the order of ``before``, the rows of one side only, and lines about what else
    differs: versions, machines, and how the models were run. ``before`` and ``after`` are all
    records of the two sets."""

    pairs: tuple[Pair, ...]
    only_before: tuple[RowKey, ...]
    only_after: tuple[RowKey, ...]
    environment: tuple[str, ...]
    before: tuple[Record, ...] = ()
    after: tuple[Record, ...] = ()


def differences(before: Sequence[Record], after: Sequence[Record]) -> Differences:
    """Join two sets of records on their rows.

    Args:
        before, after: records, such as `srbench.count` returns or `srbench.records.jsonl.read`
            holds.

    Raises:
        SrbenchError: if they cannot be compared: the input sizes, classes, batch sizes or counting
            conventions differ, or no row is in common.

    >>> import srbench
    >>> rows = srbench.count("resnet18+sr", input_size=64)
    >>> found = srbench.compare(rows, rows)
    >>> [pair.after.spec for pair in found.pairs], found.environment
    (['resnet18', 'resnet18+sr'], ())
    """
    old, new = _by_row(before), _by_row(after)
    common = [key for key in old if key in new]
    _require_comparable(old.values(), new.values())
    if not common:
        raise SrbenchError(
            "the two have no row in common", "compare records of the same specs and inputs"
        )
    pairs = tuple(Pair(old[key], new[key]) for key in common)
    _require_one_convention(pairs)
    return Differences(
        pairs,
        tuple(dict.fromkeys(key[0] for key in old if key not in new)),
        tuple(dict.fromkeys(key[0] for key in new if key not in old)),
        tuple(dict.fromkeys(_environment(pairs))),
        tuple(before),
        tuple(after),
    )


_Key = tuple[RowKey, Role | None, int | None, RunKey | None]


def _by_row(records: Iterable[Record]) -> dict[_Key, Record]:
    """The measured records by row; times also by role and batch, trainings by regime and seed."""
    found: dict[_Key, Record] = {}
    for record in records:
        if record.kind in ("published", "analyzed", "claimed"):
            continue
        timing = record.timing
        key = (
            record.row,
            timing.role if timing else None,
            timing.setup.batch if timing else None,
            record.training.key if record.training else None,
        )
        if key in found:
            raise SrbenchError(
                f"{record.row} was timed in several ways in one file",
                "compare files in which every row was timed once",
            )
        found[key] = record
    return found


def _require_one_convention(pairs: Iterable[Pair]) -> None:
    for pair in pairs:
        old, new = pair.before.counts, pair.after.counts
        if old and new and old.convention != new.convention:
            raise SrbenchError(
                f"{pair.before.spec} was counted by two conventions: {old.convention}; and "
                f"{new.convention}",
                "count both with one version of srbench; nothing was compared",
            )


def _require_comparable(before: Iterable[Record], after: Iterable[Record]) -> None:
    """Raises SrbenchError for rows that were measured under different conditions."""
    old, new = _conditions(before), _conditions(after)
    for spec_and_kind in old.keys() & new.keys():
        spec, kind = spec_and_kind
        if not old[spec_and_kind] & new[spec_and_kind]:
            a, b = (", ".join(sorted(map(str, s[spec_and_kind]))) for s in (old, new))
            raise SrbenchError(
                f"{spec} was {kind} under different conditions: {a} in A; {b} in B",
                "measure both under the same conditions; nothing was compared",
            )


def _conditions(records: Iterable[Record]) -> dict[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = {}
    for record in records:
        said = record.row.size
        if record.num_classes is not None:
            said += f" and {record.num_classes} classes"
        if record.timing:
            said += f" in batches of {record.timing.setup.batch}"
        kind = "counted" if record.kind == "published" else record.kind
        found.setdefault((record.spec, kind), set()).add(said)
    return found


def _environment(pairs: Iterable[Pair]) -> Iterator[str]:
    """A line for each difference in what a pair was measured with."""
    for pair in pairs:
        old, new = dict(pair.before.environment), dict(pair.after.environment)
        before, after = pair.before.timing, pair.after.timing
        if not (before and after):  # counts do not depend on the machine
            yield from _changes(VERSIONS, old, new)
            continue
        names = (*VERSIONS, *MACHINE)
        yield from _changes(names, {**old, **before.changed}, {**new, **after.changed})
        yield from _changes(HOW, asdict(before.setup), asdict(after.setup))


def _changes(names: Iterable[str], old: object, new: object) -> Iterator[str]:
    assert isinstance(old, dict)
    assert isinstance(new, dict)
    for name in names:
        if old.get(name) != new.get(name):
            a, b = (_word(one.get(name, "unknown")) for one in (old, new))
            yield f"{name}: {a} in A, {b} in B"


def _word(value: object) -> object:
    return "none" if value is None else value
