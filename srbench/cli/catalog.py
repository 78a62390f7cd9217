"""``srbench models`` and ``srbench blocks``: what a spec may name."""

from collections.abc import Iterable
from typing import Any

import typer

from srbench import plugins
from srbench.catalog import BACKBONES, BLOCKS, Backbone, Block
from srbench.cli.output import FormatOption, OutputOption, destination
from srbench.options import Option, Stages, format_value
from srbench.report.formats import Report
from srbench.report.table import Column, Table


def models(form: FormatOption = None, output: OutputOption = None) -> None:
    """List the models, with their stages and options."""
    rows = [_model(backbone) for backbone in BACKBONES.values()]
    with destination(output, form) as target:
        target.write(_listing("models", rows, _meanings(BACKBONES.values())))


def blocks(form: FormatOption = None, output: OutputOption = None) -> None:
    """List the blocks, with their options and defaults."""
    rows = [_block(block) for block in BLOCKS.values()]
    rows += [_third_party(name) for name in plugins.block_names()]
    for name in plugins.hidden_names():
        by = plugins.origin(name)
        typer.echo(f"warning: srbench's own {name} hides the one of {by}", err=True)
    with destination(output, form) as target:
        target.write(_listing("blocks", rows, _meanings(BLOCKS.values())))


def _listing(name: str, rows: list[dict[str, Any]], meanings: dict[str, str]) -> Report:
    columns = tuple(
        Column(key.capitalize(), "name" if key == "name" else "text") for key in rows[0]
    )
    cells = tuple(tuple(row.values()) for row in rows)
    notes = tuple(f"{option}: {meaning}." for option, meaning in meanings.items())
    table = Table(name, columns, cells, f"The {name}.", notes)
    return Report((table,), tuple(rows[0]), rows, rows)


def _meanings(owners: Iterable[Backbone | Block]) -> dict[str, str]:
    """What each option means, by its name."""
    return {option.name: option.help for owner in owners for option in owner.options}


def _model(backbone: Backbone) -> dict[str, Any]:
    return {
        "name": backbone.name,
        "family": backbone.family,
        "stages": " ".join(backbone.stages),
        "options": " ".join(_usual(option, backbone.stages) for option in backbone.options),
    }


def _block(block: Block) -> dict[str, Any]:
    places = {"branch": "end of each residual branch", "stage": "output of the stage"}
    return {
        "name": block.name,
        "what": block.summary,
        "place": places[block.place],
        "stages": _stages(block),
        "options": " ".join(
            _usual(option, ()) for option in block.options if not isinstance(option, Stages)
        ),
        "source": block.source,
    }


def _third_party(name: str) -> dict[str, Any]:
    """What the metadata says: the package itself is imported when the block is used."""
    unknown = dict.fromkeys(("what", "place", "stages", "options"))
    return {"name": name, **unknown, "source": plugins.origin(name)}


def _stages(block: Block) -> str:
    """Where ``stage=`` puts it if nothing is said, in words: the names depend on the model."""
    (last,) = (option.last for option in block.options if isinstance(option, Stages))
    return {None: "all", 1: "the last"}.get(last, f"the last {last}")


def _usual(option: Option, stages: tuple[str, ...]) -> str:
    return f"{option.name}={format_value(option.default(stages))}"
