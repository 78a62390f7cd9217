"""Versions of the code, and processes that time models with one of them."""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import srbench
from srbench.errors import SrbenchError
from srbench.measure import fresh_process

SOURCE = Path(__file__).with_name("worker_script.py")
# A waiting process must not spin on the cores that another one is being timed on.
PATIENT = {"OMP_WAIT_POLICY": "PASSIVE", "KMP_BLOCKTIME": "0"}


@dataclass(frozen=True)
class Code:
    """A version of srbench: the Python that runs it, and the checkout that it imports first."""

    name: str
    python: str
    checkout: Path | None = None

    @property
    def variables(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        path = {"PYTHONPATH": str(self.checkout)} if self.checkout else {}
        return kept | PATIENT | path


@dataclass(frozen=True)
class TimingJob:
    """What both versions time; ``what`` is ``forward`` or ``train``."""

    specs: tuple[str, ...]
    input_size: tuple[int, int]
    num_classes: int | None
    batch_size: int
    what: str
    device: str = "cpu"


def this_code() -> Code:
    """The version that is running."""
    return Code("this version", sys.executable, Path(srbench.__file__).resolve().parents[1])


def code_at(path: Path) -> Code:
    """The version in a checkout, or the one installed in an environment.

    ``path`` is that folder, or the environment's Python. Raises SrbenchError if there is none.
    """
    if (path / "srbench" / "__init__.py").is_file():
        return Code(str(path), sys.executable, path.resolve())
    for python in (path / "bin" / "python", path / "Scripts" / "python.exe", path):
        if python.is_file() and os.access(python, os.X_OK):
            return Code(str(path), str(python.absolute()))
    raise SrbenchError(
        f"there is no srbench in {path}",
        "name a checkout that contains srbench/, or an environment that contains bin/python",
    )


class Worker:
    """A process that times models on request, until its ``with`` block ends."""

    def __init__(self, code: Code, job: TimingJob) -> None:
        self._code = code
        # Not a pipe: it would fill up, because nobody reads it.
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed in __exit__
        self._process = subprocess.Popen(
            [code.python, "-P", "-c", SOURCE.read_text(encoding="utf-8")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            env=code.variables,
            text=True,
        )
        self._send(asdict(job))

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *error: object) -> None:
        self._process.kill()
        self._process.communicate()
        self._stderr.close()

    def hello(self) -> dict[str, Any]:
        """What the process imported and built. Raises SrbenchError if it is the wrong version."""
        said: dict[str, Any] = self._receive()
        if not self._code.checkout and Path(said["path"]).resolve() == this_code().checkout:
            raise SrbenchError(
                f"the srbench in {self._code.name} is the same code as this one",
                "name a checkout of another version, or an environment that has one installed",
            )
        if self._code.checkout and Path(said["path"]).resolve() != self._code.checkout.resolve():
            raise SrbenchError(
                f"{self._code.name}: Python imported srbench from {said['path']} instead",
                "uninstall that one, or name an environment",
            )
        return said

    def turn(self, spec: str) -> float:
        """Time one call of that model, in seconds."""
        self._send(spec)
        seconds: float = self._receive()
        return seconds

    def _send(self, message: Any) -> None:
        assert self._process.stdin
        try:
            print(json.dumps(message), file=self._process.stdin, flush=True)
        except BrokenPipeError:
            raise self._ended() from None

    def _receive(self) -> Any:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise self._ended()
        return json.loads(line)

    def _ended(self) -> SrbenchError:
        code = self._process.wait()
        self._stderr.seek(0)
        said = self._stderr.read().decode(errors="replace").strip()
        last = (said or f"code {code}").splitlines()[-1]
        return fresh_process.ProcessFailed(
            f"{self._code.name} cannot be timed: its process ended: {last}",
            f"try {self._code.python} -c 'import srbench; srbench.build(\"resnet18\")'",
        )
