"""Small records and tables for tests, with numbers that differ from each other."""

from pathlib import Path
from typing import Any

from srbench.conditions import Setup
from srbench.records.counts import Counts, ModuleCounts
from srbench.records.published import Figure, Published
from srbench.records.record import Record
from srbench.records.timing import Estimate, PassTiming, Timing
from srbench.records.training import EpochResult, Regime, RunKey, Training

VERSIONS = {"srbench": "0.1.0", "python": "3.11.7", "torch": "2.14.1"}


def counted(spec: str, params: int = 1000, macs: int = 5000, **others: Any) -> Record:
    """A record of counts."""
    baseline = spec.partition("+")[0]
    counts = Counts(
        params,
        params,
        10,
        macs,
        macs + 7,
        macs,
        modules=tuple(
            ModuleCounts("layer4", "layer4.2", block, (512, 2, 2), 20, 30, 40)
            for block in spec.split("+")[1:]
        ),
        parameters={"conv1.weight": "64x3x7x7"},
        operators={"conv1 conv": macs},
    )
    fixed = {"input": (3, 64, 64), "num_classes": 1000, "environment": VERSIONS}
    return Record(**{"spec": spec, "baseline": baseline, "counts": counts} | fixed | others)


def timed(spec: str, seconds: list[float], ratio: float | None = None, **others: Any) -> Record:
    """A record of one process's forward times; ``reach`` is half the ratio's interval."""
    setup = others.pop("setup", Setup())
    asked = {name: others.pop(name) for name in ("notes", "precision") if name in others}
    reach = others.pop("reach", 0.01)
    role = "variant" if "+" in spec else "baseline"
    middle = sorted(seconds)[len(seconds) // 2]
    found = PassTiming(
        Estimate(middle, min(seconds), max(seconds), len(seconds)),
        None if ratio is None else _ratio(ratio, reach, len(seconds)),
        (tuple(seconds),),
    )
    record = counted(spec, **others)
    timing = Timing(setup, role, 1, {"forward": found}, **asked)
    return Record(**vars(record) | {"counts": None, "timing": timing})


def _ratio(value: float, reach: float | None, rounds: int) -> Estimate:
    """An estimate with an interval that reaches so far, or with none."""
    low, high = (None, None) if reach is None else (value - reach, value + reach)
    return Estimate(value, low, high, rounds)


def printed(
    spec: str, source: str = "A paper, Table 1", row: str = "Net", **figures: str
) -> Record:
    """A record of a paper's figures."""
    units = {"params": 1e6, "macs": 1e9, "top1_error": 0.01}
    published = Published(source, row, {k: Figure(v, units[k]) for k, v in figures.items()})
    return Record(**vars(counted(spec)) | {"counts": None, "published": published})


LAYOUT = """
caption = "Small nets."
columns = ["params", "params_delta", "macs", "macs_delta"]

[[rows]]
models = ["resnet18"]
variants = ["se", "sr"]
input_size = 64
num_classes = 10
"""


def write_layout(folder: Path, text: str = LAYOUT, name: str = "small") -> Path:
    """A layout in a folder."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def trained(spec: str, seed: int, right: int, **others: Any) -> Record:
    """A run of two epochs that gets so many of 100 images right."""
    regime = Regime("digits", "digits", others.pop("changes", ()), others.pop("share", 1.0), "d")
    held_out = others.pop("held_out", 1 / 6)
    counts = {"top1": right, "top5": 100, "images": 100}
    first = EpochResult(2.0, {"top1": right // 2, "top5": 90, "images": 100})
    training = Training(
        RunKey(regime, seed),
        {"source": "a paper", "departs": ""},
        (first, EpochResult(0.5, counts)),
        500,
        100,
        held_out,
        "digest",
        1.0,
    )
    fixed = {"input": (3, 64, 64), "num_classes": 1000, "environment": {"torch": "2.14.1"}}
    return Record(
        **{"spec": spec, "baseline": spec.partition("+")[0], "counts": None, "training": training}
        | fixed
        | others
    )
