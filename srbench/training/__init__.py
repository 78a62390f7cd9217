"""Training: data, recipes, the loop and its checkpoints, each usable by itself."""

from importlib.util import find_spec

from srbench.errors import SrbenchError

NEEDED = ("lightning_fabric", "safetensors", "sklearn", "torchmetrics")

if missing := [name for name in NEEDED if find_spec(name) is None]:
    raise SrbenchError(
        f"training needs packages that are not installed: {', '.join(missing)}",
        "run this in its checkout: pip install '.[train]'",
    )
