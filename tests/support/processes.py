"""Several processes that compute together, as torchrun starts them, without its own start."""

import os
import subprocess
import sys
from collections.abc import Sequence

from support.ports import free_port


def two_processes(arguments: Sequence[str]) -> None:
    """Run Python twice with these arguments, as the first and the second of two processes. Raises
    AssertionError with what they wrote if one of them fails."""
    port = str(free_port())
    shared = {"WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "TORCHELASTIC_RUN_ID": "tests"}
    shared |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    started = [
        subprocess.Popen(
            [sys.executable, *arguments],
            env={**os.environ, **shared, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in range(2)
    ]
    said = [process.communicate(timeout=300)[0] for process in started]
    assert [process.returncode for process in started] == [0, 0], "\n".join(said)
