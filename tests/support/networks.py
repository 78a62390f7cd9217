"""The networks that tests cover: all in the catalog, or one of each family."""

from typing import Any

import pytest

from srbench.catalog import BACKBONES


def one_of_each_family() -> list[str]:
    """The first network of each family in the catalog."""
    return list({row.family: name for name, row in reversed(BACKBONES.items())}.values())[::-1]


def every_backbone() -> list[Any]:
    """Every network; those that are not the first of their family run with ``-m catalog``."""
    first = one_of_each_family()
    return [
        name if name in first else pytest.param(name, marks=pytest.mark.catalog)
        for name in BACKBONES
    ]
