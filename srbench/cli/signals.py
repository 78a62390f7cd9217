"""Signals that ask the process to end, of which what was measured is kept as at Ctrl-C."""

import signal
from types import FrameType

from srbench.errors import Terminated

# What `timeout`, Slurm and Docker send, and a terminal that closes; Windows has the first alone.
ASKING = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


def listen() -> None:
    """Turn such a signal into an exception. One that is ignored, as by nohup, stays ignored."""
    for number in ASKING:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _end)


def _end(number: int, frame: FrameType | None) -> None:
    for each in ASKING:  # a second one would spoil what is being kept
        signal.signal(each, signal.SIG_IGN)
    raise Terminated(number)
