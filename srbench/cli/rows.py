"""Counting rows while a bar tells how many are left."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout

from srbench.cli.progress import progress
from srbench.runner.resume import Counter


@contextmanager
def counter(rows: int) -> Iterator[Counter]:
    """A counter of so many rows; what a block of someone else's prints is nobody's data."""
    with progress(rows) as begin, redirect_stdout(sys.stderr):
        done = iter(range(rows))
        yield Counter(lambda name: begin(next(done, rows), name))
