"""Do CUDA graphs take as long as the passes, and does a failed one affect the next?"""

import gc
import time
from statistics import median

import torch
from card import is_gpu, loaded, subject, wait, workloads
from torch import Tensor, nn

from srbench.conditions import Setup
from srbench.errors import SrbenchError
from srbench.measure import memory
from srbench.measure.clocks import Task
from srbench.measure.devices import Device
from srbench.measure.passes import inference_context, task
from srbench.measure.pinning import pinned

PASSES = ("forward", "backward", "train")


def graphs(device: Device) -> None:
    """How long does each pass take, launched one by one and as a graph, with each optimiser?"""
    for spec, side, batch in workloads(device):
        for how in ({}, {"optimizer": "sgd"}, {"optimizer": "adamw"}):
            for graph in (False, True) if is_gpu(device) else (False,):
                one = subject(device, spec, side, batch, cuda_graph=graph, **how)
                with pinned(one.setup):
                    found = {
                        pass_name: _milliseconds(device, task(one, pass_name), pass_name)
                        for pass_name in PASSES
                    }
                way = "as a graph" if graph else "one by one"
                times = ", ".join(
                    f"{pass_name} {taken:.3f} ms" for pass_name, taken in found.items()
                )
                print(f"  {spec} {side} b{batch} {how or ''} {way}: {times}")


def _milliseconds(device: Device, ready: Task, pass_name: str) -> float:
    with inference_context(pass_name):
        taken = [device.clock.measure(ready) for _ in range(25)]
        return 1e3 * median(device.clock.read(taken)[5:])


def peaks(device: Device) -> None:
    """Is the peak of a training step the same alone, after the backward pass, and as a graph?"""
    if not is_gpu(device):
        print("  only on a GPU")
        return
    for how in ({}, {"cuda_graph": True}, {"cuda_graph": True, "amp": True, "dtype": "bfloat16"}):
        for passes in (("train",), PASSES):
            one = subject(device, *workloads(device)[0], **how)
            with pinned(one.setup):
                found = {
                    pass_name: memory.on_cuda(one, pass_name).allocated or 0 for pass_name in passes
                }
            print(f"  {how or 'one by one'}:", {k: f"{v / 1e6:.1f} MB" for k, v in found.items()})
            del one
            gc.collect()


def capturing(device: Device) -> None:
    """How long does it take to make a graph, the first time and at another place in memory?"""
    if not is_gpu(device):
        print("  only on a GPU")
        return
    for spec, side, batch in workloads(device):
        one = subject(device, spec, side, batch, cuda_graph=True)
        with pinned(one.setup):
            for pass_name in PASSES:
                taken = []
                for _ in range(4):
                    begin = time.perf_counter()
                    task(one, pass_name)
                    wait(device)
                    taken.append(f"{1e3 * (time.perf_counter() - begin):.0f}")
                print(f"  {spec} {side} b{batch} {pass_name}: {', '.join(taken)} ms")
        with pinned(one.setup), torch.profiler.profile() as profiler:
            task(one, "train")
        top = sorted(profiler.key_averages(), key=lambda row: -row.self_cpu_time_total)[:6]
        print("  ", "; ".join(f"{r.key} {r.count} x, {r.self_cpu_time_total:.0f} us" for r in top))


class _Reads(nn.Module):
    """Reads a value on the host, which a graph cannot do."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, x: Tensor) -> Tensor:
        y = x.mean((2, 3)) * self.scale
        return y if y.sum().item() > -1e9 else -y


def failed_capture(device: Device) -> None:
    """After a model that cannot be captured, is the next one timed as before?"""
    if not is_gpu(device):
        print("  only on a GPU")
        return
    good = subject(device, *workloads(device)[1], cuda_graph=True)
    setup = Setup(device.name, 8, cuda_graph=True)
    bad = loaded(device, "bad", _Reads(), 64, setup)
    with pinned(setup):
        before = _milliseconds(device, task(good, "forward"), "forward")
        try:
            task(bad, "forward")
            print("  it was captured, which is wrong")
        except SrbenchError as error:
            print(f"  {error}")
        is_default = torch.cuda.current_stream() == torch.cuda.default_stream()
        print("  on the default stream:", is_default, " random numbers:", torch.rand(1).numel())
        after = _milliseconds(device, task(good, "forward"), "forward")
    print(f"  the good one: {before:.4f} ms before, {after:.4f} after")
