"""Writing files so that nothing is lost: whole or not at all."""

import codecs
import errno
import shutil
from pathlib import Path

from srbench.errors import SrbenchError


def require_writable(path: Path) -> bool:
    """Whether the file had to be made to find out that it can be written.

    Raises SrbenchError where it cannot.
    """
    try:
        made = not path.exists()
        path.open("a").close()
    except OSError as error:
        raise unwritable(path, error) from error
    return made


def require_utf8(path: Path, start: bytes) -> None:
    """Raises SrbenchError for a file that begins as UTF-16 does, such as one of PowerShell's."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise SrbenchError(f"{path} is UTF-16", "save it as UTF-8")


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a regular file by way of a new one beside it, so that a full disk spoils nothing.

    Raises SrbenchError where it cannot be written; the file is then as it was.
    """
    data = content.encode() if isinstance(content, str) else content
    beside = path.resolve().with_name(f".{path.name}.new")
    try:
        if path.exists() and not path.is_file():  # a device
            path.write_bytes(data)
            return
        beside.write_bytes(data)
        if path.exists():
            shutil.copymode(path, beside)
        beside.replace(path.resolve())
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise unwritable(path, error) from error


def unwritable(path: Path, error: OSError) -> SrbenchError:
    """What is said of a file that cannot be written."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return SrbenchError(
        f"cannot write to {path}: {error.strerror}",
        "make room there" if full else "name a file in a folder you can write to",
    )
