"""mypy accepts a user's code, and finds mistakes in it."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

GOOD = """
import torch
from torch import nn

import srbench
from srbench.conditions import Plan

model, other, x = nn.Linear(3, 4), nn.Linear(3, 5), torch.zeros(2, 3)

rows = srbench.count("resnet50+sr", "resnet50+se", variants=["cbam"], input_size=(192, 256))
macs: int = rows["resnet50+sr"].counted.macs
more: int | None = rows.delta("resnet50+sr", "params")
same: int | None = rows.delta(rows[1], "params")
share: float | None = rows.percent("resnet50+sr", "macs")

rows = srbench.count(model, x)
rows = srbench.count(model, input_size=(3,))
rows = srbench.count(model, input_size=[(3,), (4, 5)])
rows = srbench.count(model, inputs={"input": x})
rows = srbench.count(model, input=x)
rows = srbench.count({"baseline": model, "mine": other}, inputs=x)
rows = srbench.count([model, other], x)
rows = srbench.count("mypackage:make", inputs=["1x1x16000", "int64:1x128"])
for row in rows:
    print(row.spec, row.counted.params, row.counted.flops or 0, row.status, row.warnings)
first, *rest = rows
text: str = rows.to_markdown() + rows.to_latex() + str(rows)
rows.save("table.tex")

plan = Plan(("forward",), time_budget=60)
times = srbench.time("resnet50+sr", device="cpu", plan=plan)
times = srbench.time({"baseline": model, "mine": other}, x, dtype=torch.float16)
times = srbench.time({"mm": torch.mm, "mine": lambda a, b: a @ b}, x, x.T, plan=plan)
seconds: float = times["mm"].timed.passes["forward"].seconds.value
built: nn.Module = srbench.build("resnet50+sr", num_classes=10)
found = srbench.compare(rows, rows)
looked = srbench.analyze(model, [(x, torch.zeros(2))], classes=[0, "pug"])
looked.save("figures", formats=["svg"])
"""
BAD = """
import srbench

srbench.count("resnet50", input_size={})
srbench.count(3)
srbench.time("resnet50", divice="cpu")
srbench.count("resnet50").to_html(3)
srbench.count("resnet50")[0].counts.macs
"""


def test_a_users_code_passes_and_mistakes_in_it_are_found(tmp_path: Path) -> None:
    """By the project's own settings, so that what `make lint` has learnt of torch is used; in a
    process of its own, since mypy leaves four million objects, which every measurement after it
    would search for garbage."""
    (tmp_path / "good.py").write_text(GOOD)
    (tmp_path / "bad.py").write_text(BAD)
    files = [str(tmp_path / "good.py"), str(tmp_path / "bad.py")]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *files], capture_output=True, text=True, cwd=ROOT
    )
    assert not done.stderr, done.stderr
    found = [line for line in done.stdout.splitlines() if ": error:" in line]
    assert all(Path(line.partition(":")[0]).name == "bad.py" for line in found), done.stdout
    assert {line.split(":")[1] for line in found} == {"4", "5", "6", "7", "8"}, done.stdout
