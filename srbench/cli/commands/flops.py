"""``srbench flops``: parameters, MACs and FLOPs, compared with the baseline's."""

from collections.abc import Collection, Sequence
from typing import Annotated

import typer

from srbench.cli import model_options
from srbench.cli.look_options import MaxBatchOption, checked, with_look, with_max_batch
from srbench.cli.messages import tell
from srbench.cli.model_options import Selection
from srbench.cli.output import (
    FormatOption,
    Output,
    OutputOption,
    OverwriteOption,
    destination,
    results_exit_code,
)
from srbench.cli.progress import progress
from srbench.records.record import Record
from srbench.records.results import Results
from srbench.report.columns import needs, with_sized
from srbench.report.counts import COLUMNS, KINDS, USUAL, counts_report
from srbench.report.formats import Report
from srbench.report.look import Look
from srbench.spec.cases import Case


@with_look
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
    inputs: model_options.InputOption = None,
    num_classes: model_options.NumClassesOption = None,
    per_module: Annotated[
        bool,
        typer.Option(
            "--per-module", help="Also show the counts of the inserted blocks, stage by stage."
        ),
    ] = False,
    max_batch: MaxBatchOption = None,
    conventions: Annotated[
        bool,
        typer.Option(
            "--conventions",
            help="Also show the totals that other tools print, such as thop and ptflops, and what "
            "is in them.",
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
    *,
    look: Look,
) -> None:
    """Count parameters, MACs and FLOPs of models and their baselines, exactly.

    [bold]Examples[/bold]

      srbench flops resnet50 --sr-memories 10

      srbench flops resnet18 resnet50 --se --cbam --input-size 192x256

      srbench flops resnet50:stride=v1+cbam -o table.tex --style cvpr --notes short

      srbench flops resnet50 --columns params,params_percent,macs,macs_percent

      srbench flops resnet50 --no-variants --conventions

      srbench flops resnet50 --block mypackage.myblock:MyBlock

      srbench flops mypackage:make --input 1x1x16000 --input int64:1x128
    """
    variants = model_options.variants(se, cbam, sr_memories, dropout2d, block, variant)
    models = Selection(
        specs or (), variants, input_size, num_classes, not no_variants, inputs or ()
    )
    look = with_max_batch(look, max_batch, USUAL)
    raise typer.Exit(
        _show(models, per_module, conventions, strict, look, Output(output, form, overwrite))
    )


def _show(
    models: Selection,
    per_module: bool,
    conventions: bool,
    strict: bool,
    look: Look,
    output: Output,
) -> int:
    """Count and write the rows; returns the exit code."""
    wanted = models.cases()
    columns = with_sized(COLUMNS, look.columns, KINDS)
    look = checked(look, columns, [str(case.spec) for case in wanted])
    target = destination(output)
    records: list[Record] = []

    def report() -> Report | None:
        return counts_report(Results(records), per_module, look) if records else None

    with target.keeping(report):
        needed = [*needs(look.columns), *(["conventions"] if conventions else [])]
        _count(wanted, needed, records)
    target.write(counts_report(Results(records), per_module, look))
    return results_exit_code(Results(records), strict)


def _count(wanted: Sequence[Case], needed: Collection[str], records: list[Record]) -> None:
    """Add a record for each case, as it is counted, with the fields that columns need."""
    try:
        with progress(len(wanted)) as begin:
            from srbench.runner import counting  # loads torch

            for done, case in enumerate(wanted):
                begin(done, str(case.spec))
                records += counting.run([case], counting.Extras.needed(needed))
    except KeyboardInterrupt:
        tell(f"interrupted: {len(records)} of {len(wanted)} rows are counted")
        raise
