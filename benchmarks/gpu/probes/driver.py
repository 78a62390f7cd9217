"""What the driver reports: steps of the energy counter, reasons for lower clocks, a look's cost."""

import time
from itertools import pairwise
from statistics import median

import torch
from card import shown, wait

from srbench.measure.devices import Device
from srbench.measure.energy_counter import readings, steps
from srbench.measure.interference import GpuWatch

SECONDS = 1.5


def driver(device: Device) -> None:
    """How long does a look of the watch take, and how does the counter move, idle and busy?"""
    gpu = device.gpu
    if gpu is None:
        print("  the driver reports nothing:", device.facts)
        return
    watch, costs = GpuWatch(gpu), []
    for _ in range(20):
        begin = time.perf_counter()
        watch.observe(timed=True)
        costs.append(time.perf_counter() - begin)
    print("  a look costs", shown(costs), " processes:", gpu.processes())
    matrix = torch.randn(8192, 8192, device=device.torch_device, dtype=torch.bfloat16)
    for state in ("idle", "busy"):
        reasons: set[str] = set()
        begin = time.perf_counter()
        with readings(gpu, time.perf_counter) as taken:
            while time.perf_counter() - begin < SECONDS:
                if state == "busy":
                    matrix @ matrix
                    wait(device)
                else:
                    time.sleep(0.01)
                reasons.update(gpu.lowered_by())
        made = steps(taken)
        gaps = [b.at - a.at for a, b in pairwise(made)]
        if len(made) > 2:
            watts = (made[-1].joules - made[1].joules) / (made[-1].at - made[1].at)
            print(f"  {state}: a step every {1e3 * median(gaps):.1f} ms, {watts:.0f} W", end="")
        print(f"  lowered by {', '.join(reasons) or 'nothing'}")
