"""srbench's command line in fresh processes, without the seconds that each would need to load its
code and torch: they are forks of a process that has done this, and nothing else."""

import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from subprocess import CompletedProcess

# Runs a command a line, and answers with its exit code, as a shell tells it.
PARENT = """
import gc, json, os, runpy, signal, sys
import torch._dynamo, torchvision
import srbench.cli.app, srbench.runner.counting

gc.freeze()
for line in sys.stdin:
    arguments, folder, ignored, environment, *streams = json.loads(line)
    child = os.fork()
    if child == 0:
        os.chdir(folder)
        for number, stream in enumerate(streams, 1):
            os.dup2(os.open(stream, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
        for number in ignored:
            signal.signal(number, signal.SIG_IGN)
        os.environ.update(environment)
        sys.path[0] = folder
        sys.argv[1:] = arguments
        runpy.run_module("srbench", run_name="__main__", alter_sys=True)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(code if code >= 0 else 128 - code, flush=True)
"""


class Afresh:
    """Runs commands; the process that they are forks of is started with the first one."""

    def __init__(self, folder: Path) -> None:
        self._streams = folder / "stdout", folder / "stderr"
        self._parent: subprocess.Popen[str] | None = None

    def __call__(
        self,
        arguments: Sequence[str],
        folder: Path,
        ignored: Sequence[signal.Signals] = (),
        **environment: str,
    ) -> CompletedProcess[str]:
        """How ``srbench`` ends with these arguments, and what it writes, in a folder."""
        if self._parent is None:
            self._parent = subprocess.Popen(
                [sys.executable, "-c", PARENT],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                bufsize=1,
            )
        command = arguments, str(folder), ignored, environment, *map(str, self._streams)
        print(json.dumps(command), file=self._parent.stdin)
        code = int(self._parent.stdout.readline())
        return CompletedProcess(arguments, code, *(one.read_text() for one in self._streams))

    def close(self) -> None:
        """End that process."""
        if self._parent:
            self._parent.communicate()
