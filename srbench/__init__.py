"""What a block costs: counts and times of convolutional networks, compared with their variants.

The public names are imported when they are first used, so that ``import srbench`` stays light.

    srbench.build("resnet50+sr")        the network, as an nn.Module
    srbench.count("resnet50+sr")        its parameters, MACs and FLOPs, and its baseline's
    srbench.count(model, x)             the same of any module, with any inputs
    srbench.layers(model, x)            every module of it, and how much memory all need
    srbench.time("resnet50+sr")         how long it takes, compared with its baseline
    srbench.time({"a": a, "b": b}, x)   the same of modules, or of functions
    srbench.train("resnet50+sr")        what it learns over seeds, compared with its baseline
    srbench.evaluate("x.safetensors")   how weights do on images
    srbench.analyze(model, loader)      what its blocks do with images, and whether it matters
    srbench.compare(before, after)      two such results, compared row by row
    srbench.register_count(op, f)       the MACs of an operator of your own
    srbench.blocks                      the blocks, for your own networks
    srbench.SrbenchError                an error that you can cause, with the remedy
"""

from typing import TYPE_CHECKING, Any

from srbench._version import __version__ as __version__

if TYPE_CHECKING:
    from srbench.errors import SrbenchError
    from srbench.library.analysis import analyze as analyze
    from srbench.library.count_anything import count as count
    from srbench.library.layers_of_anything import layers as layers
    from srbench.library.time_anything import time as time
    from srbench.library.training import evaluate as evaluate
    from srbench.library.training import train as train
    from srbench.measure.macs.formulas import register_count
    from srbench.models.build import build
    from srbench.records.compare import differences as compare

__all__ = [
    "SrbenchError",
    "analyze",
    "build",
    "compare",
    "count",
    "evaluate",
    "layers",
    "register_count",
    "time",
    "train",
]

_HOMES = {
    "SrbenchError": "srbench.errors:SrbenchError",
    "analyze": "srbench.library.analysis:analyze",
    "build": "srbench.models.build:build",
    "compare": "srbench.records.compare:differences",
    "count": "srbench.library.count_anything:count",
    "evaluate": "srbench.library.training:evaluate",
    "register_count": "srbench.measure.macs.formulas:register_count",
    "layers": "srbench.library.layers_of_anything:layers",
    "time": "srbench.library.time_anything:time",
    "train": "srbench.library.training:train",
    "blocks": "srbench.blocks",
    "errors": "srbench.errors",
    "models": "srbench.models",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'srbench' has no attribute {name!r}")
    from pkgutil import resolve_name

    return resolve_name(_HOMES[name])


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
