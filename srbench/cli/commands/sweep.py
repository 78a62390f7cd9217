"""``srbench sweep``: one spec with options that take several values, as records."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from srbench.cli import model_options, run_options
from srbench.cli.completion import complete_stages, complete_vary
from srbench.cli.output import FormatOption, Output, OutputOption, OverwriteOption
from srbench.cli.values import starting
from srbench.conditions import TIME_BUDGET

_GRID = "What varies; every combination is a row"


def _values(
    help_text: str, metavar: str = "A,B,…", complete: Callable[..., Any] | None = None
) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(
        metavar=metavar,
        help=help_text,
        autocompletion=complete,
        show_default=False,
        rich_help_panel=_GRID,
    )
    return option


def sweep(
    spec: model_options.SpecArgument,
    memories: Annotated[str | None, _values("P, the memories of +sr.")] = None,
    reduction: Annotated[str | None, _values("The reduction of +se or +cbam.")] = None,
    stage: Annotated[
        str | None,
        _values("The stages of a block; layer3/layer4 is one value.", complete=complete_stages),
    ] = None,
    vary: Annotated[
        list[str] | None,
        _values(
            "Any other option: sr.hidden=32,64; may be repeated.", "KEY=A,B", complete=complete_vary
        ),
    ] = None,
    input_size: Annotated[str | None, _values("Pixels of the input: 224, or HEIGHTxWIDTH.")] = None,
    batch_size: Annotated[str | None, _values("Images a batch, with --device.")] = None,
    num_classes: model_options.NumClassesOption = None,
    device: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Time every row as well: cpu, cuda, cuda:1 or mps.",
            autocompletion=starting(run_options.DEVICES),
            show_default=False,
        ),
    ] = None,
    time_budget: Annotated[
        float,
        typer.Option(
            metavar="SECONDS", help="Seconds for each model with its variants, with --device."
        ),
    ] = TIME_BUDGET,
    seed: run_options.SeedOption = 0,
    records: Annotated[
        Path,
        typer.Option(
            "--records",
            "-r",
            metavar="FILE",
            help="Where each row is kept as it is measured; it is measured again only if its code "
            "was edited.",
        ),
    ] = Path("sweep.jsonl"),
    plot: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Draw the overheads and the Pareto front: .pdf, .png or .svg.",
            show_default=False,
        ),
    ] = None,
    form: FormatOption = None,
    output: OutputOption = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Measure a grid of variants, each beside its baseline.

    Interrupted, it goes on where it was when it is called again.

    [bold]Examples[/bold]

      srbench sweep resnet50+sr --memories 1,2,5,10,20,50 --plot memories.pdf

      srbench sweep resnet50+sr --stage layer3,layer3/layer4 --input-size 128,224

      srbench sweep resnet18+se+sr --vary sr.hidden=32,64 --vary se.reduction=8,16
    """
    from srbench.cli.sweeping import sweep_and_show

    named = {"memories": memories, "reduction": reduction, "stage": stage}
    raise typer.Exit(
        sweep_and_show(
            spec,
            {name: values for name, values in named.items() if values is not None},
            vary or (),
            sizes=input_size,
            batches=batch_size,
            num_classes=num_classes,
            device=device,
            time_budget=time_budget,
            seed=seed,
            records=records,
            plot=plot,
            output=Output(output, form, overwrite),
        )
    )
