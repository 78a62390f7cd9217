"""``srbench evaluate``: how weights do on the images that they are tested on."""

from pathlib import Path
from typing import Annotated

import typer

from srbench.cli import run_options, training_options
from srbench.cli.messages import tell
from srbench.cli.output import (
    FormatOption,
    Output,
    OutputOption,
    OverwriteOption,
    destination,
)
from srbench.cli.progress import progress
from srbench.cli.training_options import TestedRequest
from srbench.errors import ROWS_FAILED
from srbench.records.evaluated import Evaluated
from srbench.report.evaluation import evaluation_report


def evaluate(
    checkpoints: Annotated[
        list[Path] | None,
        training_options.CHECKPOINT,
    ] = None,
    model: training_options.TestedModelOption = "",
    weights: training_options.WeightsOption = "",
    data: Annotated[str, training_options.data("by default what the weights say.")] = "",
    recipe: training_options.RecipeOption = "",
    changes: training_options.ChangesOption = None,
    seed: training_options.TestedSeedOption = None,
    workers: training_options.WorkersOption = 0,
    download: training_options.DownloadOption = False,
    device: run_options.OneDeviceOption = None,
    threads: run_options.ThreadsOption = None,
    form: FormatOption = None,
    output: OutputOption = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Test weights on a data set: those of srbench train, of torchvision, or of a state dict.

    Weights of srbench train say which network they are for, and which images. Reading a file never
    runs code that it holds.

    [bold]Examples[/bold]

      srbench evaluate runs/*/model.safetensors

      srbench evaluate mine.pth --model resnet50+sr --data imagenet:images

      srbench evaluate --weights IMAGENET1K_V2 --model resnet50 --data imagenet:x
    """
    training_options.require_one(checkpoints or [], weights, model)
    target = destination(Output(output, form, overwrite), reads=checkpoints or ())
    rows: list[Evaluated] = []
    with progress(len(checkpoints or [weights])) as begin:
        from srbench.runner import evaluation  # loads torch

        plan = TestedRequest(
            model, data, recipe, changes or (), seed, device, threads, workers, download
        ).plan()
        if weights:
            begin(0, weights)
            rows.append(evaluation.evaluation_of_torchvision(weights, plan))
        for number, path in enumerate(map(str, checkpoints or ())):
            begin(number, path)
            rows += evaluation.evaluations([path], plan)
    target.write(evaluation_report(rows))
    for row in rows:
        if row.status != "ok":
            tell(f"error: {row.source}: {row.status}")
    if any(row.status != "ok" for row in rows):
        raise typer.Exit(ROWS_FAILED)
