"""What `srbench latency` sees that sequential timing does not, and what its harness costs."""

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
from srbench.measure.latency import Samples, Stop, interleave
from srbench.measure.pinning import pinned
from srbench.records import Estimate

COMPARISONS = 100
ROUNDS = 30
RUNS = 40
BUDGET = 20 / 3  # of the default budget, what one of three passes gets
PRECISION = 0.01
SRBENCH = str(Path(sys.executable).parent / "srbench")


def main() -> None:
    """Run them all, one after the other."""
    with pinned(Setup()), torch.inference_mode():
        model, x = srbench.build("resnet18", input_size=64).eval(), torch.rand(1, 3, 64, 64)
        again = srbench.build("resnet18", input_size=64).eval()
        against_itself("itself", model, model, x)
        against_itself("a second copy of it", model, again, x)
        detection(model, x)
        harness()
        agreement(model, x)
    whole_command()


def against_itself(name: str, first: nn.Module, second: nn.Module, x: Tensor) -> None:
    """A/A: paired ratios and sequential medians of the same two calls, in turn."""
    ours, sequential, covered = [], [], 0
    for number in range(COMPARISONS):
        found = compared(lambda: first(x), lambda: second(x), ROUNDS, str(number))
        ours.append(abs(found.value - 1))
        covered += found.low <= 1 <= found.high
        seconds = ROUNDS * compared_seconds(first, x)
        apart = [
            Timer("model(x)", globals={"model": model, "x": x}, num_threads=2)
            .blocked_autorange(min_run_time=seconds)
            .median
            for model in (first, second)
        ]
        sequential.append(abs(apart[0] / apart[1] - 1))
    share = median(ours) / median(sequential)
    print(f"A/A, a ResNet-18 at 64x64 and {name}, {COMPARISONS} comparisons of {ROUNDS} rounds")
    print(
        f"  median |ratio - 1|: srbench {median(ours):.2%}, Timer {median(sequential):.2%}: ",
        end="",
    )
    print(f"{share:.2f} of it, asked at most 0.33: {kept(share <= 1 / 3)}")
    print(f"  worst: srbench {max(ours):.2%}, Timer {max(sequential):.2%}")
    print(f"  interval contains 1: {covered / COMPARISONS:.0%}, ", end="")
    print(f"asked at least 93 %: {kept(covered / COMPARISONS >= 0.93)}")


def compared_seconds(model: nn.Module, x: Tensor) -> float:
    """One call, now."""
    return WallClock().measure(Task("one", "call", lambda: model(x)))


def compared(
    first: Callable[[], object],
    second: Callable[[], object],
    rounds: int | None,
    seed: str,
    budget: float = 1e9,
) -> Estimate:
    """How many times as long the second takes, as srbench finds it."""
    samples = Samples()
    calls = {"first": first, "second": second}
    tasks = {name: Task(name, "call", call) for name, call in calls.items()}
    interleave(tasks, WallClock(), Stop("first", rounds, budget, PRECISION), seed, samples)
    return stats.paired_ratio(samples.seconds["second"], samples.seconds["first"])


def detection(model: nn.Module, x: Tensor) -> None:
    """A layer that takes a known time more: how often the interval is above 1."""
    usual = median(compared_seconds(model, x) for _ in range(50))
    for share, least in ((0.10, 1.0), (0.05, 0.95)):
        found = [
            compared(
                lambda: model(x),
                lambda: (model(x), spin(share * usual)),  # noqa: B023 - called at once
                None,
                str(run),
                BUDGET,
            )
            for run in range(RUNS)
        ]
        detected = sum(one.low > 1 for one in found) / RUNS
        print(
            f"Detection of +{share:.0%} at the default budget, {RUNS} runs: {detected:.0%} ", end=""
        )
        print(f"(found +{median(one.value for one in found) - 1:.1%}, ", end="")
        print(f"{median(one.n for one in found):.0f} rounds), ", end="")
        print(f"asked at least {least:.0%}: {kept(detected >= least)}")


def spin(seconds: float) -> None:
    """Take exactly that long."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


def harness() -> None:
    """What a sample of nothing takes."""
    clock, task = WallClock(), Task("nothing", "call", lambda: None)
    nanoseconds = 1e9 * median(clock.measure(task) for _ in range(20_000))
    print(f"Harness: {nanoseconds:.0f} ns a sample, asked at most 200: {kept(nanoseconds <= 200)}")


def agreement(model: nn.Module, x: Tensor) -> None:
    """The same operations by srbench's clock and by Timer, in turn."""
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
    """The issue of a whole command with default settings, by the wall clock."""
    command = ["latency", "resnet18", "--se", "--sr-memories", "10"]
    command += ["--input-size", "64", "--device", "cpu"]
    begin = time.perf_counter()
    subprocess.run([SRBENCH, *command], check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - begin
    print(f"srbench {' '.join(command)}: {seconds:.0f} s, asked below 60: {kept(seconds < 60)}")


def kept(condition: bool) -> str:
    """How a limit fared."""
    return "kept" if condition else "NOT KEPT"


if __name__ == "__main__":
    main()
