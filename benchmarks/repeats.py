"""Do the intervals of `srbench latency` hold from one run of the command to the next?

Whole commands are repeated: a baseline, the same again, and a third copy that is 3 % slower by a
busy wait. Each repetition is appended to a file, and a rerun continues where the last one stopped.
With ``--against CHECKOUT`` every eighth repetition is run with another version of srbench too.

    python benchmarks/repeats.py repeats.jsonl --against ../before
    python benchmarks/repeats.py repeats.jsonl --disturbed --repetitions 30
"""

import argparse
import json
import multiprocessing
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from statistics import median
from typing import Any

NETWORKS = {
    "cifar_resnet20, batches of 8": ("cifar_resnet20", "--batch-size", "8"),
    "resnet18 at 64x64": ("resnet18", "--input-size", "64"),
    "resnet18 at 224x224": ("resnet18",),
}
PASSES = ("forward", "backward", "train")
COMMAND = ("--aa", "--no-variants", "--no-memory", "--device", "cpu", "--time-budget", "9")
PLANTED = 0.03
OTHER_EVERY = 8  # repetitions
MOST_MISSES, MOST_IN_A_CELL = 0.07, 0.12  # shares of the intervals of the baseline to itself
WIDEST = 2.0  # times the other version's median interval
LEAST_DETECTED = 0.9
BUSY_SECONDS = (0.2, 3.0)  # of the disturbing process, which uses half a core while busy


def main() -> None:
    """Run the missing repetitions, then report on all repetitions in the file."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--repetitions", type=int, default=100)
    parser.add_argument("--against", type=Path, help="a checkout of another version")
    parser.add_argument("--disturbed", action="store_true", help="run a disturbing process too")
    asked = parser.parse_args()
    here = Path(__file__).resolve().parents[1]
    asked.file.parent.mkdir(parents=True, exist_ok=True)
    with disturbance() if asked.disturbed else nullcontext():
        for number in range(asked.repetitions):
            for network in NETWORKS:
                codes = {"this": here}
                if asked.against and number % OTHER_EVERY == 0:
                    codes["other"] = asked.against.resolve()
                for code, checkout in codes.items():
                    key = {"network": network, "code": code, "number": number}
                    key["disturbed"] = asked.disturbed
                    if not any(key.items() <= one.items() for one in read(asked.file)):
                        append(asked.file, key | repetition(network, checkout))
    report([one for one in read(asked.file) if one["disturbed"] == asked.disturbed])


def repetition(network: str, checkout: Path) -> dict[str, Any]:
    """One run of the command with a checkout's code: its intervals, and its total seconds."""
    program = Path(__file__).with_name("planted.py")
    command = [str(PLANTED), "latency", *NETWORKS[network], *COMMAND, "--format", "json"]
    begin = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-P", str(program), *command],
        stdout=subprocess.PIPE,
        check=True,
        env=os.environ | {"PYTHONPATH": str(checkout)},
    )
    _, again, planted = json.loads(done.stdout)
    return {
        "seconds": round(time.perf_counter() - begin, 2),
        "again": {what: interval(again, what) for what in PASSES},
        "planted": {what: interval(planted, what) for what in PASSES},
        "rounds": {what: again[f"{what}_rounds"] for what in PASSES},
    }


def interval(row: dict[str, Any], what: str) -> list[float | None]:
    """Low end, estimate and high end of a ratio."""
    return [row[f"{what}_ratio{end}"] for end in ("_low", "", "_high")]


def read(path: Path) -> list[dict[str, Any]]:
    """The repetitions so far."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def append(path: Path, one: dict[str, Any]) -> None:
    """Save a repetition as soon as it is made."""
    with path.open("a") as file:
        file.write(json.dumps(one) + "\n")


def report(found: Sequence[dict[str, Any]]) -> None:
    """Print every cell, and whether the limits were kept."""
    misses = total = 0
    worst = 0.0
    detected: list[bool] = []
    widths: dict[str, list[float]] = {"this": [], "other": []}
    print(f"{'':30}{'pass':10}{'runs':>5}{'miss 1':>8}{'reach':>8}{'other':>8}{'+3 %':>7}")
    for network in NETWORKS:
        for what in PASSES:
            own, other = (cell(found, network, code, what) for code in ("this", "other"))
            if not own:
                continue
            missed = sum(not covers(one["again"][what], 1.0) for one in own)
            seen = [above(one["planted"][what]) for one in own]
            reaches = [median(map(reach, (o["again"][what] for o in c))) for c in (own, other) if c]
            beside = f"{reaches[1]:8.2%}" if other else f"{'':8}"
            print(f"{network:30}{what:10}{len(own):5}{missed:8}{reaches[0]:8.2%}{beside}", end="")
            print(f"{sum(seen) / len(seen):7.0%}")
            misses, total, detected = misses + missed, total + len(own), detected + seen
            worst = max(worst, missed / len(own))
            if other:
                for code, value in zip(widths, reaches, strict=True):
                    widths[code].append(value)
    if not total:
        return
    limit("intervals that miss 1", misses / total, MOST_MISSES)
    limit("in the worst cell", worst, MOST_IN_A_CELL)
    if widths["other"]:
        ratios = [a / b for a, b in zip(widths["this"], widths["other"], strict=True)]
        limit("reach, times the other version's, the median cell", median(ratios), WIDEST)
        limit("in the worst cell", max(ratios), WIDEST)
    limit("a planted 3 % not found", 1 - sum(detected) / len(detected), 1 - LEAST_DETECTED)
    seconds = median(one["seconds"] for one in found if one["code"] == "this")
    print(f"a command takes {seconds:.1f} s")


def cell(
    found: Sequence[dict[str, Any]], network: str, code: str, what: str
) -> list[dict[str, Any]]:
    """The repetitions with a network and a version that have an interval for a pass."""
    own = [one for one in found if (one["network"], one["code"]) == (network, code)]
    return [one for one in own if one["again"][what][0] is not None]


def covers(interval: Sequence[float], truth: float) -> bool:
    """Whether the truth is inside."""
    return interval[0] <= truth <= interval[2]


def above(interval: Sequence[float]) -> bool:
    """Whether the interval shows that a model is slower."""
    return interval[0] > 1


def reach(interval: Sequence[float]) -> float:
    """Half of the interval's width, as a share."""
    return (interval[2] - interval[0]) / 2


def limit(name: str, value: float, most: float) -> None:
    """Print a figure and whether it keeps its limit."""
    print(
        f"{name}: {value:.3g}, asked at most {most:.3g}: {'kept' if value <= most else 'NOT KEPT'}"
    )


@contextmanager
def disturbance() -> Iterator[None]:
    """Another process takes half of one core now and then."""
    process = multiprocessing.Process(target=disturb, daemon=True)
    process.start()
    try:
        yield
    finally:
        process.kill()


def disturb() -> None:
    """Work and sleep in turn for some seconds, then pause for some seconds, and so on for ever."""
    chance = random.Random(0)
    while True:
        until = time.perf_counter() + chance.uniform(*BUSY_SECONDS)
        while time.perf_counter() < until:
            end = time.perf_counter() + 0.01
            while time.perf_counter() < end:
                pass
            time.sleep(0.01)
        time.sleep(chance.uniform(*BUSY_SECONDS))


if __name__ == "__main__":
    main()
