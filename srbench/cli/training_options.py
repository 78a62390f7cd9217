"""Options of what a network is trained or tested on, and how."""

from pathlib import Path
from typing import Annotated

import typer

from srbench.cli.values import starting

PANEL = "The images and the recipe"
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
        help="A recipe of srbench, or a file *.toml; by default that of the data set.",
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
        help="How many seeds, or which: 0,1,5 or 6-11. digits, and folders without images to test "
        "on, hold out another sixth for each.",
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
