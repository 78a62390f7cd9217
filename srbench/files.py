"""Reading and writing the user's files: a file is written completely or not at all."""

import codecs
import errno
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable
from contextlib import nullcontext, suppress
from fnmatch import fnmatch
from pathlib import Path

from srbench.errors import SrbenchError

REMEDIES = {
    errno.ENOSPC: "make room there",
    errno.EDQUOT: "make room there",
    errno.ENAMETOOLONG: "give it a shorter name",
    errno.ELOOP: "it is a link that points to itself: name another file",
}
EACH = "{}"  # in the name of a file: there is one for each plot
# What an existing file may hold that is worth more than a report, by its suffix.
PRECIOUS = {".jsonl": "records", ".toml": "a layout", ".py": "code"}


def require_writable(path: Path) -> None:
    """Check that a file can be written, before any work. It is neither changed nor created.

    Raises SrbenchError if it cannot be written.
    """
    try:
        found = _type_of(path)
        if found is not None:
            path.open("ab").close()
        if found in (None, "file"):  # it is written by replacing it with a new file beside it
            tempfile.TemporaryFile(dir=real(path).parent).close()
    except OSError as error:
        raise unwritable(path, error) from error


def require_utf8(path: Path, start: bytes) -> None:
    """Raises SrbenchError for a file that begins like UTF-16, such as one that PowerShell wrote."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        kind = (
            "UTF-32" if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)) else "UTF-16"
        )
        raise SrbenchError(f"{path} is {kind}", "save it as UTF-8")


def read_text(path: Path | None, remedy: str, most: int | None = None) -> str:
    """The text of a file, or of the standard input if there is no path, of at most so many bytes.

    Raises SrbenchError if it cannot be read, is longer, or is not UTF-8.
    """
    shown = path or Path("the standard input")
    if path is None and (sys.stdin is None or sys.stdin.closed):
        raise SrbenchError("the standard input is closed", remedy)
    try:
        with path.open("rb") if path else nullcontext(sys.stdin.buffer) as file:
            content = file.read(-1 if most is None else most + 1)
    except OSError as error:
        raise unreadable(shown, error, remedy) from error
    except ValueError as error:  # a name with a null byte
        raise SrbenchError(f"cannot read {shown}: {error}", remedy) from error
    if most is not None and len(content) > most:
        raise SrbenchError(f"{shown} has more than {most / 1e6:.0f} MB", remedy)
    require_utf8(shown, content)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SrbenchError(f"{shown} is not UTF-8: {error.reason}", "save it as UTF-8") from error


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a new file and replace the old one with it, so that a full disk does no damage.

    Raises SrbenchError if it cannot be written; the file is then unchanged.
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
        with suppress(OSError):  # usually it was moved already
            beside.unlink()


def same_file(a: Path, b: Path) -> bool:
    """Whether two paths are the same file, also by symbolic or hard links."""
    try:
        return os.path.samefile(a, b)
    except OSError:  # one of them does not exist
        return real(a) == real(b)


def require_apart(output: Path | None, inputs: Iterable[Path]) -> None:
    """Raises SrbenchError if the output would overwrite an input."""
    if output and any(same_file(output, path) for path in inputs):
        raise SrbenchError(f"{output} is read by this command", "write to another file")


def require_replaceable(path: Path, remedy: str) -> None:
    """Raises SrbenchError if a file exists that may be the only copy of its contents."""
    kept = PRECIOUS.get(path.suffix.lower())
    if kept and is_file(path):
        raise SrbenchError(
            f"{path} already exists, and may hold {kept}", f"name another file, or {remedy}"
        )


def exists(path: Path) -> bool:
    """Whether a file or folder exists. Raises SrbenchError for an impossible name."""
    try:
        return _type_of(path) is not None
    except OSError as error:
        raise unreadable(path, error) from error


def is_file(path: Path) -> bool:
    """Whether a file exists. Raises SrbenchError for an impossible name."""
    return exists(path) and path.is_file()


def unwritable(path: Path, error: OSError) -> SrbenchError:
    """The error for a file that cannot be written."""
    remedy = REMEDIES.get(error.errno or 0, "name a file in a folder you can write to")
    return SrbenchError(f"cannot write to {path}: {error.strerror}", remedy)


def unreadable(path: Path, error: OSError, remedy: str = "name another file") -> SrbenchError:
    """The error for a file that cannot be read."""
    known = {**REMEDIES, errno.ENOSPC: remedy, errno.EDQUOT: remedy}
    return SrbenchError(
        f"cannot read {path}: {error.strerror}", known.get(error.errno or 0, remedy)
    )


def _type_of(path: Path) -> str | None:
    """``file`` for a regular file, ``other`` for anything else, None if nothing exists there."""
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except ValueError as error:  # a name with a null byte
        raise OSError(errno.EINVAL, str(error)) from error
    return "file" if path.is_file() else "other"


def real(path: Path) -> Path:
    """The path with its links followed; a link that points to itself stays."""
    return Path(os.path.realpath(path))


def named_file(path: Path, name: str) -> Path:
    """The path with a name in the place of ``{}``."""
    return path.with_name(path.name.replace(EACH, name))


def may_become(path: Path, other: Path) -> bool:
    """Whether ``{}`` in the name of a path may stand for what makes it the other one."""
    is_beside = path.parent == other.parent or same_file(path.parent, other.parent)
    return EACH in path.name and is_beside and fnmatch(other.name, path.name.replace(EACH, "*"))
