"""What all comparisons say below their tables."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from srbench.environment import VERSIONS
from srbench.records import Record

MARK = " *"


def sections(keys: Iterable[Any]) -> frozenset[int]:
    """Numbers of the rows where the key changes."""
    return frozenset(
        index for index, (before, now) in enumerate(pairwise(keys), start=1) if before != now
    )


def settings_note(records: Iterable[Record]) -> str:
    """Defaults of the blocks in the table, each once; empty where a name says everything."""
    found = dict.fromkeys(pair for record in records for pair in record.settings.items())
    told = [f"{name} {usual}" for name, usual in found if usual]
    said = "; ".join(one for one in told if not any(o.startswith(f"{one}, ") for o in told))
    return f"Where a name says nothing else: {said}." if said else ""


def problems(records: Iterable[Record]) -> Iterator[str]:
    """What is wrong with the rows, each thing once with the rows that have it."""
    found: dict[str, dict[str, None]] = {}
    for record in records:
        for problem in (*record.warnings, *([record.status] if record.status != "ok" else [])):
            found.setdefault(problem, {})[record.spec] = None
    for problem, specs in found.items():
        yield f"* {', '.join(specs)}: {problem}."


def measured_with(how: str, environment: Mapping[str, Any]) -> str:
    """The versions, and a GPU's driver."""
    known = [(name, environment.get(name)) for name in (*VERSIONS, "cuda", "cudnn", "driver")]
    gpu = environment.get("gpu") is not None
    told = [(k, v) for k, v in known if v is not None and (gpu or k in VERSIONS)]
    return f"{how} with " + ", ".join(f"{name} {value}" for name, value in told) + "."
