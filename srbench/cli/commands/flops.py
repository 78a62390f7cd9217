"""``srbench flops``: parameters, MACs and FLOPs beside the baseline's."""

from typing import Annotated

import typer

from srbench.cli import model_options
from srbench.cli.output import FormatOption, Output, OutputOption, OverwriteOption


def flops(
    specs: model_options.SpecsArgument = None,
    se: model_options.SeOption = False,
    cbam: model_options.CbamOption = False,
    sr_memories: model_options.SrMemoriesOption = None,
    dropout2d: model_options.Dropout2dOption = None,
    block: model_options.BlockOption = None,
    variant: model_options.VariantOption = None,
    no_variants: model_options.NoVariantsOption = False,
    input_size: model_options.InputSizeOption = None,
    num_classes: model_options.NumClassesOption = None,
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
    overwrite: OverwriteOption = False,
) -> None:
    """Count parameters, MACs and FLOPs of models beside their baselines, exactly.

    [bold]Examples[/bold]

      srbench flops resnet50 --sr-memories 10

      srbench flops resnet18 resnet50 --se --cbam --input-size 192x256

      srbench flops resnet50:stride=v1+cbam --format latex --output table.tex

      srbench flops resnet50 --block mypackage.myblock:MyBlock
    """
    from srbench.cli.counting import count_and_show  # what listings and --help need not load

    raise typer.Exit(
        count_and_show(
            specs or (),
            model_options.variants(se, cbam, sr_memories, dropout2d, block, variant),
            default_variants=not no_variants,
            size=input_size,
            num_classes=num_classes,
            per_module=per_module,
            strict=strict,
            output=Output(output, form, overwrite),
        )
    )
