"""Times this version of the code against another one, in alternating fresh processes.

A *block* is three fresh processes: one of this version and two of the other, which are each other's
control. They take turns call by call, so that a machine's drift hits all alike, and a block gives
one ratio a model. What a process got by chance is then in the ratios' spread, and the interval over
blocks says how sure the result is.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import srbench
from srbench import stats
from srbench.errors import SrbenchError
from srbench.gate.verdict import is_above, is_decided, is_quiet, judge
from srbench.stats import FEWEST
from srbench.verdicts import Verdict

SOURCE = Path(__file__).with_name("worker.py")
MOST_BLOCKS = 2 * FEWEST
UNKNOWN = "SpecError"  # how an older version's not knowing a spec begins
ROUNDS = 12  # of a block; every round gives each process a turn with each model
# A process that waits must not spin on the cores that another is being timed on.
PATIENT = {"OMP_WAIT_POLICY": "PASSIVE", "KMP_BLOCKTIME": "0"}

Say = Callable[[str], object]


@dataclass(frozen=True)
class Code:
    """A version of srbench: the Python that runs it, and the checkout put before its packages."""

    name: str
    python: str
    checkout: Path | None = None

    @property
    def variables(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        path = {"PYTHONPATH": str(self.checkout)} if self.checkout else {}
        return kept | PATIENT | path


@dataclass(frozen=True)
class Job:
    """What both versions time; ``what`` is ``forward`` or ``train``."""

    specs: tuple[str, ...]
    input_size: tuple[int, int]
    num_classes: int
    batch_size: int
    what: str
    device: str = "cpu"


@dataclass
class Found:
    """Ratios by model, a number a block; the reasons where a version could not build a model."""

    ratios: dict[str, list[float]] = field(default_factory=dict)
    control: dict[str, list[float]] = field(default_factory=dict)
    failed_here: dict[str, str] = field(default_factory=dict)
    failed_there: dict[str, str] = field(default_factory=dict)


def this_code() -> Code:
    """The version that is running."""
    return Code("this version", sys.executable, Path(srbench.__file__).resolve().parents[1])


def code_at(path: Path) -> Code:
    """The version in a checkout, or that an environment or a Python has installed.

    Raises SrbenchError where there is none.
    """
    if (path / "srbench" / "__init__.py").is_file():
        return Code(str(path), sys.executable, path.resolve())
    for python in (path / "bin" / "python", path / "Scripts" / "python.exe", path):
        if python.is_file() and os.access(python, os.X_OK):
            return Code(str(path), str(python.absolute()))
    raise SrbenchError(
        f"no srbench is in {path}",
        "name a checkout, in which there is srbench/, or an environment, in which there is "
        "bin/python",
    )


def compare(
    table: str,
    job: Job,
    other: Code,
    tolerances: dict[str, float],
    say: Say = lambda text: None,
) -> list[Verdict]:
    """Judge every model of a job.

    Blocks go on until every model's interval is on one side of its tolerance, or there are
    ``MOST_BLOCKS``. What seems slower is measured anew with the other version in front, until that
    is decided too and the other version was seen to be like itself, or there are as many again.

    Raises SrbenchError where a version does not run at all.
    """
    first, again = Found(), Found()
    for block in range(MOST_BLOCKS):
        say(f"{table}: block {block + 1}, at most {MOST_BLOCKS}")
        _block(job, (this_code(), other), block, first)
        if _is_enough(first, tolerances):
            break
    slower = tuple(
        spec
        for spec, ratios in first.ratios.items()
        if is_above(stats.over_processes(ratios), tolerances[spec])
    )
    for block in range(MOST_BLOCKS if slower else 0):
        say(f"{table}: confirmation, block {block + 1}, at most {MOST_BLOCKS}")
        _block(replace(job, specs=slower), (this_code(), other), block, again, reverse=True)
        if _is_enough(again, tolerances) and all(
            is_quiet(stats.over_processes(_control(spec, first, again)), tolerances[spec])
            for spec in slower
        ):
            break
    return [_verdict(table, spec, tolerances[spec], first, again) for spec in job.specs]


def _is_enough(found: Found, tolerances: dict[str, float]) -> bool:
    """Whether more blocks would tell nothing new of any model."""
    return all(
        len(ratios) >= FEWEST and is_decided(ratios, tolerances[spec])
        for spec, ratios in found.ratios.items()
    )


def _control(spec: str, first: Found, again: Found) -> list[float]:
    return [*first.control[spec], *again.control.get(spec, [])]


def _verdict(table: str, spec: str, tolerance: float, first: Found, again: Found) -> Verdict:
    for code, failures in (("here", first.failed_here), ("there", first.failed_there)):
        if spec in failures:
            is_new = code == "there" and failures[spec].startswith(UNKNOWN)
            return Verdict(table, spec, "new" if is_new else "failed", tolerance, failures[spec])
    second = again.ratios.get(spec, [])
    control = _control(spec, first, again)
    return judge(table, spec, tolerance, first.ratios[spec], second, control)


def _block(
    job: Job, codes: tuple[Code, Code], number: int, into: Found, reverse: bool = False
) -> None:
    """Three fresh processes, and a ratio a model from their turns."""
    here, there = codes
    order = [("here", here), ("there", there), ("control", there)]
    with ExitStack() as stack:
        workers = {
            name: stack.enter_context(Worker(code, job))
            for name, code in (reversed(order) if reverse else order)
        }
        hellos = {name: worker.hello() for name, worker in workers.items()}
        into.failed_here |= hellos["here"]["failures"]
        into.failed_there |= hellos["there"]["failures"] | hellos["control"]["failures"]
        specs = [s for s in job.specs if s not in into.failed_here | into.failed_there]
        samples = _rounds(workers, specs, random.Random(f"{number}/{reverse}"))
    for spec in specs:
        own = samples["here", spec], samples["there", spec], samples["control", spec]
        here_, there_, control = own
        into.ratios.setdefault(spec, []).append(stats.paired_ratio(here_, there_).value)
        into.control.setdefault(spec, []).append(stats.paired_ratio(control, there_).value)


def _rounds(
    workers: dict[str, "Worker"], specs: Sequence[str], generator: random.Random
) -> dict[tuple[str, str], list[float]]:
    """Seconds by process and model; in every round each process has a turn with each model."""
    samples: dict[tuple[str, str], list[float]] = {}
    for _ in range(ROUNDS):
        for spec in generator.sample(specs, len(specs)):
            for name in generator.sample(list(workers), len(workers)):
                samples.setdefault((name, spec), []).append(workers[name].turn(spec))
    return samples


class Worker:
    """A process that times models when it is asked to; it ends with the ``with``."""

    def __init__(self, code: Code, job: Job) -> None:
        self._code = code
        # Not a pipe, which would fill up with nobody reading it.
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
        """What the process imported and built. Raises SrbenchError where it is another code."""
        said: dict[str, Any] = self._receive()
        if not self._code.checkout and Path(said["path"]).resolve() == this_code().checkout:
            raise SrbenchError(
                f"the srbench in {self._code.name} is this very code",
                "name a checkout of another version, or an environment that has one installed",
            )
        if self._code.checkout and Path(said["path"]).resolve() != self._code.checkout.resolve():
            raise SrbenchError(
                f"{self._code.name}: Python took srbench from {said['path']} instead",
                "uninstall that one, or name an environment",
            )
        return said

    def turn(self, spec: str) -> float:
        """Seconds of a call of that model."""
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
        return SrbenchError(
            f"{self._code.name} cannot be timed: its process ended: {last}",
            f"try {self._code.python} -c 'import srbench; srbench.build(\"resnet18\")'",
        )
