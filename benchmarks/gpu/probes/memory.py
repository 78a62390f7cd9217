"""If memory suffices for the baseline's training but not for CBAM's, does one row fail, or all?"""

import gc
import math

import torch
from card import is_gpu, subject, workloads

from srbench.conditions import Plan, Setup
from srbench.measure import memory
from srbench.measure.devices import Device
from srbench.measure.latency import Deadline
from srbench.measure.pinning import pinned
from srbench.models.subject import FromSpec
from srbench.runner.sampling import Candidate, LineUp, Sampled, sample
from srbench.spec.cases import cases


def out_of_memory(device: Device) -> None:
    """Three models in three orders, one of which does not fit: does only its row fail?"""
    if not is_gpu(device):
        print("  only on a GPU")
        return
    spec, side, batch = workloads(device)[0]
    need, weights = {}, 0
    for name in (spec, f"{spec}+cbam", f"{spec}+sr"):
        one = subject(device, name, side, batch)
        with pinned(one.setup):
            need[name] = memory.on_cuda(one, "train").allocated or 0
        weights = sum(p.numel() * p.element_size() for p in one.model.parameters())
        del one
        gc.collect()
        torch.cuda.empty_cache()
    print("  peaks of training:", {name: f"{peak / 1e6:.0f} MB" for name, peak in need.items()})
    lacking = (need[spec] + need[f"{spec}+cbam"]) / 2
    total = torch.cuda.get_device_properties(device.torch_device).total_memory
    room = torch.cuda.memory_reserved(device.torch_device) + 6.6 * weights + 1.06 * lacking
    torch.cuda.set_per_process_memory_fraction(min(1.0, room / total), device.torch_device)
    wanted = cases([f"{spec}+cbam", f"{spec}+sr"], (), (), size=side)
    rows = tuple(map(candidate, map(FromSpec, wanted)))
    for seed in range(3):
        plan, found = Plan(passes=("backward", "train"), rounds=6), Sampled()
        job = LineUp(spec, rows, Setup(device.name, batch, seed=seed), plan)
        sample(job, device, Deadline(device.clock, math.inf), found)
        print(f"  order {seed}: failed {found.failures or 'none'}")
        gc.collect()
        torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction(1.0, device.torch_device)


def candidate(subject: FromSpec) -> Candidate:
    """A row of the comparison."""
    role = "baseline" if subject.name == subject.baseline else "variant"
    return Candidate(subject.name, subject, role, subject.require_runs().fingerprint)
