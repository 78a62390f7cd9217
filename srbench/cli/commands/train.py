"""``srbench train``: what a block buys: scores over seeds, compared with the baseline's."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from srbench.catalog import DEFAULT_VARIANTS
from srbench.cli import model_options, run_options, training_options
from srbench.cli.completion import complete_spec
from srbench.cli.look_options import checked, with_look
from srbench.cli.messages import tell
from srbench.cli.output import (
    Destination,
    FormatOption,
    Output,
    OutputOption,
    OverwriteOption,
    destination,
)
from srbench.cli.progress import training_progress
from srbench.cli.training_options import TrainingRequest, is_first_process
from srbench.cli.values import decimals
from srbench.errors import ROWS_FAILED, SrbenchError, several
from srbench.files import exists
from srbench.records.record import Record
from srbench.records.record_file import RecordFile
from srbench.report.formats import Report
from srbench.report.look import Look
from srbench.report.origin import origin
from srbench.report.problems import failures
from srbench.report.training import COLUMNS, training_report
from srbench.spec.cases import rows
from srbench.spec.parse import Spec

if TYPE_CHECKING:
    from srbench.runner.training import TrainingPlan

DEFAULT_MODEL = "cifar_resnet20"


@with_look
def train(
    specs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SPEC",
            help="Models, such as resnet50 or resnet50+sr:memories=2; cifar_resnet20 if none is "
            "given.",
            autocompletion=complete_spec,
            show_default=False,
        ),
    ] = None,
    se: model_options.SeOption = False,
    cbam: model_options.CbamOption = False,
    sr_memories: model_options.SrMemoriesOption = None,
    dropout2d: model_options.Dropout2dOption = None,
    block: model_options.BlockOption = None,
    variant: model_options.VariantOption = None,
    no_variants: model_options.NoVariantsOption = False,
    data: Annotated[str, training_options.data("by default digits.")] = "digits",
    recipe: training_options.RecipeOption = "",
    changes: training_options.ChangesOption = None,
    seeds: training_options.SeedsOption = "6",
    share: Annotated[
        str,
        typer.Option(
            metavar="A,…",
            help="Shares of the training images, such as 1,0.1; each is trained on.",
            rich_help_panel=training_options.PANEL,
        ),
    ] = "1",
    workers: training_options.WorkersOption = 0,
    download: training_options.DownloadOption = False,
    device: run_options.OneDeviceOption = None,
    threads: run_options.ThreadsOption = None,
    records: Annotated[
        Path,
        typer.Option(
            "--records",
            "-r",
            metavar="FILE",
            help="File that keeps each run once it has ended; it is trained again only if its "
            "code, its recipe or its images have changed.",
        ),
    ] = Path("train.jsonl"),
    runs: training_options.RunsOption = training_options.RUNS,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Also write the curves for TensorBoard.")
    ] = False,
    form: FormatOption = None,
    output: OutputOption = None,
    overwrite: OverwriteOption = False,
    *,
    look: Look,
) -> None:
    """Train models and their baselines with the same seeds, and compare their scores.

    A baseline and its variants begin with the same weights where both have them, and see the same
    images in the same order. After an interruption, call it again to go on: a run continues from
    its checkpoint, to the same bits.

    [bold]Examples[/bold]

      srbench train cifar_resnet20 --variant sr --variant sr+dropout2d

      srbench train cifar_resnet20+sr --seeds 3 --share 1,0.1 --set epochs=30

      srbench train resnet50+sr --data folder:flowers --workers 4 --device cuda

      torchrun --nproc-per-node 4 -m srbench train resnet50 --data imagenet:images
    """
    variants = model_options.variants(se, cbam, sr_memories, dropout2d, block, variant)
    wanted = rows(specs or [DEFAULT_MODEL], variants, () if no_variants else DEFAULT_VARIANTS)
    plan = TrainingRequest(
        data,
        recipe,
        changes or (),
        seeds,
        decimals("--share", share),
        runs,
        device,
        threads,
        workers,
        download,
        tensorboard,
    ).plan()
    look = checked(look, COLUMNS, map(str, wanted))
    target, file = _opened(records, Output(output, form, overwrite))
    raise typer.Exit(_show(wanted, plan, file, look, target))


def _opened(records: Path, output: Output) -> tuple[Destination, RecordFile]:
    """Where the rows are shown, and where they are kept. Raises SrbenchError if they cannot be."""
    if exists(records.with_suffix(".toml")):
        raise SrbenchError(f"{records} belongs to a table", "name another file with --records")
    target = destination(output, reads=[records])
    file = RecordFile(records)
    file.require_writable()
    return target, file


def _show(
    wanted: Sequence[Spec],
    plan: "TrainingPlan",
    file: RecordFile,
    look: Look,
    target: Destination,
) -> int:
    """Train, and write the rows; returns the exit code."""
    done: list[Record] = []

    before = {record.key: record for record in file.records}

    def report() -> Report | None:
        taken = {record.key for record in done if before.get(record.key) is record}
        return replace(training_report(done, look), taken=taken) if done else None

    if not is_first_process():
        _train_quietly(wanted, plan, file)
        return 0
    with target.keeping(report):
        _train(wanted, plan, file, done)
    found = report()
    if found:
        if said := origin(found.records, found.taken):
            tell(said)
        target.write(found)
    for failure in failures(done):
        tell(f"error: {failure}")
    return ROWS_FAILED if any(record.status != "ok" for record in done) else 0


def _train_quietly(wanted: Sequence[Spec], plan: "TrainingPlan", file: RecordFile) -> None:
    """Do the part of this process; the first one shows and keeps the results."""
    from srbench.runner import training  # loads torch

    for _ in training.run(wanted, plan, file):
        pass


def _train(
    wanted: Sequence[Spec], plan: "TrainingPlan", file: RecordFile, done: list[Record]
) -> None:
    from srbench.runner import training  # loads torch

    number = len(wanted) * len(plan.seeds) * len(plan.shares)
    try:
        with training_progress(number) as begin:
            for record in training.run(wanted, plan, file, begin):
                done.append(record)
    except KeyboardInterrupt:
        ended = f"{len(done)} of {several(number, 'run')} have ended"
        tell(f"interrupted: {ended}; call it again to go on")
        raise
