"""What all comparisons say below their tables."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from srbench.records.environment import VERSIONS

if TYPE_CHECKING:
    from srbench.records.record import Record


def sections(keys: Iterable[Any]) -> frozenset[int]:
    """Numbers of the rows where the key changes."""
    return frozenset(
        index for index, (before, now) in enumerate(pairwise(keys), start=1) if before != now
    )


def images(records: "Iterable[Record]") -> str:
    """What the networks are given, and how many classes they tell apart."""
    records = list(records)
    inputs = dict.fromkeys("×".join(map(str, record.input)) for record in records)
    classes = dict.fromkeys(str(record.num_classes) for record in records)
    return f"{listed(inputs)}, {listed(classes)} classes"


def listed(values: Iterable[str]) -> str:
    """``a``, or ``a, b or c`` row by row."""
    *others, last = values
    return f"{', '.join(others)} or {last}" if others else last


def model_name(record: "Record") -> str:
    """The spec, and whether it is the baseline a second time."""
    timing = record.timing
    return record.spec + (" (again)" if timing and timing.role == "aa" else "")


def settings_note(records: "Iterable[Record]") -> str:
    """The defaults of the options that no name in the table gives, each once; empty without any.

    Where that differs from network to network, a row of each stands by.
    """
    found: dict[str, dict[str, str]] = {}
    for record in records:
        for name, usual in record.settings.items():
            if usual:
                found.setdefault(name, {}).setdefault(usual, record.spec)
    said = [one for name, told in found.items() for one in _unsaid(name, told)]
    return f"Defaults: {'; '.join(said)}." if said else ""


def _unsaid(name: str, told: Mapping[str, str]) -> Iterator[str]:
    """One block's defaults, without those that another set of them has at its beginning."""
    kept = [u for u in told if not any(other.startswith(f"{u}, ") for other in told)]
    for usual in kept:
        yield f"{name} {usual}" + (f" (as in {told[usual]})" if len(kept) > 1 else "")


def measured_with(how: str, environment: Mapping[str, Any]) -> str:
    """The versions, and a GPU's driver."""
    known = [(name, environment.get(name)) for name in (*VERSIONS, "cuda", "cudnn", "driver")]
    gpu = environment.get("gpu") is not None
    told = [(k, v) for k, v in known if v is not None and (gpu or k in VERSIONS)]
    return f"{how} with " + ", ".join(f"{name} {value}" for name, value in told) + "."
