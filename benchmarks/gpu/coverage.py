"""Counts for some seconds how often the 95 % interval of a model to itself misses 1 on a device.

python benchmarks/gpu/coverage.py cuda 40
"""

import sys
import time
from collections import Counter
from statistics import median
from typing import Any

from scipy.stats import binomtest

from srbench.conditions import Plan
from srbench.measure.devices import Device, opened, resolve_one
from srbench.runner import timing
from srbench.spec.cases import cases

# What is timed: a network, the side of its input, the batch, the pass and the flags.
ON_A_GPU: dict[str, tuple[str, int, int, str, dict[str, Any]]] = {
    "launch-bound": ("resnet18", 64, 8, "forward", {}),
    "bound by the GPU": ("resnet50", 224, 32, "train", {}),
    "graph": ("resnet18", 64, 8, "forward", {"cuda_graph": True}),
}
ON_A_CPU: dict[str, tuple[str, int, int, str, dict[str, Any]]] = {
    "small": ("cifar_resnet8", 32, 2, "forward", {}),
}


def main(name: str, seconds: float) -> None:
    """Print for each kind how many intervals missed, how wide they are, and the warnings."""
    kinds = ON_A_GPU if name.startswith("cuda") else ON_A_CPU
    with opened(name) as device:
        for kind, what in kinds.items():
            coverage(kind, device, seconds / len(kinds), *what)


def coverage(
    kind: str,
    device: Device,
    seconds: float,
    spec: str,
    side: int,
    batch: int,
    what: str,
    flags: dict[str, Any],
) -> None:
    """Print one kind's line."""
    ratios, notes, end, seed = [], Counter[str](), time.monotonic() + seconds, 0
    while time.monotonic() < end or not seed:
        setup = timing.setup_for(device, batch, None, False, seed=seed, **flags)
        plan, wanted = Plan(passes=(what,), rounds=24), cases([spec], (), (), size=side)
        seed += 1
        for record in timing.run(
            wanted, setup, plan, device, aa=True, with_memory=False, with_energy=False
        ):
            notes.update(record.warnings if record.status == "ok" else [record.status])
            if record.timing and record.timing.role == "aa" and what in record.timing.passes:
                ratios.append(record.timing.passes[what].ratio)
    found = [ratio for ratio in ratios if ratio and ratio.low and ratio.high]
    if found:
        missed = sum(not one.low <= 1 <= one.high for one in found)
        low, high = binomtest(missed, len(found)).proportion_ci()
        reach = median((one.high - one.low) / 2 for one in found)
        print(f"{kind}, {spec} {side} b{batch} {what}: {missed} of {len(found)} miss 1 ", end="")
        print(f"({low:.0%} to {high:.0%}), reach {reach:.2%}, ", end="")
        print(f"farthest {max(abs(one.value - 1) for one in found):.2%}", flush=True)
    for note, times in notes.items():
        print(f"  {times} times: {note}")


if __name__ == "__main__":
    main(resolve_one(sys.argv[1]), float(sys.argv[2]))
