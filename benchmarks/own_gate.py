"""How often the time gate of one's own code reports a false regression, and how often it finds a
planted slowdown of 10 %.

    python benchmarks/own_gate.py callables|models [A/A runs] [planted runs]

Every run is a whole `srbench check --time --against BASE` in a folder that holds one file of code
and a table. BASE is a copy of the folder; the checked version is the same, or takes 10 % longer.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]
LAYOUT = """
caption = "What is timed."
columns = ["params"]
[[rows]]
models = ["cifar_resnet20"]
[time]
{timed}
tolerance = 0.05
"""
TIMED = {"callables": 'callables = ["bench:forward"]', "models": 'specs = ["nets:Net"]'}
CALLABLE = """
import numpy as np

WEIGHTS = np.random.default_rng(0).random((256, 256), dtype=np.float32)

def forward():
    values = WEIGHTS
    for _ in range({calls}):
        values = np.tanh(WEIGHTS @ values)
    return values
"""
NETWORK = """
from time import perf_counter as now

from torch import nn

class Net(nn.Module):
    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU())
        self.layers = nn.Sequential(*(nn.Conv2d(64, 64, 3, padding=1) for _ in range(6)))
        self.head = nn.Linear(64, num_classes)

    def forward(self, x):
        begin = now()
        logits = self.head(self.layers(self.stem(x)).mean((2, 3)))
        end = begin + (now() - begin) * {factor}
        while {factor} > 1 and now() < end:
            pass
        return logits

Net.input_size = 64
"""
# By kind of code: its file, and what it holds in the base and in a slower version.
CODE = {
    "callables": ("bench.py", CALLABLE.format(calls=10), CALLABLE.format(calls=11)),
    "models": ("nets.py", NETWORK.format(factor=1), NETWORK.format(factor=1.1)),
}


def main(kind: str, same: int = 60, planted: int = 20) -> None:
    """Run both, and print every outcome."""
    file, base, slower = CODE[kind]
    with tempfile.TemporaryDirectory() as folder:
        here, there = Path(folder, "here"), Path(folder, "base")
        for version in (here, there):
            (version / "tables").mkdir(parents=True)
            (version / "tables" / "timed.toml").write_text(LAYOUT.format(timed=TIMED[kind]))
            (version / file).write_text(base)
        for name, code, runs in (("A/A", base, same), ("+10 %", slower, planted)):
            (here / file).write_text(code)
            outcomes = Counter(outcome(name, number, here) for number in range(runs))
            print(f"{kind}, {name}: {runs} runs: {dict(outcomes)}", flush=True)


def outcome(name: str, number: int, here: Path) -> str:
    """The outcome of one run, which is printed with its interval."""
    begin = time.perf_counter()
    check = ["check", "--time", "--against", "../base", "--format", "json"]
    environment = os.environ | {"PYTHONPATH": str(CHECKOUT)}
    command = [sys.executable, "-P", "-m", "srbench", *check]
    done = subprocess.run(command, cwd=here, env=environment, capture_output=True)
    assert done.returncode in (0, 1, 3), (done.stdout + done.stderr).decode()
    (verdict,) = json.loads(done.stdout)
    ratio = verdict["ratio"]
    print(
        f"  {name} {number + 1}: {verdict['outcome']} {ratio['value']:.3f} "
        f"[{ratio['low']:.3f}, {ratio['high']:.3f}] n={ratio['n']} {verdict['why']} "
        f"({time.perf_counter() - begin:.0f} s)",
        flush=True,
    )
    return str(verdict["outcome"])


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
