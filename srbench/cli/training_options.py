"""Options of what a network is trained or tested on, and how."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from srbench.cli.completion import complete_spec
from srbench.cli.values import seeds_of, starting
from srbench.errors import SrbenchError

if TYPE_CHECKING:
    from srbench.runner.tested_weights import EvaluationPlan
    from srbench.runner.training import TrainingPlan

PANEL = "The images and the recipe"
RECIPES = (  # here, so that --help need not load them
    *("cifar-he2016", "cifar-zagoruyko2016", "cityscapes-deeplab"),
    *("digits", "imagenet-torchvision"),
)
DATA = ("digits", "fake", "cifar10", "cifar100", "imagenet:", "folder:", "cityscapes:")


def data(default: str) -> typer.models.OptionInfo:
    """The option for a data set; the help ends with the default."""
    option: typer.models.OptionInfo = typer.Option(
        "--data",
        metavar="NAME",
        help="digits, fake, cifar10, cifar100, imagenet:PATH, folder:PATH or cityscapes:PATH; "
        + default,
        autocompletion=starting(DATA),
        show_default=False,
        rich_help_panel=PANEL,
    )
    return option


RecipeOption = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help=f"{', '.join(RECIPES)}, or a file *.toml; by default that of the data set.",
        autocompletion=starting(RECIPES),
        show_default=False,
        rich_help_panel=PANEL,
    ),
]
ChangesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change a value of the recipe, such as lr=0.05; may be repeated.",
        rich_help_panel=PANEL,
    ),
]
WorkersOption = Annotated[
    int,
    typer.Option(
        metavar="N", min=0, help="Processes that read image files.", rich_help_panel=PANEL
    ),
]
DownloadOption = Annotated[
    bool,
    typer.Option("--download", help="Download CIFAR if it is missing.", rich_help_panel=PANEL),
]
SeedsOption = Annotated[
    str,
    typer.Option(
        metavar="N",
        help="How many seeds, from 0 on, or which: 0,1,5 or 6-11. digits, and folders without "
        "images to test on, hold out another sixth for each.",
        rich_help_panel=PANEL,
    ),
]
RunsOption = Annotated[
    Path,
    typer.Option(
        "--runs",
        metavar="FOLDER",
        help="Folder for weights, curves and checkpoints, in a folder for each run.",
        rich_help_panel=PANEL,
    ),
]
CHECKPOINT: typer.models.ArgumentInfo = typer.Argument(
    metavar="CHECKPOINT",
    help="Weights: *.safetensors of srbench train, or a state dict, *.pt or *.pth.",
    show_default=False,
)
TestedModelOption = Annotated[
    str,
    typer.Option(
        "--model",
        metavar="SPEC",
        help="The network of a state dict that does not say it, or of your own, mine:Net; a "
        "variant also takes weights of its plain backbone.",
        show_default=False,
        autocompletion=complete_spec,
    ),
]
WeightsOption = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="Take torchvision's weights of --model instead, such as IMAGENET1K_V2.",
        show_default=False,
    ),
]
TestedSeedOption = Annotated[
    int | None,
    typer.Option(
        "--seed",
        metavar="N",
        min=0,
        help="Use the images that the run with this seed held out; by default that of the "
        "weights, and all images for weights of other tools.",
        show_default=False,
    ),
]
RUNS = Path("runs")


@dataclass(frozen=True)
class TrainingRequest:
    """The values of these options; a device of None stands for the first GPU, or the CPU."""

    data: str
    recipe: str = ""
    changes: Sequence[str] = ()
    seeds: str = "6"
    shares: Sequence[float] = (1.0,)
    runs: Path | None = None
    device: str | None = None
    threads: int | None = None
    workers: int = 0
    download: bool = False
    tensorboard: bool = False

    def plan(self) -> "TrainingPlan":
        """What is trained. Raises SrbenchError for a bad value."""
        import srbench.training  # noqa: F401 - says what is not installed; torch takes seconds
        from srbench.measure.devices import resolve_one  # loads torch
        from srbench.runner.training import TrainingPlan
        from srbench.training.recipe import changes_of

        return TrainingPlan(
            self.data,
            self.recipe,
            changes_of(self.changes),
            seeds_of(self.seeds),
            self.shares,
            resolve_one(self.device),
            self.runs,
            self.threads,
            self.workers,
            self.download,
            tensorboard=self.tensorboard,
        )


@dataclass(frozen=True)
class TestedRequest:
    """The values of the options that say which weights are tested, and on which images."""

    model: str = ""
    data: str = ""
    recipe: str = ""
    changes: Sequence[str] = ()
    seed: int | None = None
    device: str | None = None
    threads: int | None = None
    workers: int = 0
    download: bool = False

    def plan(self) -> "EvaluationPlan":
        """What is tested. Raises SrbenchError for a bad value."""
        import srbench.training  # noqa: F401 - says what is not installed; torch takes seconds
        from srbench.measure.devices import resolve_one  # loads torch
        from srbench.runner.tested_weights import EvaluationPlan
        from srbench.training.recipe import changes_of

        return EvaluationPlan(
            self.model,
            self.data,
            self.recipe,
            changes_of(self.changes),
            self.seed,
            resolve_one(self.device),
            self.threads,
            self.workers,
            self.download,
        )


def require_one(files: Sequence[Path], weights: str, model: str) -> None:
    """Raises SrbenchError unless files are named, or torchvision's weights with their model."""
    if bool(weights) == bool(files):
        raise SrbenchError(
            "files and --weights are both given" if weights else "no weights are named",
            "name a file of weights, or give --weights with --model",
        )
    if weights and not model:
        raise SrbenchError("--weights needs --model", "name the network: --model resnet50")


def is_first_process() -> bool:
    """Whether this is the process that shows and keeps results, of those that torchrun started."""
    return os.environ.get("RANK", "0") == "0"
