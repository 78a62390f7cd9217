"""The Squeeze-and-Remember block compared with a literal implementation of its paper, an SE block,
and the limit set by the machine's bandwidth and matrix rate."""

import random
from collections.abc import Callable
from statistics import geometric_mean, median

import torch
from torch import Tensor, nn

from srbench import stats
from srbench.blocks import SqueezeExcitation, SqueezeRemember
from srbench.measure.clocks import Task, WallClock
from srbench.measure.malloc import freed_memory_kept
from srbench.measure.roofline import Limits, measure_limits

SITES = ((2048, 7), (1024, 14), (512, 28))  # channels, and rows and columns
BATCHES = (1, 8, 32)
ROUNDS = 25
LIMIT_LITERAL, LIMIT_SE, LIMIT_MACHINE = 8.0, 1.5, 1.5


class Literal(SqueezeRemember):
    """The sum over memories as in the paper's equation."""

    def forward(self, x: Tensor) -> Tensor:
        alpha = self.fcn(self.squeeze(x))
        return x + (alpha[:, :, None, None, None] * self.memory).sum(1)


def main() -> None:
    """Time all of them at every site and batch, and print the geometric means of their ratios."""
    torch.manual_seed(0)
    with torch.inference_mode():
        against_peers()
        with freed_memory_kept():
            against_limit()


def against_peers() -> None:
    """Print the ratio of the literal implementation to ours, and of ours to an SE block."""
    faster, slower = [], []
    print("Squeeze-and-Remember, forward: ratio of the literal reading to it, and of it to an SE")
    for channels, side in SITES:
        for batch in BATCHES:
            literal, se = ratios(channels, side, batch)
            se_text = f"{se.value:5.2f} [{se.low:.2f}, {se.high:.2f}]"
            print(f"  {channels:4} x {side:2} x {side:2}, batch {batch:2}: ", end="")
            print(f"literal/ours {literal:6.1f}   ours/SE {se_text}")
            slower.append(se.value)
            if batch > 1:
                faster.append(literal)
    report("literal/ours, batches 8 and 32", geometric_mean(faster), LIMIT_LITERAL, at_least=True)
    report("ours/SE, all nine", geometric_mean(slower), LIMIT_SE, at_least=False)


def against_limit() -> None:
    """Print the times of our block and of its parts as multiples of the machine's limit."""
    found: dict[str, list[float]] = {}
    print("Squeeze-and-Remember, forward, and its parts, as multiples of the machine's limit")
    for channels, side in SITES:
        for batch in BATCHES:
            limits = measure_limits(WallClock(), torch.device("cpu"), torch.float32)
            least, multiples = times_the_limit(channels, side, batch, limits)
            print(f"  {channels:4} x {side:2} x {side:2}, batch {batch:2}: ", end="")
            print(f"{limits.bandwidth / 1e9:3.0f} GB/s, limit {1e3 * least:5.2f} ms", end="")
            print(*(f"  {name} {value:.2f}" for name, value in multiples.items()))
            for name, value in multiples.items():
                if batch > 1:
                    found.setdefault(name, []).append(value)
    means = {name: geometric_mean(values) for name, values in found.items()}
    print("  batches 8 and 32: ", *(f"  {name} {mean:.2f}" for name, mean in means.items()))
    best = min(means["eager"], means["compiled"])
    report("the better of both, batches 8 and 32", best, LIMIT_MACHINE, at_least=False)


def our_block(channels: int, side: int) -> SqueezeRemember:
    """Ours with memories that are not zero."""
    block = SqueezeRemember(channels, side, side).eval()
    nn.init.normal_(block.memory)
    return block


def ratios(channels: int, side: int, batch: int) -> tuple[float, stats.Estimate]:
    """The ratios of literal to ours, and of ours to SE, in one interleaved run with warm caches."""
    x = torch.rand(batch, channels, side, side)
    ours, se = our_block(channels, side), SqueezeExcitation(channels).eval()
    literal = Literal(channels, side, side).eval()
    literal.load_state_dict(ours.state_dict())
    torch.testing.assert_close(ours(x), literal(x), rtol=1e-4, atol=1e-4)
    seconds = in_rounds({"ours": lambda: ours(x), "SE": lambda: se(x)}, 4 * ROUNDS)
    copies = [literal_to_ours(literal, ours, x) for _ in range(ROUNDS // 5)]
    return median(copies), stats.paired_ratio(seconds["ours"], seconds["SE"])


def times_the_limit(
    channels: int, side: int, batch: int, limits: Limits
) -> tuple[float, dict[str, float]]:
    """The machine's limit in seconds, and the times of all calls as multiples of it.

    For the limit, X and every weight are read once and the output is written once, as if X were
    still in a cache when the weights of the memories, which depend on all of X, are known.
    """
    x = torch.rand(batch, channels, side, side)
    ours = our_block(channels, side)
    layers = sum(layer.weight.numel() for layer in ours.fcn if isinstance(layer, nn.Linear))
    macs = side**2 * channels + layers + ours.memory.numel()  # squeeze, FCN, weighted sum
    numbers = 2 * x.numel() + sum(weight.numel() for weight in ours.parameters())
    least = limits.seconds(4 * numbers, batch * macs)
    compiled = torch.compile(ours, dynamic=False)
    alpha, mixture = weights(ours, x), torch.rand_like(x)
    calls = {
        "eager": lambda: ours(x),
        "compiled": lambda: compiled(x),
        "weights alone": lambda: weights(ours, x),
        "product alone": lambda: torch.mm(alpha, ours.memory.flatten(1)),
        "addition alone": lambda: x + mixture,
    }
    seconds = {name: median(taken) for name, taken in in_rounds(calls, ROUNDS).items()}
    torch.compiler.reset()
    return least, {name: taken / least for name, taken in seconds.items()}


def weights(block: SqueezeRemember, x: Tensor) -> Tensor:
    """The weights of the memories for each image: squeeze and FCN."""
    kernel = block.squeeze.weight.flatten(1).expand(len(x), -1, -1)
    return block.fcn(torch.bmm(kernel, x.flatten(2)) + block.squeeze.bias[:, None])


def in_rounds(calls: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Seconds of each call in rounds of random order, each in warm caches."""
    seconds = {name: [] for name in calls}
    for _ in range(rounds):
        for name in random.sample(list(calls), len(calls)):
            seconds[name].append(warm(calls[name]))
    return seconds


def warm(call: Callable[[], object]) -> float:
    """Seconds of a call, after one that warms the caches."""
    return WallClock().measure(Task("block", "forward", call, prepare=call))


def literal_to_ours(literal: nn.Module, ours: nn.Module, x: Tensor) -> float:
    """The ratio of one pair of calls, timed in random order."""
    order = random.sample((literal, ours), 2)
    seconds = {block: warm(lambda block=block: block(x)) for block in order}
    return seconds[literal] / seconds[ours]


def report(name: str, ratio: float, limit: float, at_least: bool) -> None:
    """Print a geometric mean and whether it keeps its limit."""
    kept = ratio >= limit if at_least else ratio <= limit
    sign = "at least" if at_least else "at most"
    print(f"{name}: {ratio:.2f}, asked {sign} {limit}: {'kept' if kept else 'NOT KEPT'}")


if __name__ == "__main__":
    main()
