"""Is the peak what the shapes say? If memory suffices for the baseline's training but not for
CBAM's, does one row fail, or all?"""

import gc
import math

import torch
from card import is_gpu, subject, workloads

from srbench.conditions import Plan, Setup
from srbench.measure import memory
from srbench.measure.devices import Device
from srbench.measure.free_memory import empty
from srbench.measure.latency import Deadline
from srbench.measure.passes import Loaded
from srbench.measure.pinning import pinned
from srbench.models.subject import FromSpec
from srbench.records.timing import Memory
from srbench.runner import counting
from srbench.runner.sampling import Candidate, LineUp, Sampled, sample
from srbench.spec.cases import case_of, cases
from srbench.spec.parse import parse

WITHIN = 0.1  # of what the allocator reports


def from_shapes(device: Device) -> None:
    """Are the peaks of a pass, and the largest batch that fits, what the shapes say?"""
    specs, side, batches = ("cifar_resnet8",), 32, (2, 4)
    if is_gpu(device):
        specs, side, batches = ("resnet50", "resnet50+sr", "mobilenet_v3_large"), 224, (8, 32)
        specs += ("convnext_tiny", "timm:vit_tiny_patch16_224")
    for spec in specs:
        (record,) = counting.run([case_of(parse(spec), side)], counting.Extras(memory=True))
        said = record.counts and record.counts.memory
        if not said or not said.inference or not said.training:
            print(f"  {spec}: not known from shapes: {record.status}")
            continue
        for batch in batches:
            one = subject(device, spec, side, batch, optimizer="sgd")
            for pass_name, peak in (("forward", said.inference), ("train", said.training)):
                with pinned(one.setup):
                    found, before = _peak(device, one, pass_name)
                shapes = peak.at(batch) - before
                largest = peak.largest_batch(found + before)
                close = abs(found - shapes) <= WITHIN * found
                close &= abs(largest - batch) <= WITHIN * batch
                print(
                    f"  {spec} b{batch} {pass_name}: {found / 1e6:.1f} MB above weights and batch, "
                    f"{shapes / 1e6:.1f} by shapes ({shapes / found - 1:+.1%}); largest batch in "
                    f"it {largest}; within {WITHIN:.0%}: {'kept' if close else 'NOT KEPT'}"
                )
            del one
            gc.collect()
            empty()


def _peak(device: Device, one: Loaded, pass_name: str) -> tuple[int, int]:
    """The peak of a pass above what is there before, and the bytes of that."""
    if is_gpu(device):
        found = memory.on_cuda(one, pass_name)
    else:  # of this process, which is not fresh: a dry run
        found = memory.in_this_process(one, (pass_name,))[pass_name] or Memory(0, None)
    there = (*one.model.parameters(), *one.model.buffers(), *one.inputs.tensors)
    above = one.above or () if pass_name == "train" else ()
    return max(1, found.allocated or 0), sum(tensor.nbytes for tensor in (*there, *above))


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
