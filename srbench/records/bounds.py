"""Limits of the numbers in a record, so that all code that reads one can write it."""

from collections.abc import Mapping
from typing import Any

LARGEST_COUNT = 2**63 - 1
LARGEST = 1e18  # of measured values, in base units: far above anything real, far below infinity


def require_counts(*counts: int | None) -> None:
    """Raises ValueError for an impossible count."""
    if any(count is not None and not 0 <= count <= LARGEST_COUNT for count in counts):
        raise ValueError("a count must be from 0 to 2**63 - 1")


def require_measures(*values: float | None) -> None:
    """Raises ValueError for a number that is too large for a renderer to write."""
    if any(value is not None and not -LARGEST < value < LARGEST for value in values):
        raise ValueError(f"a number must be between -{LARGEST:g} and {LARGEST:g}")


def require_facts(facts: Any) -> None:
    """The same for all numbers in a JSON value."""
    if isinstance(facts, Mapping):
        facts = list(facts.values())
    if isinstance(facts, list):
        for fact in facts:
            require_facts(fact)
    elif isinstance(facts, int | float):
        require_measures(facts)
