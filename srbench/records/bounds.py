"""How large a number in a record may be, so that whatever reads it can write it."""

from collections.abc import Mapping
from typing import Any

LARGEST_COUNT = 2**63 - 1
LARGEST = 1e18  # of what is measured, in base units: far above anything real, and far from infinity


def require_counts(*counts: int) -> None:
    """Raises ValueError for a count that none can be."""
    if any(not 0 <= count <= LARGEST_COUNT for count in counts):
        raise ValueError("a count must be from 0 to 2**63 - 1")


def require_measures(*values: float | None) -> None:
    """Raises ValueError for a number beyond all measure, which no renderer could write."""
    if any(value is not None and not -LARGEST < value < LARGEST for value in values):
        raise ValueError(f"a number must be between -{LARGEST:g} and {LARGEST:g}")


def require_facts(facts: Any) -> None:
    """The same of all numbers in what JSON can say."""
    if isinstance(facts, Mapping):
        facts = list(facts.values())
    if isinstance(facts, list):
        for fact in facts:
            require_facts(fact)
    elif isinstance(facts, int | float):
        require_measures(facts)
