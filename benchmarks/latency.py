"""srbench's clock compared with torch's own, and the times of the harness and a whole command.

`benchmarks/repeats.py` tests whether intervals hold from one run to the next.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import torch
from torch import Tensor, nn
from torch.utils.benchmark import Timer

import srbench
from srbench import stats
from srbench.conditions import Setup
from srbench.measure.clocks import Task, WallClock
from srbench.measure.pinning import pinned

SRBENCH = str(Path(sys.executable).parent / "srbench")


def main() -> None:
    """Run them all, one after the other."""
    with pinned(Setup()), torch.inference_mode():
        harness()
        agreement(srbench.build("resnet18", input_size=64).eval(), torch.rand(1, 3, 64, 64))
    whole_command()


def harness() -> None:
    """Print the time of an empty sample."""
    clock, task = WallClock(), Task("nothing", "call", lambda: None)
    nanoseconds = 1e9 * median(clock.measure(task) for _ in range(20_000))
    print(f"Harness: {nanoseconds:.0f} ns a sample, asked at most 200: {kept(nanoseconds <= 200)}")


def agreement(model: nn.Module, x: Tensor) -> None:
    """Time the same operations by srbench's clock and by Timer, in turn."""
    matrix, maps = torch.rand(768, 768), torch.rand(8, 64, 56, 56)
    kernels = torch.rand(64, 64, 3, 3)
    operations: dict[str, Callable[[], object]] = {
        "matrix product": lambda: matrix @ matrix,
        "convolution": lambda: torch.conv2d(maps, kernels, padding=1),
        "ResNet-18": lambda: model(x),
    }
    for name, operation in operations.items():
        clock, task = WallClock(), Task(name, "call", operation)
        timer = Timer("operation()", globals={"operation": operation}, num_threads=2)
        timer.timeit(5)
        pairs = [
            (median(clock.measure(task) for _ in range(5)), timer.timeit(5).median)
            for _ in range(80)
        ]
        ratio = stats.paired_ratio([a for a, _ in pairs], [b for _, b in pairs])
        print(f"Clock / Timer, {name} of {1e3 * median(b for _, b in pairs):.1f} ms: ", end="")
        print(f"{ratio.value:.4f} [{ratio.low:.4f}, {ratio.high:.4f}], ", end="")
        print(f"asked within 2 %: {kept(abs(ratio.value - 1) <= 0.02)}")


def whole_command() -> None:
    """Time a whole command with default settings, by the wall clock."""
    command = ["latency", "resnet18", "--se", "--sr-memories", "10"]
    command += ["--input-size", "64", "--device", "cpu"]
    begin = time.perf_counter()
    subprocess.run([SRBENCH, *command], check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - begin
    print(f"srbench {' '.join(command)}: {seconds:.0f} s, asked below 60: {kept(seconds < 60)}")


def kept(condition: bool) -> str:
    """Whether a limit was kept, in words."""
    return "kept" if condition else "NOT KEPT"


if __name__ == "__main__":
    main()
