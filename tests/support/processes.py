"""Several processes that compute together, as torchrun starts them, without its own start."""

import os
import subprocess
import sys
from pathlib import Path

from support.ports import free_port

# Both are forks of a process that has loaded what takes seconds.
BOTH = """
import os, runpy, sys
import lightning_fabric, srbench.runner.training, torchvision

for rank in "01":
    if (child := os.fork()) == 0:
        os.environ |= {"RANK": rank, "LOCAL_RANK": rank}
        del sys.argv[0]
        sys.path[0] = os.path.dirname(sys.argv[0])
        runpy.run_path(sys.argv[0], run_name="__main__")
        sys.exit()
ended = [os.waitstatus_to_exitcode(os.wait()[1]) for _ in range(2)]
sys.exit(any(ended))
"""


def two_processes(script: Path, *arguments: str) -> None:
    """Run a script twice with these arguments, as the first and the second of two processes. Raises
    AssertionError with what they wrote if one of them fails."""
    port = str(free_port())
    shared = {"WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "TORCHELASTIC_RUN_ID": "tests"}
    shared |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    done = subprocess.run(
        [sys.executable, "-c", BOTH, str(script), *arguments],
        env=os.environ | shared,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout
