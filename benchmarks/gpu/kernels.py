"""The Squeeze-and-Remember block on a GPU, compared with the card's own copy bandwidth."""

from functools import partial

import torch
from torch import nn

from srbench import stats
from srbench.blocks import SqueezeRemember
from srbench.measure.clocks import Clock, Task
from srbench.measure.devices import opened
from srbench.measure.roofline import measure_limits

SITES = ((2048, 7), (1024, 14), (512, 28))
BATCHES = (32, 128, 512)
ROUNDS = 50
LIMIT = 0.6


def main() -> None:
    """Print the share of the bandwidth at every site and batch, eager and compiled."""
    if not torch.cuda.is_available():
        print("no GPU here")
        return
    with opened("cuda:0") as device, torch.inference_mode():
        limits = measure_limits(device.clock, device.torch_device, torch.float32)
        print(f"{device.facts.get('gpu')}: {limits.bandwidth / 1e9:.0f} GB/s by a large copy")
        for channels, side in SITES:
            for batch in BATCHES:
                shares(device.clock, channels, side, batch, limits.bandwidth)


def shares(clock: Clock, channels: int, side: int, batch: int, bandwidth: float) -> None:
    """Print the shares, if X is read twice, the output written once and the memories read once."""
    block = SqueezeRemember(channels, side, side).cuda().eval()
    nn.init.normal_(block.memory)
    x = torch.rand(batch, channels, side, side, device="cuda")
    torch.compiler.reset()  # drops what was compiled for another batch
    moved = 4 * (3 * x.numel() + block.memory.numel())
    for name, call in (("eager", block), ("compiled", torch.compile(block, dynamic=False))):
        task = Task(name, "forward", partial(call, x))
        for _ in range(5):
            clock.read([clock.measure(task)])
        seconds = stats.median(clock.read([clock.measure(task) for _ in range(ROUNDS)]))
        share = moved / seconds.value / bandwidth
        verdict = "kept" if share >= LIMIT else "NOT KEPT"
        print(f"  {channels:4} x {side:2} x {side:2}, batch {batch:3}, {name:8}: ", end="")
        print(f"{1e6 * seconds.value:7.1f} µs, {share:.0%} of it, at least {LIMIT:.0%}: {verdict}")


if __name__ == "__main__":
    main()
