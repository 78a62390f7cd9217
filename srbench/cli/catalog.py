"""``srbench models`` and ``srbench blocks``: what a spec may name."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from srbench import plugins
from srbench.catalog import BACKBONES, BLOCKS, SIZED, Backbone, Block
from srbench.cli.messages import tell
from srbench.cli.output import (
    FormatOption,
    Output,
    OutputOption,
    OverwriteOption,
    destination,
)
from srbench.lookup import is_ours
from srbench.options import After, Option, Stages, format_value
from srbench.report.formats import Report
from srbench.report.table import Column, Table

THEIR_OWN = "A {what} of your own goes by module:Class, or by a name that its package lists."


def models(
    form: FormatOption = None, output: OutputOption = None, overwrite: OverwriteOption = False
) -> None:
    """List the models, with their stages, options and the input they are made for."""
    rows = [_model(backbone) for backbone in BACKBONES.values()]
    rows += _third_party(plugins.BACKBONE_GROUP, rows[0])
    notes = [*(f"{one.what}." for one in SIZED), THEIR_OWN.format(what="network")]
    listing = _listing("models", rows, _meanings(BACKBONES.values()), notes, _narrow)
    destination(Output(output, form, overwrite)).write(listing)


def blocks(
    form: FormatOption = None, output: OutputOption = None, overwrite: OverwriteOption = False
) -> None:
    """List the blocks, with their options and defaults."""
    rows = [_block(block) for block in BLOCKS.values()]
    rows += _third_party(plugins.BLOCK_GROUP, rows[0])
    notes = [THEIR_OWN.format(what="block")]
    listing = _listing("blocks", rows, _meanings(BLOCKS.values()), notes)
    destination(Output(output, form, overwrite)).write(listing)


def _listing(
    name: str,
    rows: list[dict[str, Any]],
    meanings: dict[str, str],
    others: list[str],
    shown: Callable[[dict[str, Any]], dict[str, Any]] = dict,
) -> Report:
    """CSV and JSON have all of a row, the table what ``shown`` leaves of it."""
    lines = [shown(row) for row in rows]
    columns = tuple(
        Column(key.capitalize(), "name" if key == "name" else "text") for key in lines[0]
    )
    cells = tuple(tuple(line.values()) for line in lines)
    notes = (*(f"{option}: {meaning}." for option, meaning in meanings.items()), *others)
    table = Table(name, columns, cells, f"The {name}.", notes)
    return Report((table,), tuple(rows[0]), rows, rows)


def _narrow(row: dict[str, Any]) -> dict[str, Any]:
    """A model's row for a terminal: alike stages by the first and the last."""
    shown = {key: value for key, value in row.items() if key != "family"}
    stages = (row["stages"] or "").split()
    if stages:
        shown["stages"] = f"{stages[0]}–{stages[-1].lstrip('abcdefghijklmnopqrstuvwxyz')}"
    shown["options"] = " ".join(one.partition("=")[0] for one in (row["options"] or "").split())
    shown["note"] = "own SE" if row["note"] else row["family"] if not row["input"] else None
    return shown


def _meanings(owners: Iterable[Backbone | Block]) -> dict[str, str]:
    """What each option means, by its name, and what it is if nothing is said."""
    return {
        option.name: f"{option.help}{_default(option)}"
        for owner in owners
        for option in owner.options
    }


def _default(option: Option) -> str:
    usual = format_value(option.default(()))
    return f"; {usual} if nothing is said" if usual else ""


def _model(backbone: Backbone) -> dict[str, Any]:
    classes = {option.name: option for option in backbone.options}.get(backbone.classes)
    return {
        "name": backbone.name,
        "family": backbone.family,
        "input": backbone.input_size,
        "classes": classes.default(()) if classes else backbone.num_classes,
        "stages": " ".join(backbone.stage_names),
        "options": " ".join(_usual(option) for option in backbone.options),
        "note": backbone.note.partition(",")[0],
    }


def _block(block: Block) -> dict[str, Any]:
    places = {"branch": "end of each residual branch", "stage": "output of the stage"}
    return {
        "name": block.name,
        "what": block.summary,
        "place": places[block.place],
        "stages": _stages(block),
        "options": " ".join(
            _usual(option) for option in block.options if not isinstance(option, Stages | After)
        ),
        "source": block.source,
    }


def _third_party(group: str, columns: Iterable[str]) -> Iterator[dict[str, Any]]:
    """What the metadata says: a package itself is imported when it is used."""
    for name in plugins.names(group):
        source = plugins.origin(group, name)
        if is_ours(name):
            tell(f"warning: srbench's own {name} hides the one of {source}")
        else:
            last = "source" if "source" in columns else "family"
            yield dict.fromkeys(columns) | {"name": name, last: source}


def _stages(block: Block) -> str:
    """Where ``stage=`` puts it if nothing is said, in words: the names depend on the model."""
    (last,) = (option.last for option in block.options if isinstance(option, Stages))
    return {None: "all", 1: "the last"}.get(last, f"the last {last}")


def _usual(option: Option) -> str:
    return f"{option.name}={format_value(option.default(()))}"
