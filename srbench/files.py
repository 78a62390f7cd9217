"""Files that people name: read and written so that nothing is lost, whole or not at all."""

import codecs
import errno
import os
import shutil
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from srbench.errors import SrbenchError

REMEDIES = {
    errno.ENOSPC: "make room there",
    errno.EDQUOT: "make room there",
    errno.ENAMETOOLONG: "give it a shorter name",
    errno.ELOOP: "it is a link that leads back to itself: name another file",
}


def require_writable(path: Path) -> None:
    """Find out that a file can be written before any work. It is left as it is, and not made.

    Raises SrbenchError where it cannot be written.
    """
    try:
        found = _type_of(path)
        if found is not None:
            path.open("ab").close()
        if found in (None, "file"):  # a file is written by way of a new one beside it
            tempfile.TemporaryFile(dir=real(path).parent).close()
    except OSError as error:
        raise unwritable(path, error) from error


def require_utf8(path: Path, start: bytes) -> None:
    """Raises SrbenchError for a file that begins as UTF-16 does, such as one of PowerShell's."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise SrbenchError(f"{path} is UTF-16", "save it as UTF-8")


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a regular file by way of a new one beside it, so that a full disk spoils nothing.

    Raises SrbenchError where it cannot be written; the file is then as it was.
    """
    data = content.encode() if isinstance(content, str) else content
    target = real(path)
    beside = target.with_name(f".srbench-{os.getpid()}.new")
    try:
        found = _type_of(path)
        if found == "other":  # a device
            path.write_bytes(data)
            return
        beside.write_bytes(data)
        if found:
            shutil.copymode(path, beside)
        beside.replace(target)
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        with suppress(OSError):  # nothing is there, mostly
            beside.unlink()


def same_file(a: Path, b: Path) -> bool:
    """Whether two names are of one file, by way of symbolic or hard links too."""
    try:
        return os.path.samefile(a, b)
    except OSError:  # one of them is not there
        return real(a) == real(b)


def require_apart(output: Path | None, inputs: Iterable[Path]) -> None:
    """Raises SrbenchError where what is written would take the place of what is read."""
    if output and any(same_file(output, path) for path in inputs):
        raise SrbenchError(f"{output} is read by this command", "write to another file")


def exists(path: Path) -> bool:
    """Whether there is such a file or folder. Raises SrbenchError for a name that none can have."""
    try:
        return _type_of(path) is not None
    except OSError as error:
        raise unreadable(path, error) from error


def is_file(path: Path) -> bool:
    """Whether there is such a file. Raises SrbenchError for a name that none can have."""
    return exists(path) and path.is_file()


def unwritable(path: Path, error: OSError) -> SrbenchError:
    """What is said of a file that cannot be written."""
    remedy = REMEDIES.get(error.errno or 0, "name a file in a folder you can write to")
    return SrbenchError(f"cannot write to {path}: {error.strerror}", remedy)


def unreadable(path: Path, error: OSError, remedy: str = "name another file") -> SrbenchError:
    """What is said of a file that cannot be read."""
    known = {**REMEDIES, errno.ENOSPC: remedy, errno.EDQUOT: remedy}
    return SrbenchError(
        f"cannot read {path}: {error.strerror}", known.get(error.errno or 0, remedy)
    )


def _type_of(path: Path) -> str | None:
    """``file`` for a regular one, ``other`` for anything else, None where there is nothing."""
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except ValueError as error:  # a name with a null byte
        raise OSError(errno.EINVAL, str(error)) from error
    return "file" if path.is_file() else "other"


def real(path: Path) -> Path:
    """The path with its links followed; a link that leads back to itself stays."""
    return Path(os.path.realpath(path))
