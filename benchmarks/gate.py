"""How often the time gate reports a false regression, and how often it finds a planted slowdown.

    python benchmarks/gate.py [A/A runs] [planted runs]

Every run is a whole `srbench check --time --against BASE`. BASE is a copy of this checkout. The
checked version is another copy, either identical or with networks that take 10 % longer
if they have a Squeeze-and-Remember block.
"""

import json
import os
import shutil
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
models = ["resnet18"]
variants = ["sr"]
[time]
specs = ["resnet18", "resnet18+sr"]
input_size = 64
tolerance = 0.05
"""
# The slowdown is a share of the pass's own time, so it does not depend on the machine.
SLOWER = """

_assemble, _SHARE = assemble, 0.10


def assemble(spec, under, initialised=True):
    from time import perf_counter as now
    assembly = _assemble(spec, under, initialised)
    begun = []

    def spin(*_):
        begin = begun.pop()
        end = begin + (now() - begin) * (1 + _SHARE)
        while now() < end:
            pass

    if any(part.name == "sr" for part in spec.blocks):
        assembly.model.register_forward_pre_hook(lambda *_: begun.append(now()))
        assembly.model.register_forward_hook(spin)
    return assembly
"""


def main(same: int = 30, planted: int = 20) -> None:
    """Run both, and print every outcome."""
    with tempfile.TemporaryDirectory() as folder:
        base, slower, tables = (Path(folder) / name for name in ("base", "slower", "tables"))
        for copy in (base, slower):
            shutil.copytree(CHECKOUT / "srbench", copy / "srbench")
        with (slower / "srbench" / "models" / "build.py").open("a") as file:
            file.write(SLOWER)
        tables.mkdir()
        (tables / "timed.toml").write_text(LAYOUT)
        for name, code, runs in (("A/A", base, same), ("+10 % with SR", slower, planted)):
            outcomes = Counter(outcome(name, n, code, base, tables) for n in range(runs))
            print(f"{name}: {runs} runs: {dict(outcomes)}", flush=True)


def outcome(name: str, number: int, code: Path, base: Path, tables: Path) -> str:
    """Whether one run reported a regression of the SR model, or of the other one."""
    begin = time.perf_counter()
    done = subprocess.run(
        [
            *(sys.executable, "-P", "-m", "srbench", "check", str(tables)),
            *("--time", "--against", str(base), "--format", "json"),
        ],
        env=os.environ | {"PYTHONPATH": str(code)},
        stdout=subprocess.PIPE,
    )
    assert done.returncode in (0, 1, 3), done.returncode
    plain, sr = json.loads(done.stdout)
    told = "  ".join(
        f"{v['outcome']} {v['ratio']['value']:.3f} [{v['ratio']['low']:.3f}, "
        f"{v['ratio']['high']:.3f}] n={v['ratio']['n']}{' (' + v['why'] + ')' if v['why'] else ''}"
        for v in (plain, sr)
    )
    print(f"  {name} {number + 1}: {told}  ({time.perf_counter() - begin:.0f} s)", flush=True)
    if plain["outcome"] == "regression":
        return "regression of the model without SR"
    return str(sr["outcome"])


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
