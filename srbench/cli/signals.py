"""Signals that ask the process to end: what was measured is kept, as after Ctrl-C."""

import signal
from types import FrameType

from srbench.errors import Terminated

# Sent by `timeout`, Slurm, Docker, or a closing terminal; Windows has only SIGTERM.
ASKING = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


def listen() -> None:
    """Turn such a signal into an exception. One that is ignored, as under nohup, stays ignored."""
    for number in ASKING:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _end)


def _end(number: int, frame: FrameType | None) -> None:
    for each in ASKING:  # a second one would interrupt the saving of results
        signal.signal(each, signal.SIG_IGN)
    raise Terminated(number)
