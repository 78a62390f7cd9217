"""Options that select the models of a command, and their input."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import typer

from srbench.catalog import DEFAULT_VARIANTS
from srbench.cli.completion import complete_blocks, complete_spec, complete_variant
from srbench.cli.values import listed, whole_numbers
from srbench.conditions import Input
from srbench.spec.cases import Case, cases

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
    list[str] | None,
    typer.Option(
        metavar="N,…",
        help="Add +sr with N memories; one row for each N.",
        show_default=False,
        rich_help_panel=_PANEL,
    ),
]
Dropout2dOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="P,…",
        help="Add +dropout2d with p=P; one row for each P.",
        show_default=False,
        rich_help_panel=_PANEL,
    ),
]
BlockOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="BLOCK",
        help="Add one block: a name, or module:Class for your own; may be repeated.",
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
        help="Do not add +se, +cbam and +sr to a model without variants.",
        rich_help_panel=_PANEL,
    ),
]
InputSizeOption = Annotated[
    str | None,
    typer.Option(
        metavar="SIZE",
        help="Input size in pixels: 224 or HEIGHTxWIDTH; by default each network's own.",
        show_default=False,
    ),
]
InputOption = Annotated[
    list[str] | None,
    typer.Option(
        "--input",
        metavar="SHAPE",
        help="What the network gets instead of an image: a whole shape, batch first, such as "
        "1x1x16000, int64:1x128 or mask=bool:1x128; one for each input.",
        show_default=False,
    ),
]
NumClassesOption = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Number of classes; by default each network's own.",
        show_default=False,
    ),
]


@dataclass(frozen=True)
class Selection:
    """The values of these options: the models of a command, and their input."""

    specs: Sequence[str]
    variants: Sequence[str]
    size: str | None = None
    num_classes: int | None = None
    has_default_variants: bool = True
    inputs: Sequence[str] = ()

    def cases(self) -> list[Case]:
        """Each baseline with its variants. Raises SrbenchError for a bad spec or input."""
        usual = DEFAULT_VARIANTS if self.has_default_variants else ()
        return cases(
            self.specs,
            self.variants,
            usual,
            size=self.size,
            num_classes=self.num_classes,
            inputs=[Input.parse(text) for text in self.inputs],
        )


def variants(
    se: bool,
    cbam: bool,
    sr_memories: Sequence[str] | None,
    dropout2d: Sequence[str] | None,
    block: Sequence[str] | None,
    variant: Sequence[str] | None,
) -> list[str]:
    """The variants, one row each per model, from the shorthands, ``--block`` and ``--variant``."""
    return [
        *(["se"] if se else []),
        *(["cbam"] if cbam else []),
        *(f"sr:memories={memories}" for memories in whole_numbers("--sr-memories", sr_memories)),
        *(f"dropout2d:p={p}" for p in listed("--dropout2d", dropout2d)),
        *(block or ()),
        *(variant or ()),
    ]
