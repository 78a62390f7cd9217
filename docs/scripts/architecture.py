"""Draws the layers of the import contract, with each folder's purpose, in architecture.md.

    python docs/scripts/architecture.py         # updates the page's picture and table

The contract is in pyproject.toml. The purpose of a folder is the first sentence of its docstring.
"""

import ast
import re
import tomllib
from pathlib import Path

from marked import DOCS, ROOT, renewed

import srbench

PACKAGE = Path(srbench.__file__).parent
PAGE = DOCS / "explanation" / "architecture.md"


def layers() -> list[list[str]]:
    """The names in each layer of the contract, from the top down."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (whole,) = [
        one for one in contracts["tool"]["importlinter"]["contracts"] if one["type"] == "layers"
    ]
    return [re.split(r"\s*[|:]\s*", layer) for layer in whole["layers"]]


def subject(name: str) -> str:
    """The first sentence of a folder's or a module's docstring."""
    path = PACKAGE / name / "__init__.py"
    path = path if path.exists() else path.parent.with_suffix(".py")
    text = " ".join((ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").split())
    return re.split(r"(?<=[.?])\s", text)[0]


def _with_rooms(layer: list[str]) -> list[str]:
    """The parts of a layer, each followed by the folders inside it."""
    return [
        room
        for name in layer
        for room in (name, *(f"{name}/{path.parent.name}" for path in _inner(PACKAGE / name)))
    ]


def _inner(folder: Path) -> list[Path]:
    return sorted(folder.glob("*/__init__.py"))


def drawn() -> str:
    """The picture, as a Mermaid diagram, and a table of what each part is for."""
    parts = ["```mermaid", "flowchart TD"]
    for number, layer in enumerate(layers()):
        label = " · ".join(name.strip("_") for name in layer)
        parts.append(f'    L{number}["{label}"]')
    parts += [f"    L{number} --> L{number + 1}" for number in range(len(layers()) - 1)]
    parts += ["```", "", "| part | is for |", "|---|---|"]
    parts += [
        f"| `{name}` | {subject(name)} |" for layer in layers() for name in _with_rooms(layer)
    ]
    return "\n".join(parts) + "\n"


def whole() -> str:
    """The page with the picture and the table as they are drawn now."""
    return renewed(PAGE.read_text(encoding="utf-8"), "architecture.py", drawn())


if __name__ == "__main__":
    PAGE.write_text(whole(), encoding="utf-8")
