"""What a folder of a data set contains."""

import os
from collections.abc import Sequence
from pathlib import Path

from srbench.errors import SrbenchError, some

SHOWN = 4  # entries of a folder in a message


def folders(path: Path) -> list[str]:
    """The names of the folders in a folder, and of links to folders, without hidden ones; sorted.

    Raises SrbenchError if it cannot be listed.
    """
    return _entries(path, want_folders=True)


def files(path: Path) -> list[str]:
    """The names of everything else in a folder, without hidden files; sorted. A link without a
    target is among them, so that it is not overlooked.

    Raises SrbenchError if it cannot be listed.
    """
    return _entries(path, want_folders=False)


def shown(path: Path) -> str:
    """The first few entries of a folder, for a message."""
    names = [f"{name}/" for name in folders(path)] + files(path)
    return some(names, SHOWN) if names else "nothing"


def unequal(first: Sequence[str], second: Sequence[str]) -> str | None:
    """The first name, in order, that only one of two lists has; None if they are equal."""
    return min({*first} ^ {*second}, default=None)


def _entries(path: Path, want_folders: bool) -> list[str]:
    try:
        with os.scandir(path) as entries:
            return sorted(
                entry.name
                for entry in entries
                if not entry.name.startswith(".") and entry.is_dir() == want_folders
            )
    except OSError as error:
        raise SrbenchError(
            f"cannot list {path}: {error.strerror}", "name another folder"
        ) from error
