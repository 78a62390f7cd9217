"""``srbench analyze``: what trained blocks do with images."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from srbench.cli import run_options, training_options
from srbench.cli.messages import tell
from srbench.cli.output import Output, destination, format_option
from srbench.cli.progress import progress
from srbench.cli.training_options import TestedRequest, is_first_process
from srbench.cli.values import listed, names, starting
from srbench.errors import several
from srbench.report import analysis_folder as folder
from srbench.report.analysis import analysis_report

if TYPE_CHECKING:
    from srbench.analysis.two_passes import Found
    from srbench.records.record import Record
    from srbench.runner.analysis import AnalysisPlan


def analyze(
    checkpoint: Annotated[
        Path | None,
        training_options.CHECKPOINT,
    ] = None,
    model: training_options.TestedModelOption = "",
    weights: training_options.WeightsOption = "",
    data: Annotated[str, training_options.data("by default what the weights say.")] = "",
    classes: Annotated[
        str | None,
        typer.Option(
            metavar="A,B,…",
            help="Classes that are looked at one by one, by name or number; by default the first "
            "ten. All classes are in the heat map.",
            show_default=False,
        ),
    ] = None,
    no_ablations: Annotated[
        bool,
        typer.Option("--no-ablations", help="Only watch; do not ask whether the blocks matter."),
    ] = False,
    recipe: training_options.RecipeOption = "",
    changes: training_options.ChangesOption = None,
    seed: training_options.TestedSeedOption = None,
    workers: training_options.WorkersOption = 0,
    download: training_options.DownloadOption = False,
    device: run_options.OneDeviceOption = None,
    threads: run_options.ThreadsOption = None,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FOLDER",
            help="Folder for the figures, the numbers behind them as CSV, and the record.",
        ),
    ] = Path("analysis"),
    picture: Annotated[
        str,
        typer.Option(
            metavar="A,…",
            help="Formats of the figures: pdf, svg, png.",
            autocompletion=starting(folder.PICTURES),
        ),
    ] = "pdf",
    form: Annotated[str | None, format_option("text")] = None,
) -> None:
    """Look inside trained SR, SE and CBAM blocks: what they do with images, and whether it matters.

    Shows which memories a class uses, what a block changes, what each memory holds, and the
    accuracy without each memory, with the same weights for every image, and without the block. The
    folder has every figure, and analysis.jsonl for srbench report.

    [bold]Examples[/bold]

      srbench analyze weights/cifar_resnet20+sr.safetensors

      srbench analyze weights.pth --model resnet50+sr --data imagenet:images

      srbench analyze model.safetensors --classes cliff,pug,church --output figures

      srbench analyze mine.pth --model mine:Net --data folder:flowers
    """
    training_options.require_one([checkpoint] if checkpoint else [], weights, model)
    formats = names("--picture", picture, folder.PICTURES)
    chosen = listed("--classes", classes)
    target = destination(Output(None, form))
    folder.records_in(output)  # before any work, so that a bad folder loses none
    with progress(100) as begin:
        from srbench.runner import analysis  # loads torch

        tested = TestedRequest(
            model, data, recipe, changes or (), seed, device, threads, workers, download
        ).plan()
        plan = analysis.AnalysisPlan(tested, chosen, not no_ablations)
        record, found = _analyzed(
            checkpoint, weights, plan, lambda share, what: begin(100 * share, what)
        )
    if not is_first_process():
        return
    with progress(folder.number_of_figures(record)) as begin:
        written = folder.write(record, found.by_image, output, formats, begin)
    target.write(analysis_report(record))
    tell(f"wrote {several(written, 'file')} to {output}")


def _analyzed(
    checkpoint: Path | None,
    weights: str,
    plan: "AnalysisPlan",
    step: Callable[[float, str], None],
) -> "tuple[Record, Found]":
    from srbench.runner import analysis

    if checkpoint is None:
        return analysis.analysis_of_torchvision(weights, plan, step)
    return analysis.analysis_of_file(checkpoint, plan, step)
