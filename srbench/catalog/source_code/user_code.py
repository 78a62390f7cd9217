"""Which modules are read: the user's own, and srbench's networks and blocks. No torch here."""

import sys
from dataclasses import dataclass

from srbench.catalog.source_code.locations import locate

SRBENCH = "srbench"
OURS = ("srbench.blocks.", "srbench.backbones.", "srbench.models.")
NEVER = frozenset({"torch", "torchvision", "timm", SRBENCH, *sys.stdlib_module_names})

_installed: set[str] = set()


@dataclass(frozen=True)
class UserCode:
    """The modules of some packages, and all that are not installed; the others are foreign."""

    packages: frozenset[str]

    def has(self, module: str) -> bool:
        """Whether the source of a module is read."""
        top = module.partition(".")[0]
        if top in NEVER:
            return module.startswith(OURS)
        return top in self.packages or not _is_elsewhere(top)


def is_foreign_to_all(module: str) -> bool:
    """Whether the source of a module is never read, whichever packages are the user's."""
    return module.partition(".")[0] in NEVER and not module.startswith(OURS)


def _is_elsewhere(top: str) -> bool:
    """Whether a package is installed, or does not exist."""
    if top in _installed:
        return True
    found = locate(top)
    if found and found.is_installed:
        _installed.add(top)
    return found is None or found.is_installed
