"""Ctrl-C and SIGTERM wait until the batch has ended, so that its step is whole and can be saved."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from types import FrameType
from typing import Any

from srbench.errors import Terminated

ASKING = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


class Interruptions:
    """Remembers that the run was asked to end. A second request ends it at once."""

    def __init__(self) -> None:
        self.number: int | None = None
        self._before: dict[int, Any] = {}

    @property
    def is_asked(self) -> bool:
        """Whether the run was asked to end."""
        return self.number is not None

    def error(self) -> KeyboardInterrupt:
        """What ends the run: as if the signal had come now."""
        number = self.number or signal.SIGINT
        return KeyboardInterrupt() if number == signal.SIGINT else Terminated(number)

    @contextmanager
    def held_back(self) -> Iterator[None]:
        """Hold requests back inside the block. Only in the main thread; others get none."""
        if current_thread() is not main_thread():
            yield
            return
        for number in ASKING:
            before = signal.getsignal(number)
            if before not in (signal.SIG_IGN, None):  # as under nohup
                self._before[number] = before
                signal.signal(number, self._remember)
        try:
            yield
        finally:
            self._restore()

    def _remember(self, number: int, frame: FrameType | None) -> None:
        self.number = number
        self._restore()

    def _restore(self) -> None:
        while self._before:
            signal.signal(*self._before.popitem())
