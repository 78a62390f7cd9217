"""Options of what a network is trained or tested on, and how."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from srbench.cli.values import seeds_of, starting

if TYPE_CHECKING:
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
