"""``srbench flops``: parameters, MACs and FLOPs beside the baseline's."""

from typing import Annotated

import typer

from srbench.cli.completion import complete_spec, complete_variant
from srbench.cli.output import FormatOption, OutputOption
from srbench.options import format_value

VARIANTS = "Variants of every model"


def flops(
    specs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SPEC",
            help="Models, such as resnet50 or resnet50+sr:memories=2; resnet50 if none is given.",
            autocompletion=complete_spec,
            show_default=False,
        ),
    ] = None,
    se: Annotated[bool, typer.Option("--se", help="Add +se.", rich_help_panel=VARIANTS)] = False,
    cbam: Annotated[
        bool, typer.Option("--cbam", help="Add +cbam.", rich_help_panel=VARIANTS)
    ] = False,
    sr_memories: Annotated[
        list[int] | None,
        typer.Option(
            metavar="N", help="Add +sr with N memories; may be repeated.", rich_help_panel=VARIANTS
        ),
    ] = None,
    dropout2d: Annotated[
        list[float] | None,
        typer.Option(
            metavar="P",
            help="Add +dropout2d with that p; may be repeated.",
            rich_help_panel=VARIANTS,
        ),
    ] = None,
    variant: Annotated[
        list[str] | None,
        typer.Option(
            metavar="BLOCKS",
            help="Add these blocks together, such as se+sr:memories=4; may be repeated.",
            autocompletion=complete_variant,
            rich_help_panel=VARIANTS,
        ),
    ] = None,
    no_variants: Annotated[
        bool,
        typer.Option(
            "--no-variants",
            help="Do not compare a model given alone with +se, +cbam and +sr.",
            rich_help_panel=VARIANTS,
        ),
    ] = False,
    input_size: Annotated[
        str, typer.Option(metavar="SIZE", help="Pixels of the input: 224, or HEIGHTxWIDTH.")
    ] = "224",
    num_classes: Annotated[int, typer.Option(metavar="N", help="Classes to tell apart.")] = 1000,
    per_module: Annotated[
        bool,
        typer.Option(
            "--per-module", help="Show too where the inserted blocks' counts are, stage by stage."
        ),
    ] = False,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict", help="Exit with 1 if the counters disagree or an operator is not counted."
        ),
    ] = False,
    form: FormatOption = None,
    output: OutputOption = None,
) -> None:
    """Count parameters, MACs and FLOPs of models beside their baselines, exactly.

    [bold]Examples[/bold]

      srbench flops resnet50 --sr-memories 10

      srbench flops resnet18 resnet50 --se --cbam --input-size 192x256

      srbench flops resnet50:stride=v1+cbam --format latex --output table.tex
    """
    added = [
        *(["se"] if se else []),
        *(["cbam"] if cbam else []),
        *(f"sr:memories={memories}" for memories in sr_memories or ()),
        *(f"dropout2d:p={format_value(p)}" for p in dropout2d or ()),
        *(variant or ()),
    ]
    from srbench.cli.counting import count_and_show  # what listings and --help need not load

    raise typer.Exit(
        count_and_show(
            specs or (),
            added,
            default_variants=not no_variants,
            size=input_size,
            num_classes=num_classes,
            per_module=per_module,
            strict=strict,
            form=form,
            output=output,
        )
    )
