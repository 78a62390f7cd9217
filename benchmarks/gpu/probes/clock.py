"""Does the clock measure the time of the model, and of nothing else?"""

import time
from statistics import median

import torch
from card import is_gpu, seconds_of, shown, subject, wait, workloads

from srbench.blocks import SqueezeRemember
from srbench.measure.devices import Device
from srbench.measure.passes import inference_context, task
from srbench.measure.pinning import pinned

ROUNDS = 20


def resolution(device: Device) -> None:
    """Two events with nothing between: what a time of 0 looks like."""
    taken = seconds_of(device, lambda: None, times=300)
    print("  nothing:", shown(taken))
    steps = sorted({round(1e9 * seconds) for seconds in taken})
    print("  its smallest values, in ns:", steps[:10])


def cold_cache(device: Device) -> None:
    """Does emptying L2 by reading leave no work that the timed call pays for?"""
    x = torch.rand(4 * 2**20 if is_gpu(device) else 2**14, device=device.torch_device)
    y, other = torch.empty_like(x), torch.zeros(16 * x.numel(), device=device.torch_device)
    block = SqueezeRemember(2048, 7, 7).to(device.torch_device).eval()
    maps = torch.rand(32 if is_gpu(device) else 1, 2048, 7, 7, device=device.torch_device)
    works = {"read 16 MiB": x.sum, "copy 16 MiB": lambda: y.copy_(x), "SR": lambda: block(maps)}
    ways = {"warm": lambda: None, "after reading": other.sum, "after writing": other.zero_}
    with torch.inference_mode():
        for name, work in works.items():
            seconds_of(device, work, times=5)
            for way, before in ways.items():
                print(f"  {name}, {way}:", shown(seconds_of(device, work, before)))


def launching(device: Device) -> None:
    """Does the device wait for the host? Time by events, wall time, and until the call returns."""
    for spec, side, batch in workloads(device):
        for how in ({}, {"amp": True, "dtype": "bfloat16", "channels_last": True}):
            one = subject(device, spec, side, batch, **how)
            for pass_name in ("forward", "train"):
                with pinned(one.setup):
                    ready = task(one, pass_name)
                    with inference_context(pass_name):
                        events, walls = [], []
                        for _ in range(ROUNDS):
                            events += device.clock.read([device.clock.measure(ready)])
                            walls.append(device.clock.wall(ready))
                back, wall = (1e3 * median(w[i] for w in walls) for i in (1, 0))
                print(f"  {spec} {side} b{batch} {how or 'float32'} {pass_name}: events ", end="")
                print(f"{1e3 * median(events):.3f} ms, wall {wall:.3f}, back after {back:.3f}")


def place_in_a_round(device: Device) -> None:
    """The same model four times in a round, after a call that is not timed: are the times alike?"""
    for spec, side, batch in workloads(device):
        one = subject(device, spec, side, batch)
        with pinned(one.setup), inference_context("forward"):
            ready = task(one, "forward")
            places: list[list[float]] = [[], [], [], []]
            for _ in range(2 * ROUNDS):
                device.clock.measure(ready)
                taken = [device.clock.measure(ready) for _ in places]
                for place, seconds in zip(places, device.clock.read(taken), strict=True):
                    place.append(seconds)
        first = median(places[0])
        later = ", ".join(f"{median(place) / first - 1:+.2%}" for place in places[1:])
        print(f"  {spec} {side} b{batch}: {1e3 * first:.4f} ms, then {later}")


def moving(device: Device) -> None:
    """How long does moving a model in memory take, and does it affect the next calls?"""
    from srbench.measure.placement import Places

    for spec, side, batch in workloads(device):
        one = subject(device, spec, side, batch)
        places = Places(device.torch_device, "0")
        after: list[list[float]] = [[], [], []]
        costs = []
        with pinned(one.setup):
            for _ in range(ROUNDS):
                begin = time.perf_counter()
                places.move([one])
                wait(device)
                costs.append(time.perf_counter() - begin)
                ready = task(one, "forward")
                with inference_context("forward"):
                    for place in after:
                        place += device.clock.read([device.clock.measure(ready)])
        calls = ", ".join(f"{1e3 * median(place):.3f}" for place in after)
        print(f"  {spec}: moved in {1e3 * median(costs):.1f} ms; calls after it {calls} ms")
