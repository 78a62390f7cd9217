"""Training: data, recipes, the loop and its checkpoints, each usable by itself."""

from importlib.util import find_spec

from srbench.errors import SrbenchError, to_install

NEEDED = {  # what is imported, and the package that has it
    "lightning_fabric": "lightning-fabric",
    "safetensors": "safetensors",
    "sklearn": "scikit-learn",
    "torchmetrics": "torchmetrics",
}

if missing := [package for name, package in NEEDED.items() if find_spec(name) is None]:
    raise SrbenchError(
        f"training needs packages that are not installed: {', '.join(missing)}",
        to_install(*missing),
    )
