"""How often does the 95 % interval of a model against itself miss 1, on a device?

    python benchmarks/gpu/coverage.py cuda 40

Building takes longer than timing. Each kind is therefore built once, and timed for its share of the
seconds with short placements; every `GROUP` placements in a row count as a measurement.
"""

import sys
from statistics import median
from typing import Any

from scipy.stats import binomtest

from srbench import stats
from srbench.conditions import Plan
from srbench.measure import latency
from srbench.measure.devices import Device, opened, resolve_one
from srbench.models.subject import FromSpec
from srbench.runner import timing
from srbench.runner.sampling import LineUp, Sampled, sample
from srbench.spec.cases import cases

GROUP = 12  # placements
# What is timed: a network, the side of its input, the batch, the pass and the flags.
ON_A_GPU: dict[str, tuple[str, int, int, str, dict[str, Any]]] = {
    "graph": ("resnet18", 64, 8, "forward", {"cuda_graph": True}),
    "launch-bound": ("resnet18", 64, 8, "forward", {}),
    "bound by the GPU": ("resnet50", 224, 64, "forward", {}),
    "training as a graph": ("resnet50", 224, 32, "train", {"cuda_graph": True}),
}
ON_A_CPU: dict[str, tuple[str, int, int, str, dict[str, Any]]] = {
    "small": ("cifar_resnet8", 32, 2, "forward", {}),
}


def main(name: str, seconds: float) -> None:
    """Print for each kind how many intervals missed, and how wide they are."""
    kinds = ON_A_GPU if name.startswith("cuda") else ON_A_CPU
    latency.WORTH_MOVING = 1  # short placements: more measurements
    latency.is_precise = lambda *estimate: False  # until time is up
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
    pass_name: str,
    flags: dict[str, Any],
) -> None:
    """Print one kind's line."""
    setup = timing.setup_for(device, batch, None, False, **flags)
    plan = Plan(passes=(pass_name,))
    (subject,) = map(FromSpec, cases([spec], (), (), size=side))
    rows = [timing._checked(row, {}, lambda *words: None) for row in timing._rows([subject], True)]
    sampled = Sampled()
    line_up = LineUp(rows[0].name, tuple(rows), setup, plan)
    sample(line_up, device, latency.Deadline.after(device.clock, seconds), sampled)
    base, again = (sampled.samples[pass_name].seconds[row.name] for row in rows)
    found = [
        stats.ratio_over_placements(again[at : at + GROUP], base[at : at + GROUP])
        for at in range(0, len(base) - GROUP + 1, GROUP)
    ]
    title = f"{kind}, {spec} {side} b{batch} {pass_name}"
    rounds = sum(map(len, base))
    print(
        f"{title}: {len(base)} placements, {rounds} rounds, {len(found)} measurements", flush=True
    )
    ends = [(one.low, one.high) for one in found if one.low and one.high]
    if ends:
        missed = sum(not low <= 1 <= high for low, high in ends)
        low, high = binomtest(missed, len(ends)).proportion_ci()
        print(f"  {missed} of {len(ends)} miss 1 ({low:.0%} to {high:.0%}), reach ", end="")
        print(f"{median((high - low) / 2 for low, high in ends):.3%}, farthest ", end="")
        print(f"{max(abs(one.value - 1) for one in found):.3%}", flush=True)
    for note in sampled.notes:
        print(f"  {note}")


if __name__ == "__main__":
    main(resolve_one(sys.argv[1]), float(sys.argv[2]))
