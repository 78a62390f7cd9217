"""The time gate with this code against itself: what `srbench check --time` would see on a device.

python benchmarks/gpu/gate.py cuda 25        # for about 25 s, and at least one series
"""

import sys
import time
from statistics import median

from srbench.check.timing.processes import TimingJob
from srbench.check.timing.rounds import Ratios, _time_series
from srbench.check.timing.versions import this_code
from srbench.measure.devices import resolve_one


def main(device: str, seconds: float) -> None:
    """Print the series' ratios, which should all be 1, and the largest."""
    is_gpu = device.startswith("cuda")
    specs = ("resnet50", "resnet50+sr") if is_gpu else ("resnet18",)
    side, batch = (224, 32) if is_gpu else (64, 1)
    job = TimingJob(specs, (side, side), 1000, batch, "forward", device)
    found, begin = Ratios(), time.monotonic()
    number = 0
    while number == 0 or (time.monotonic() - begin) * (number + 1) / number < seconds:
        _time_series(job, (this_code(), this_code()), number, found)
        number += 1
        here, control = ({s: r[-1] for s, r in rs.items()} for rs in (found.ratios, found.control))
        print(f"series {number}: {here}, control {control}", flush=True)
    print("failed:", found.failed_here | found.failed_there or "none")
    for spec, ratios in found.ratios.items():
        worst, control = (max(abs(r - 1) for r in rs) for rs in (ratios, found.control[spec]))
        print(
            f"{spec}: median {median(ratios):.4f}, farthest {worst:.2%}, of control {control:.2%}"
        )


if __name__ == "__main__":
    main(resolve_one(sys.argv[1]), float(sys.argv[2]))
