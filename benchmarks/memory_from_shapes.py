"""Memory worked out from shapes, beside that of real runs, in three ways.

    python benchmarks/memory_from_shapes.py

Every network runs in a fresh process of its own, for inference and for a training step. All figures
are above what is there before: weights, batch, the gradients of the outputs and, except in the
process's own peak, which includes it, the optimiser's state.
"""

import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile

import srbench
from srbench.conditions import Conditions, Setup
from srbench.measure import fresh_process
from srbench.measure.memory import PLAIN_MALLOC, in_this_process
from srbench.measure.passes import Loaded, task
from srbench.models import example_inputs
from srbench.runner import counting
from srbench.shapes import on_shapes
from srbench.spec.cases import case_of
from srbench.spec.parse import parse

sys.path.append(str(Path(__file__).parents[1] / "tests"))

from support.real_memory import Storages, held

NETWORKS = (
    *("resnet18", "resnet50+sr", "vgg11_bn", "densenet121", "mobilenet_v3_large"),
    *("efficientnet_b0", "regnet_y_400mf", "convnext_tiny", "timm:vit_tiny_patch16_224"),
    "deeplabv3_mobilenet_v3_large",
)
BATCHES = (2, 8)
SIDE = 224
PASSES = {"forward": "inference", "train": "training"}


def main(networks: tuple[str, ...]) -> None:
    """Print the bytes of every network, pass and batch, and the time beside a count."""
    from memory_from_shapes import measured  # as a fresh process can import it

    width = max(map(len, networks))
    print(f"{'MB above what is there before':{width}} batch  pass      ", end="")
    print("shapes  storages      allocator        process")
    for spec in networks:
        (record,) = counting.run([case_of(parse(spec), SIDE)], counting.Extras(memory=True))
        said = record.counts.memory
        for batch in BATCHES:
            real = fresh_process.call(measured, spec, batch, variables=PLAIN_MALLOC)
            for pass_name, name in PASSES.items():
                found = real[pass_name]
                shapes = getattr(said, name).at(batch) - found["before"]
                momentum = 4 * record.counts.trainable if pass_name == "train" else 0
                print(
                    f"{spec:{width}} {batch:5}  {name:9}{shapes / 1e6:7.1f}"
                    f"{mega(found['storages'], shapes)}{mega(found['allocator'], shapes)}"
                    f"{mega(found['process'], shapes + momentum)}",
                    flush=True,
                )
    times(networks)


def times(networks: tuple[str, ...]) -> None:
    """Print the seconds of a count, and of one with memory, which are taken in turn."""
    width = max(map(len, networks))
    print("seconds of a count, and of one with memory:")
    for spec in networks:
        pairs = [(seconds(spec, False), seconds(spec, True)) for _ in range(3)]
        alone, both = zip(*pairs, strict=True)
        print(f"{spec:{width}}  {median(alone):5.2f} {median(both):6.2f}", flush=True)


def mega(size: int, shapes: int) -> str:
    """In MB, with the excess over what the shapes say."""
    excess = "same" if size == shapes else f"{size / shapes - 1:+.1%}"
    return f"{size / 1e6:9.1f} {excess:>6}"


def seconds(spec: str, memory: bool) -> float:
    """Seconds of a count, with nothing cached from before."""
    on_shapes.forget()
    case = case_of(parse(spec), SIDE)
    begin = time.perf_counter()
    (record,) = counting.run([case], counting.Extras(memory=memory))
    assert record.counts is not None
    return time.perf_counter() - begin


def measured(spec: str, batch: int) -> dict[str, dict[str, Any]]:
    """The bytes of both passes, in a fresh process."""
    model = srbench.build(spec, input_size=SIDE)
    inputs = example_inputs.random(Conditions(SIDE, SIDE), batch, 0)
    subject = Loaded(spec, model, inputs, Setup(optimizer="sgd"), torch.device("cpu"))
    process = in_this_process(subject, tuple(PASSES))  # first: nothing was freed before
    found = {}
    for pass_name in PASSES:
        mode = torch.no_grad if pass_name == "forward" else nullcontext
        found[pass_name] = {
            **in_storages(subject, pass_name, mode),
            "allocator": by_allocator(subject, pass_name, mode),
            "process": process[pass_name].allocated,
        }
    return found


def in_storages(
    subject: Loaded, pass_name: str, mode: Callable[[], AbstractContextManager[Any]]
) -> dict[str, int]:
    """What all tensors take before and during a pass."""
    with mode(), Storages([*held(subject.model), *subject.inputs.tensors]) as storages:
        once = task(subject, pass_name)
        if pass_name == "train":
            storages.add(subject.above or [])
        once.run()
        once.prepare()
        storages.begin()
        before = storages.alive
        once.run()
        peak = storages.peak
    once.prepare()
    return {"before": before, "storages": peak - before}


def by_allocator(
    subject: Loaded, pass_name: str, mode: Callable[[], AbstractContextManager[Any]]
) -> int:
    """The peak of a pass by the events of torch's allocator, which sees what operators allocate
    inside, too."""
    with mode():
        once = task(subject, pass_name)
        once.run()
        once.prepare()
        with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
            once.run()
    events = profiler.profiler.kineto_results.events()
    memory = sorted(
        ((one.start_ns(), one.nbytes()) for one in events if one.name() == "[memory]"),
        key=lambda event: event[0],
    )
    alive = peak = 0
    for _, size in memory:
        alive += size
        peak = max(peak, alive)
    once.prepare()
    return peak


if __name__ == "__main__":
    main(tuple(sys.argv[1:]) or NETWORKS)
