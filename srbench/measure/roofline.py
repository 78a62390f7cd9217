"""The measured limits of this machine, and the least time that a piece of work takes.

S. Williams, A. Waterman, D. Patterson, Roofline, CACM 2009: work that moves Q bytes and computes W
MACs takes at least max(Q / bandwidth, W / rate).
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from srbench import stats
from srbench.measure.clocks import Clock, Task

COPIED = 256 * 2**20  # bytes: more than any cache holds
SIDES = {"cpu": 2048}  # rows and columns of the product's square matrices
GPU_SIDE = 8192
CHANNELS = 256  # of a 3x3 convolution, in and out
MAP_SIDE = 56  # height and width of its feature maps
BATCHES = {"cpu": 4}
GPU_BATCH = 128
ROUNDS = 7


@dataclass(frozen=True)
class Limits:
    """Bandwidth in bytes/s, counting both reads and writes, and the matrix rate in MACs/s.

    The rate is the better of a large product's and a large 3x3 convolution's: many machines use
    different libraries for them.
    """

    bandwidth: float
    rate: float

    def seconds(self, moved: float, macs: float) -> float:
        """The least time that this many bytes and MACs take."""
        return max(moved / self.bandwidth, macs / self.rate)

    def is_memory_bound(self, moved: float, macs: float) -> bool:
        """Whether moving the bytes takes longer than computing."""
        return moved / self.bandwidth >= macs / self.rate


def measure_limits(clock: Clock, device: torch.device, dtype: torch.dtype) -> Limits:
    """Time a large copy, product and convolution in that dtype; the median of several runs each.

    Raises what torch raises if the device cannot hold or do them.
    """
    product = _product_rate(clock, device, dtype)
    return Limits(_bandwidth(clock, device), max(product, _convolution_rate(clock, device, dtype)))


def _bandwidth(clock: Clock, device: torch.device) -> float:
    source = torch.ones(COPIED, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    return 2 * COPIED / _seconds(clock, "copy", lambda: target.copy_(source))


def _product_rate(clock: Clock, device: torch.device, dtype: torch.dtype) -> float:
    side = SIDES.get(device.type, GPU_SIDE)
    matrix = torch.randn(side, side, device=device).to(dtype)
    product = torch.empty_like(matrix)
    seconds = _seconds(clock, "product", lambda: torch.mm(matrix, matrix, out=product))
    return float(side**3 / seconds)


def _convolution_rate(clock: Clock, device: torch.device, dtype: torch.dtype) -> float:
    batch = BATCHES.get(device.type, GPU_BATCH)
    maps = torch.randn(batch, CHANNELS, MAP_SIDE, MAP_SIDE, device=device).to(dtype)
    kernels = torch.randn(CHANNELS, CHANNELS, 3, 3, device=device).to(dtype)
    seconds = _seconds(clock, "convolution", lambda: torch.conv2d(maps, kernels, padding=1))
    return float(batch * MAP_SIDE**2 * CHANNELS**2 * 9 / seconds)


def _seconds(clock: Clock, pass_name: str, run: Callable[[], object]) -> float:
    task = Task("machine", pass_name, run)
    clock.read([clock.measure(task)])
    return stats.median(
        [second for _ in range(ROUNDS) for second in clock.read([clock.measure(task)])]
    ).value
