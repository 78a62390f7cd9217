"""mypy accepts a user's code, and finds mistakes in it."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from mypy import api

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
"""
BAD = """
import srbench

srbench.count("resnet50", input_size={})
srbench.count(3)
srbench.time("resnet50", divice="cpu")
srbench.count("resnet50").to_html(3)
srbench.count("resnet50")[0].counts.macs
"""


@pytest.fixture(autouse=True)
def _recursion_limit() -> Iterator[None]:
    """mypy raises it for the whole process, in which other tests expect the usual one."""
    usual = sys.getrecursionlimit()
    yield
    sys.setrecursionlimit(usual)


def test_a_users_code_passes_and_mistakes_in_it_are_found(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.py", tmp_path / "bad.py"
    good.write_text(GOOD)
    bad.write_text(BAD)
    how = ("--strict", "--config-file=", "--no-incremental", "--follow-imports=silent")
    out, errors, _ = api.run([*how, str(good), str(bad)])
    assert not errors, errors
    found = [line for line in out.splitlines() if ": error:" in line]
    assert all(Path(line.partition(":")[0]).name == "bad.py" for line in found), out
    assert {line.split(":")[1] for line in found} == {"4", "5", "6", "7", "8"}, out
