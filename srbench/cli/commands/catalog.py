"""``srbench models`` and ``srbench blocks``: the names that a spec may use."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from srbench.catalog import BACKBONES, BLOCKS, SIZED, Backbone, Block, plugins
from srbench.catalog.lookup import is_ours
from srbench.catalog.options import After, Option, Stages, format_value
from srbench.cli.messages import tell
from srbench.cli.output import FormatOption, Output, OutputOption, OverwriteOption, destination
from srbench.report.formats import Report
from srbench.report.table import Column, Table

ABOUT = ("what", "source")
THEIR_OWN = "Name your own {what} as module:Class, or by an entry point of its package."


def models(
    form: FormatOption = None, output: OutputOption = None, overwrite: OverwriteOption = False
) -> None:
    """List the models, with their stages, options and default inputs.

    [bold]Examples[/bold]

      srbench models

      srbench models --format csv --output models.csv
    """
    rows = [_model(backbone) for backbone in BACKBONES.values()]
    rows += _third_party(plugins.BACKBONE_GROUP, rows[0])
    notes = [
        *_meanings(BACKBONES.values()),
        *(f"{one.what}." for one in SIZED),
        THEIR_OWN.format(what="network"),
    ]
    listing = _listing("models", rows, [_model_line(row) for row in rows], notes)
    destination(Output(output, form, overwrite)).write(listing)


def blocks(
    form: FormatOption = None, output: OutputOption = None, overwrite: OverwriteOption = False
) -> None:
    """List the blocks, with their options and defaults.

    [bold]Examples[/bold]

      srbench blocks

      srbench blocks --format json
    """
    rows = [_block(block) for block in BLOCKS.values()]
    rows += _third_party(plugins.BLOCK_GROUP, rows[0])
    notes = [
        *(f"{row['name']}: {', '.join(filter(None, map(row.get, ABOUT)))}." for row in rows),
        *_meanings(BLOCKS.values()),
        THEIR_OWN.format(what="block"),
    ]
    lines = [{key: row[key] for key in ("name", "place", "stages", "options")} for row in rows]
    destination(Output(output, form, overwrite)).write(_listing("blocks", rows, lines, notes))


def _listing(
    name: str, rows: list[dict[str, Any]], lines: list[dict[str, Any]], notes: list[str]
) -> Report:
    """CSV and JSON have the ``rows``; the table has the ``lines``, which fit a terminal."""
    columns = tuple(
        Column(key.capitalize(), "name" if key == "name" else "text") for key in lines[0]
    )
    cells = tuple(tuple(line.values()) for line in lines)
    table = Table(name, columns, cells, f"The {name}.", tuple(notes))
    return Report((table,), tuple(rows[0]), rows, rows)


def _model_line(row: dict[str, Any]) -> dict[str, Any]:
    """A model in one line of a terminal: of its stages, only the first and the last."""
    shown = {key: row[key] for key in ("name", "input", "classes", "stages")}
    stages = (row["stages"] or "").split()
    if stages:
        shown["stages"] = f"{stages[0]}–{stages[-1].lstrip('abcdefghijklmnopqrstuvwxyz')}"
    return shown | {"note": "own SE" if row["note"] else None if row["input"] else row["family"]}


def _meanings(owners: Iterable[Backbone | Block]) -> Iterator[str]:
    """What each option means, which networks have it, and its default."""
    owners = list(owners)
    having: dict[tuple[str, str], list[Backbone | Block]] = {}
    for owner in owners:
        for option in owner.options:
            having.setdefault((option.name, f"{option.help}{_default(option)}"), []).append(owner)
    for (name, meaning), found in having.items():
        networks = [one for one in found if isinstance(one, Backbone)]
        yield f"{name}{_in_brackets(networks, owners)}: {meaning}."


def _in_brackets(networks: Sequence[Backbone], owners: Sequence[Backbone | Block]) -> str:
    """The networks in brackets; a family whose networks are all among them, by its name."""
    others = {one.family for one in owners if isinstance(one, Backbone) and one not in networks}
    names = (one.name if one.family in others else one.family for one in networks)
    return f" ({', '.join(dict.fromkeys(names))})" if networks else ""


def _default(option: Option) -> str:
    usual = format_value(option.default(()))
    return f"; {usual} by default" if usual else ""


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
    places = {"branch": "end of each branch", "stage": "end of the stage"}
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
    """Rows from the packages' metadata: a package is imported only when it is used."""
    for name in plugins.names(group):
        source = plugins.providers(group, name)
        if is_ours(name):
            tell(f"warning: srbench's own {name} hides that of {source}")
        else:
            last = "source" if "source" in columns else "family"
            yield dict.fromkeys(columns) | {"name": name, last: source}


def _stages(block: Block) -> str:
    """The default of ``stage=`` in words, since the names depend on the model."""
    (last,) = (option.last for option in block.options if isinstance(option, Stages))
    return {None: "all", 1: "the last"}.get(last, f"the last {last}")


def _usual(option: Option) -> str:
    return f"{option.name}={format_value(option.default(()))}"
