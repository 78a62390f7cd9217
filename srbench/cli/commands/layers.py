"""``srbench layers``: what every module of a network costs, and how much memory all need."""

from typing import TYPE_CHECKING, Annotated

import typer

from srbench.cli import model_options
from srbench.cli.completion import complete_spec
from srbench.cli.look_options import MaxBatchOption, with_look_of
from srbench.cli.output import (
    FormatOption,
    Output,
    OutputOption,
    OverwriteOption,
    destination,
)
from srbench.cli.progress import status
from srbench.cli.values import listed, optional_name, whole_numbers
from srbench.conditions import LARGEST_BATCH, OPTIMIZERS, Input
from srbench.errors import SrbenchError
from srbench.records.memory_use import OPTIMIZER, size_of
from srbench.report.layers import COLUMNS, Shown, layers_report
from srbench.report.look import Look
from srbench.spec.cases import Case, case_of
from srbench.spec.parse import parse

if TYPE_CHECKING:
    from srbench.records.record import Record


@with_look_of("columns", "order", "notes", "caption", "label")
def layers(
    spec: model_options.SpecArgument,
    depth: Annotated[
        int | None,
        typer.Option(metavar="N", help="Levels of modules to show; all if not given."),
    ] = None,
    fold: Annotated[
        bool, typer.Option("--fold", help="Show repeated blocks once, with their sum.")
    ] = False,
    against: Annotated[
        str | None,
        typer.Option(
            metavar="SPEC",
            help="Show only what differs from this model.",
            autocompletion=complete_spec,
            show_default=False,
        ),
    ] = None,
    top: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="With --order, only the first N modules."),
    ] = None,
    max_batch: MaxBatchOption = None,
    batch_size: Annotated[
        list[str] | None,
        typer.Option(
            metavar="N,…",
            help="Show how much memory batches of N images need, too.",
            show_default=False,
        ),
    ] = None,
    optimizer: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help=f"The optimiser in training: {' or '.join(OPTIMIZERS)}; by default {OPTIMIZER}.",
            show_default=False,
        ),
    ] = None,
    input_size: model_options.InputSizeOption = None,
    inputs: model_options.InputOption = None,
    num_classes: model_options.NumClassesOption = None,
    form: FormatOption = None,
    output: OutputOption = None,
    overwrite: OverwriteOption = False,
    *,
    look: Look,
) -> None:
    """Show what every module of a network costs, and how much memory the network needs.

    The tree has shapes, parameters, MACs, activations and the bytes that are moved. Memory is
    worked out from shapes, for any batch size: nothing is run.

    [bold]Examples[/bold]

      srbench layers resnet50 --depth 2

      srbench layers resnet50 --order=-activations --top 5

      srbench layers resnet50+se --against resnet50 --fold

      srbench layers resnet50+sr --max-batch 80GiB --batch-size 32,256
    """
    batches = whole_numbers("--batch-size", batch_size)
    if not all(0 < batch <= LARGEST_BATCH for batch in batches):
        raise SrbenchError("--batch-size is out of range", f"give 1 to {LARGEST_BATCH:,}")
    if depth is not None and depth < 1:
        raise SrbenchError(
            f"--depth {depth} shows no module",
            "give 1 or more; `srbench flops` counts a network as a whole",
        )
    fits = listed("--max-batch", max_batch)
    for size in fits:
        size_of(size)
    look.require_known(COLUMNS)
    wanted = [parse(one) for one in (spec, against) if one is not None]
    sizes = [Input.parse(text) for text in inputs or ()]
    cases = [case_of(one, input_size, num_classes, sizes) for one in wanted]
    target = destination(Output(output, form, overwrite))
    name = optional_name("--optimizer", optimizer, OPTIMIZERS) or OPTIMIZER
    record, *others = [_counted(case, name) for case in cases]
    shown = Shown(
        depth,
        fold,
        others[0] if others else None,
        tuple(fits),
        tuple(batches),
        look,
        top,
    )
    target.write(layers_report(record, shown))


def _counted(case: Case, optimizer: str) -> "Record":
    """The record of a network with its modules and its memory. Raises BuildError if it cannot be
    counted."""
    with status(f"counting {case.spec}"):
        from srbench.runner import counting  # loads torch

        extras = counting.Extras(memory=True, layers=True, optimizer=optimizer)
        (record,) = counting.run([case], extras)
        return counting.require_counted(record)
