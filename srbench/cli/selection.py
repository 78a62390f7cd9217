"""The options that say which models a command compares, and for what input."""

from collections.abc import Sequence
from typing import Annotated

import typer

from srbench.cli.completion import complete_blocks, complete_spec, complete_variant
from srbench.options import format_value

_PANEL = "Variants of every model"

SpecsArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="SPEC",
        help="Models, such as resnet50 or resnet50+sr:memories=2; resnet50 if none is given.",
        autocompletion=complete_spec,
        show_default=False,
    ),
]
SpecArgument = Annotated[
    str,
    typer.Argument(
        metavar="SPEC",
        help="The model, such as resnet50+sr:memories=2.",
        autocompletion=complete_spec,
        show_default=False,
    ),
]
SeOption = Annotated[bool, typer.Option("--se", help="Add +se.", rich_help_panel=_PANEL)]
CbamOption = Annotated[bool, typer.Option("--cbam", help="Add +cbam.", rich_help_panel=_PANEL)]
SrMemoriesOption = Annotated[
    list[int] | None,
    typer.Option(
        metavar="N", help="Add +sr with N memories; may be repeated.", rich_help_panel=_PANEL
    ),
]
Dropout2dOption = Annotated[
    list[float] | None,
    typer.Option(
        metavar="P", help="Add +dropout2d with that p; may be repeated.", rich_help_panel=_PANEL
    ),
]
BlockOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="BLOCK",
        help="Add one block, by name or as module:Class of your own; may be repeated.",
        autocompletion=complete_blocks,
        rich_help_panel=_PANEL,
    ),
]
VariantOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="BLOCKS",
        help="Add these blocks together, such as se+sr:memories=4; may be repeated.",
        autocompletion=complete_variant,
        rich_help_panel=_PANEL,
    ),
]
NoVariantsOption = Annotated[
    bool,
    typer.Option(
        "--no-variants",
        help="Do not compare a model given alone with +se, +cbam and +sr.",
        rich_help_panel=_PANEL,
    ),
]
InputSizeOption = Annotated[
    str | None,
    typer.Option(
        metavar="SIZE",
        help="Pixels of the input: 224, or HEIGHTxWIDTH; what each network is made for if nothing "
        "is said.",
        show_default=False,
    ),
]
NumClassesOption = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Classes to tell apart; what each network is made for if nothing is said.",
        show_default=False,
    ),
]


def variants(
    se: bool,
    cbam: bool,
    sr_memories: Sequence[int] | None,
    dropout2d: Sequence[float] | None,
    block: Sequence[str] | None,
    variant: Sequence[str] | None,
) -> list[str]:
    """The blocks that make one more row per model, from the shorthands, ``--block`` and
    ``--variant``."""
    return [
        *(["se"] if se else []),
        *(["cbam"] if cbam else []),
        *(f"sr:memories={memories}" for memories in sr_memories or ()),
        *(f"dropout2d:p={format_value(p)}" for p in dropout2d or ()),
        *(block or ()),
        *(variant or ()),
    ]
