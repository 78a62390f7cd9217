"""``srbench models`` and ``srbench blocks``: what a spec may name."""

from typing import Any

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
        target.write(_listing(rows, "The models."))


def blocks(form: FormatOption = None, output: OutputOption = None) -> None:
    """List the blocks, with their options and defaults."""
    rows = [_block(block) for block in BLOCKS.values()]
    rows += [_third_party(name) for name in plugins.block_names()]
    with destination(output, form) as target:
        target.write(_listing(rows, "The blocks."))


def _listing(rows: list[dict[str, Any]], caption: str) -> Report:
    columns = tuple(
        Column(key.capitalize(), "name" if key == "name" else "text") for key in rows[0]
    )
    return Report((Table(columns, tuple(tuple(r.values()) for r in rows), caption),), rows, rows)


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
        "options": " ".join(_usual(option, ()) for option in block.options),
        "source": block.source,
    }


def _third_party(name: str) -> dict[str, Any]:
    """What the metadata says: the package itself is imported when the block is used."""
    return {
        "name": name,
        "what": None,
        "place": None,
        "options": None,
        "source": plugins.origin(name),
    }


def _usual(option: Option, stages: tuple[str, ...]) -> str:
    if isinstance(option, Stages):
        return "stage=" + {None: "all", 1: "last"}.get(option.last, f"last{option.last}")
    return f"{option.name}={format_value(option.default(stages))}"
