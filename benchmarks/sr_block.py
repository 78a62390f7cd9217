"""The Squeeze-and-Remember block against a literal reading of its paper, and an SE block."""

import random
from statistics import geometric_mean, median

import torch
from torch import Tensor, nn

from srbench import stats
from srbench.blocks import SqueezeExcitation, SqueezeRemember
from srbench.measure.clocks import Task, WallClock

SITES = ((2048, 7), (1024, 14), (512, 28))  # channels, and rows and columns
BATCHES = (1, 8, 32)
ROUNDS = 25
LIMIT_LITERAL, LIMIT_SE = 8.0, 1.5


class Literal(SqueezeRemember):
    """The sum over memories as the paper's equation has it."""

    def forward(self, x: Tensor) -> Tensor:
        alpha = self.fcn(self.squeeze(x))
        return x + (alpha[:, :, None, None, None] * self.memory).sum(1)


def main() -> None:
    """Time all three at every site and batch, and print the geometric means of their ratios."""
    torch.manual_seed(0)
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


def ratios(channels: int, side: int, batch: int) -> tuple[float, stats.Estimate]:
    """The literal reading to ours, and ours to SE, in one interleaved run with warm caches."""
    x = torch.rand(batch, channels, side, side)
    ours = SqueezeRemember(channels, side, side).eval()
    nn.init.normal_(ours.memory)
    literal = Literal(channels, side, side).eval()
    literal.load_state_dict(ours.state_dict())
    se = SqueezeExcitation(channels).eval()
    with torch.inference_mode():
        torch.testing.assert_close(ours(x), literal(x), rtol=1e-4, atol=1e-4)
        tasks = {
            name: Task(name, "forward", lambda block=block: block(x), lambda block=block: block(x))
            for name, block in (("ours", ours), ("SE", se))
        }
        seconds = in_rounds(tasks, 4 * ROUNDS)
        copies = [literal_to_ours(literal, ours, x) for _ in range(ROUNDS // 5)]
    return median(copies), stats.paired_ratio(seconds["ours"], seconds["SE"])


def in_rounds(tasks: dict[str, Task], rounds: int) -> dict[str, list[float]]:
    """Seconds of each task in rounds of random order."""
    clock, seconds = WallClock(), {name: [] for name in tasks}
    for _ in range(rounds):
        for name in random.sample(list(tasks), len(tasks)):
            seconds[name].append(clock.measure(tasks[name]))
    return seconds


def literal_to_ours(literal: nn.Module, ours: nn.Module, x: Tensor) -> float:
    """One pair, in random order, each after a call of its own that warms the caches."""
    clock, seconds = WallClock(), {}
    order = [literal, ours]
    random.shuffle(order)
    for block in order:
        seconds[block] = clock.measure(
            Task("block", "forward", lambda block=block: block(x), lambda block=block: block(x))
        )
    return seconds[literal] / seconds[ours]


def report(name: str, ratio: float, limit: float, at_least: bool) -> None:
    """Print a geometric mean and whether it keeps its limit."""
    kept = ratio >= limit if at_least else ratio <= limit
    sign = "at least" if at_least else "at most"
    print(f"{name}: {ratio:.2f}, asked {sign} {limit}: {'kept' if kept else 'NOT KEPT'}")


if __name__ == "__main__":
    main()
