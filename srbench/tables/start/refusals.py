"""What a first table is refused for, before anything is written."""

from collections.abc import Sequence
from pathlib import Path

from srbench.conditions import Conditions, input_size
from srbench.errors import SrbenchError
from srbench.spec.cases import cases
from srbench.spec.parse import backbone_of, parse
from srbench.tables import FOLDER
from srbench.tables.committed import open_draft
from srbench.tables.draft import drafted, require_name
from srbench.tables.finders import ByImport
from srbench.tables.start.layout_text import FirstTable, layout_text
from srbench.tables.start.writing import is_there, require_folder

REFERENCE = "se"  # what most readers know the cost of
ALL = "all"  # `srbench table all` is every table


def layout_path(name: str) -> Path:
    """The layout of a table."""
    return FOLDER / f"{name}.toml"


def require_new_name(name: str) -> None:
    """Raises SrbenchError for a name that no table can have, or that one has already."""
    require_name(name)
    require_folder(FOLDER)
    if name.startswith("-") or name == ALL:
        raise SrbenchError(f"a table cannot be called {name}", "give another --table NAME")
    if is_there(path := layout_path(name)):
        raise SrbenchError(
            f"{path} is there already",
            f"give another --table NAME, or count its rows: `srbench table {name}`",
        )


def require_block(block: str) -> None:
    """Raises SrbenchError if the blocks of a variant do not exist, or cannot be imported."""
    ByImport().require_blocks(block)


def require_backbone(backbone: str, blocks: Sequence[str]) -> None:
    """Raises SrbenchError for a network that does not exist, or that one of the blocks does not
    fit."""
    for block in blocks:
        cases([backbone], [block])
    if "+" in backbone:
        raise SrbenchError(
            f"{backbone} is a network with a block",
            f"give them apart: --backbone {backbone.partition('+')[0]} "
            f"--block {backbone.partition('+')[2]}",
        )


def require_input(
    backbones: Sequence[str], blocks: Sequence[str], size: str, num_classes: int | None
) -> None:
    """Raises SrbenchError for an input size or a number of classes that is not possible."""
    if size:
        Conditions(*input_size(size))
    cases(backbones, blocks, size=size or None, num_classes=num_classes)


def reference(backbones: Sequence[str], blocks: Sequence[str]) -> str:
    """The block to show beside one's own; empty if it is among them, or fits not every network."""
    try:
        own = {str(case.spec) for case in cases(backbones, blocks)}
        known = {str(case.spec) for case in cases(backbones, [REFERENCE])}
        has_places = all(backbone_of(parse(one).backbone).stages for one in backbones)
    except SrbenchError:
        return ""
    return REFERENCE if has_places and not known <= own else ""


def checked_text(table: FirstTable) -> str:
    """The layout's text. Raises SrbenchError with all that `srbench table` would refuse in it."""
    text = layout_text(table)
    open_draft(drafted(layout_path(table.name), text))
    return text
