"""Writes new files, all of them or none; a file that exists is never changed."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from srbench.errors import SrbenchError
from srbench.files import REMEDIES

REMEDY = "run `srbench init` in a folder that you can write to"


def write_new(files: Mapping[Path, str]) -> None:
    """Write files that do not exist yet, with the folders that they are in.

    Raises SrbenchError if one cannot be written; then none is, and no folder is left behind.
    """
    made: list[Path] = []
    try:
        for path, text in files.items():
            _make_folders(path, made)
            with path.open("x", encoding="utf-8", newline="\n") as file:
                made.append(path)
                file.write(text)
    except BaseException as error:
        for path in reversed(made):
            with suppress(OSError):  # the error that is already known matters more
                path.rmdir() if path.is_dir() else path.unlink()
        if isinstance(error, OSError):
            raise _unwritable(error) from error
        raise


def is_there(path: Path) -> bool:
    """Whether anything has that name, a link to nothing included."""
    return os.path.lexists(path)


def require_folder(path: Path) -> None:
    """Raises SrbenchError if something that is no folder has the name of one."""
    if is_there(path) and not path.is_dir():
        raise SrbenchError(f"cannot write into {path}: it is a file", "rename it, and try again")


def _make_folders(path: Path, made: list[Path]) -> None:
    for folder in reversed(path.parents):
        require_folder(folder)
        if not folder.is_dir():
            folder.mkdir()
            made.append(folder)


def _unwritable(error: OSError) -> SrbenchError:
    if isinstance(error, FileExistsError):
        return SrbenchError(
            f"cannot write to {error.filename}: it is there already", "rename it, and try again"
        )
    return SrbenchError(
        f"cannot write to {error.filename}: {error.strerror}",
        REMEDIES.get(error.errno or 0, REMEDY),
    )
