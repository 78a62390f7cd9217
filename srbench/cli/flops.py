"""``srbench flops``: parameters, MACs and FLOPs beside the baseline's."""

from typing import Annotated

import typer

from srbench import comparison
from srbench.catalog import DEFAULT_VARIANTS
from srbench.cli.completion import complete_spec, complete_variant
from srbench.cli.output import FormatOption, OutputOption, destination
from srbench.cli.progress import progress
from srbench.conditions import Conditions, conditions
from srbench.options import format_value
from srbench.report.counts import counts_report
from srbench.results import Record, Results
from srbench.spec import Spec

GATE_FAILED, ROWS_FAILED, INTERRUPTED = 1, 4, 130

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
    usual = () if no_variants else DEFAULT_VARIANTS
    wanted = comparison.rows(specs or (), added, usual)
    under = conditions(input_size, num_classes)
    with destination(output, form) as target:
        results, interrupted = _count(wanted, under)
        if results:
            target.write(counts_report(results, per_module))
    raise typer.Exit(INTERRUPTED if interrupted else _verdict(results, strict))


def _count(wanted: list[Spec], under: Conditions) -> tuple[Results, bool]:
    """The rows, and whether Ctrl-C came before the last of them."""
    records: list[Record] = []
    try:
        with progress(len(wanted)) as begin:
            from srbench import runner  # loads torch

            for spec in wanted:
                begin(str(spec))
                records += runner.run([spec], under)
    except KeyboardInterrupt:
        typer.echo(f"interrupted: {len(records)} of {len(wanted)} rows are counted", err=True)
        return Results(records), True
    return Results(records), False


def _verdict(results: Results, strict: bool) -> int:
    """The exit code; what is wrong with a row stands on stderr as well as below the table."""
    for record in results:
        for warning in record.warnings:
            typer.echo(f"warning: {record.spec}: {warning}", err=True)
        if record.status != "ok":
            typer.echo(f"error: {record.spec}: {record.status}", err=True)
    if any(record.status != "ok" for record in results):
        return ROWS_FAILED
    return GATE_FAILED if strict and any(record.warnings for record in results) else 0
