"""The notes that all comparisons have below their tables."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from srbench.errors import alternatives
from srbench.records.environment import VERSIONS

if TYPE_CHECKING:
    from srbench.records.record import Record


def sections(keys: Iterable[Any]) -> frozenset[int]:
    """Numbers of the rows where the key changes."""
    return frozenset(
        index for index, (before, now) in enumerate(pairwise(keys), start=1) if before != now
    )


def images(records: "Iterable[Record]") -> str:
    """The input sizes and the numbers of classes."""
    records = list(records)
    inputs = dict.fromkeys("×".join(map(str, record.input)) for record in records)
    classes = dict.fromkeys(str(record.num_classes) for record in records)
    return f"{alternatives(inputs)}, {alternatives(classes)} classes"


def model_name(record: "Record") -> str:
    """The spec, marked if it is the baseline timed a second time."""
    timing = record.timing
    return record.spec + (" (again)" if timing and timing.role == "aa" else "")


def settings_note(records: "Iterable[Record]") -> str:
    """The defaults of options that specs in the table leave out, each once; empty without any.

    Where they differ between networks, each is given with a row that has it.
    """
    found: dict[str, dict[str, str]] = {}
    for record in records:
        for name, usual in record.settings.items():
            if usual:
                found.setdefault(name, {}).setdefault(usual, record.spec)
    said = [one for name, told in found.items() for one in _omitted(name, told)]
    return f"Defaults: {'; '.join(said)}." if said else ""


def _omitted(name: str, told: Mapping[str, str]) -> Iterator[str]:
    """One block's sets of defaults, without those with which another set begins."""
    kept = [u for u in told if not any(other.startswith(f"{u}, ") for other in told)]
    for usual in kept:
        yield f"{name} {usual}" + (f" (as in {told[usual]})" if len(kept) > 1 else "")


def measured_with(how: str, environment: Mapping[str, Any]) -> str:
    """The versions, and a GPU's driver."""
    known = [(name, environment.get(name)) for name in (*VERSIONS, "cuda", "cudnn", "driver")]
    gpu = environment.get("gpu") is not None
    told = [(k, v) for k, v in known if v is not None and (gpu or k in VERSIONS)]
    return f"{how} with " + ", ".join(f"{name} {value}" for name, value in told) + "."
