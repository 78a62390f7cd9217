"""One writer at a time, so that several processes may write their records to one file."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from srbench.errors import SrbenchError
from srbench.files import real, unwritable

PATIENCE = 60.0  # seconds; a record is written in milliseconds


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other processes from writing the file; the lock file is removed afterwards.

    Raises SrbenchError if another process does not release it, or if its folder cannot be written.
    """
    from filelock import FileLock, Timeout

    target = real(path)
    mark = target.with_name(f".{target.name}.lock")
    lock = FileLock(mark)
    try:
        target.parent.stat()  # fails if there is no folder, which a lock would create
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
        # A waiting process sees that it is gone and creates another. Windows keeps an open file.
        with suppress(PermissionError, FileNotFoundError):
            mark.unlink()
        lock.release()
