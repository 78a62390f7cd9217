"""One writer at a time, so that several processes may keep their records in one file."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from srbench.errors import SrbenchError
from srbench.files import real, unwritable

PATIENCE = 60.0  # seconds; a record is written in milliseconds


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other processes from writing the file; what marks it goes again.

    Raises SrbenchError where another process does not let go of it, or its folder cannot be
    written.
    """
    from filelock import FileLock, Timeout

    target = real(path)
    mark = target.with_name(f".{target.name}.lock")
    lock = FileLock(mark)
    try:
        target.parent.stat()  # a lock would make the folder
        lock.acquire(timeout=PATIENCE)
    except Timeout as error:
        raise SrbenchError(
            f"{path} is being written by another process",
            f"wait until that has ended; if there is none, delete {mark}",
        ) from error
    except OSError as error:
        raise unwritable(path, error) from error
    try:
        yield
    finally:
        # Whoever waits for it sees that it is gone, and makes another. Windows keeps an open file.
        with suppress(PermissionError, FileNotFoundError):
            mark.unlink()
        lock.release()
