"""docs/how-to/timm.md: which blocks are possible in one network of each family of timm.

``python tests/support/timm_page.py`` updates the page.
"""

import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import timm
import torch
from torch import nn

from srbench.catalog import BLOCKS
from srbench.catalog.lookup import find_backbone
from srbench.errors import SrbenchError
from srbench.models.build import require_buildable
from srbench.shapes.uninitialised import blank
from srbench.spec.cases import case_of
from srbench.spec.parse import parse

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "timm.md"
TITLES = ["Family", "Network", *BLOCKS, "What blocks follow, or why there is no place"]
LINE = re.compile(r"^\| (\w+) \| `(\w+)` \|.*$", re.MULTILINE)
PLACES = {
    block.place: [b.name for b in BLOCKS.values() if b.place == block.place]
    for block in BLOCKS.values()
}


class Listed(NamedTuple):
    """A line of the page."""

    family: str
    network: str
    line: str

    @property
    def has_branches(self) -> bool:
        return "yes" in self.line.split(" | ")[2 + list(BLOCKS).index("dropout2d")]


def listed() -> list[Listed]:
    """The page's lines."""
    text = PAGE.read_text(encoding="utf-8")
    return [Listed(found[1], found[2], found[0]) for found in LINE.finditer(text)]


def version() -> str:
    """The version of timm that the page describes."""
    (found,) = re.findall(r"of timm (\d[\w.]*\w)", PAGE.read_text(encoding="utf-8"))
    return found


def row(family: str, network: str) -> str:
    """A family's line, as srbench finds it now."""
    why: dict[str, str] = {}
    if refusal(network, *BLOCKS):  # mostly "": then one call answers for all blocks
        for blocks in filter(lambda blocks: refusal(network, *blocks), PLACES.values()):
            why |= {block: said for block in blocks if (said := refusal(network, block))}
    reasons = [
        next((why[block] for block in blocks if block in why), "") for blocks in PLACES.values()
    ]
    followed = [] if "dropout2d" in why else [ends(network)]
    takes = ("no" if block in why else "yes" for block in BLOCKS)
    last = "; ".join(dict.fromkeys([*followed, *filter(None, reasons)]))
    return written([family, f"`{network}`", *takes, last])


def written(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def refusal(network: str, *blocks: str) -> str:
    """Why blocks are not possible in a network; "" if they are."""
    spec = parse("+".join([f"timm:{network}", *blocks]))
    try:
        require_buildable(*case_of(spec))
    except SrbenchError as error:
        message = error.message.removeprefix(f"{spec}: ")
        return re.sub(
            rf"^timm:{network} has no place for a block in [\w.]+: |^block \w+ ", "", message
        )
    return ""


def ends(network: str) -> str:
    """The modules that blocks follow: their classes, their names in these, and their number."""
    model = on_meta(network)
    stages = find_backbone(f"timm:{network}").stages
    found = Counter(kind(model, site) for stage in stages for site in stage.branches)
    return ", ".join(f"{number} × `{name}`" for name, number in found.items())


def kind(model: nn.Module, site: str) -> str:
    parent, _, name = site.rpartition(".")
    if name.isdigit():
        return type(model.get_submodule(site)).__name__
    return f"{type(model.get_submodule(parent)).__name__}.{name}"


def on_meta(network: str) -> nn.Module:
    with blank(), torch.device("meta"):
        return timm.create_model(network)


def smallest(family: str) -> str:
    """The network with the fewest parameters, except those for timm's own tests."""
    names = [n for n in timm.list_models(module=family) if not n.startswith("test_")]
    return min(names, key=lambda name: sum(p.numel() for p in on_meta(name).parameters()))


if __name__ == "__main__":
    about = PAGE.read_text(encoding="utf-8").partition(written(TITLES))[0]
    about = re.sub(r"of timm \d[\w.]*\w", f"of timm {timm.__version__}", about)
    rows = [row(family, smallest(family)) for family in timm.list_modules()]
    lines = [written(TITLES), written(["---"] * len(TITLES)), *rows, ""]
    PAGE.write_text(about + "\n".join(lines), encoding="utf-8")
