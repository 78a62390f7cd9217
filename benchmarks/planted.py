"""Runs a command of srbench in which every comparison has a third copy of its baseline, slower by a
known share: a busy wait of that share of each call's own time. For `benchmarks/repeats.py`.

    python benchmarks/planted.py 0.03 latency cifar_resnet20 --aa
"""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from srbench.cli.app import run
from srbench.measure.clocks import Task
from srbench.runner import sampling, timing
from srbench.runner.sampling import Candidate
from srbench.spec.parse import Spec

PLANTED = " (planted)"


def main(share: float, arguments: Sequence[str]) -> int:
    """Run the command, and return its exit code."""
    make = sampling.tasks

    def tasks(*given: Any) -> tuple[dict[str, Task], dict[str, str]]:
        ready, failures = make(*given)
        slower = {name: slowed(task, share) for name, task in ready.items() if PLANTED in name}
        return ready | slower, failures

    sampling.tasks = tasks  # type: ignore[assignment]
    timing._rows = rows
    return run(arguments)


def rows(specs: Sequence[Spec], aa: bool) -> Iterator[Candidate]:
    """The baseline, the baseline again, and the copy that will be slower."""
    baseline = specs[0]
    yield Candidate(str(baseline), baseline, "baseline")
    yield Candidate(f"{baseline} (again)", baseline, "aa")
    yield Candidate(f"{baseline}{PLANTED}", baseline, "variant")


def slowed(task: Task, share: float) -> Task:
    """The task with a busy wait after each call."""
    run: Callable[[], object] = task.run

    def longer() -> None:
        begin = time.perf_counter()
        run()
        end = begin + (1 + share) * (time.perf_counter() - begin)
        while time.perf_counter() < end:
            pass

    return replace(task, run=longer)


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), sys.argv[2:]))
