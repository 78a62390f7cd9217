"""Processes that time models and callables, each with one version of the code."""

import json
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from srbench.check.timing.versions import Code
from srbench.errors import SrbenchError
from srbench.measure import fresh_process
from srbench.spec.parse import read

SOURCE = Path(__file__).with_name("worker_script.py")


@dataclass(frozen=True)
class TimingJob:
    """What both versions time: models, and ``callables``, each written ``module:function``.

    ``what`` is the pass of the models, ``forward`` or ``train``; only they need an ``input_size``.
    """

    specs: tuple[str, ...]
    input_size: tuple[int, int] | None
    num_classes: int | None
    batch_size: int
    what: str
    device: str = "cpu"
    callables: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Everything that is timed."""
        return (*self.specs, *self.callables)

    def only(self, names: Iterable[str]) -> "TimingJob":
        """The same with only some of these."""
        kept = {*names}
        return replace(
            self,
            specs=tuple(spec for spec in self.specs if spec in kept),
            callables=tuple(one for one in self.callables if one in kept),
        )

    @property
    def named(self) -> dict[str, list[str]]:
        """What each of the names means as ``module:attribute``, other than srbench and timm."""
        return {spec: _named(spec) for spec in self.specs} | {one: [one] for one in self.callables}

    @property
    def modules(self) -> dict[str, list[str]]:
        """The modules of these."""
        return {
            name: [one.partition(":")[0] for one in named] for name, named in self.named.items()
        }


class TurnError(Exception):
    """A model or a callable failed in a turn, for the reason that it says."""


class Worker:
    """A process that times models and callables on request, until its ``with`` block ends."""

    def __init__(self, code: Code, job: TimingJob) -> None:
        self._code = code
        self._job = job
        # Not a pipe: it would fill up, because nobody reads it.
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed in __exit__
        self._process = subprocess.Popen(
            [code.python, "-P", "-c", SOURCE.read_text(encoding="utf-8")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            env=code.variables,
            cwd=code.place,
            text=True,
        )
        self._send(asdict(job) | {"search": code.search, "named": job.named})

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *error: object) -> None:
        self._process.kill()
        self._process.communicate()
        self._stderr.close()

    def hello(self) -> dict[str, Any]:
        """What the process imported and built. Raises SrbenchError if it is the wrong version."""
        said: dict[str, Any] = self._receive()
        self._code.require_right(said, self._job.modules)
        return said

    def turn(self, name: str) -> float:
        """Time one call of that model or callable, in seconds. Raises TurnError if it fails."""
        self._send(name)
        seconds: float | dict[str, str] = self._receive()
        if isinstance(seconds, dict):
            raise TurnError(seconds["failed"])
        return seconds

    def require_right(self) -> None:
        """Raises SrbenchError if the process has imported something wrong since it began."""
        self._send(None)
        self.hello()

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
            f"run what is timed in {self._code.python} to see why",
        )


def _named(spec: str) -> list[str]:
    written = read(spec)
    names = [part.name for part in (written.backbone, *written.blocks)]
    return [name for name in dict.fromkeys(names) if ":" in name and not name.startswith("timm:")]
