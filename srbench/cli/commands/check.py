"""``srbench check``: the CI gate. Are the committed tables still true?"""

from pathlib import Path
from typing import Annotated

import typer

from srbench.cli.completion import complete_tables
from srbench.cli.github import GITHUB
from srbench.cli.output import Output, OutputOption, OverwriteOption
from srbench.cli.run_options import DEVICES
from srbench.cli.values import listed, starting
from srbench.errors import SrbenchError
from srbench.report.formats import FORMATS

_TIME = "Times, against another version of the code"


def check(
    folder: Annotated[
        Path,
        typer.Argument(metavar="FOLDER", help="Where the tables are.", show_default=True),
    ] = Path("tables"),
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME,…",
            help="Check these tables alone.",
            autocompletion=complete_tables,
            show_default=False,
        ),
    ] = None,
    time: Annotated[
        bool,
        typer.Option(
            "--time",
            help="Check times instead of counts: those that layouts ask for under \\[time].",
            rich_help_panel=_TIME,
        ),
    ] = False,
    against: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            help="The other version: a checkout, an environment, or its python.",
            show_default=False,
            rich_help_panel=_TIME,
        ),
    ] = None,
    tolerance: Annotated[
        float | None,
        typer.Option(
            metavar="PERCENT",
            help="How much slower is too slow, instead of what the layouts say.",
            show_default=False,
            rich_help_panel=_TIME,
        ),
    ] = None,
    device: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Where the models are timed.",
            autocompletion=starting(DEVICES),
            rich_help_panel=_TIME,
        ),
    ] = "cpu",
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            "-f",
            metavar="NAME",
            help="text; json for machines; github for annotations and a job summary.",
            autocompletion=starting([*FORMATS, GITHUB]),
            show_default=False,
        ),
    ] = None,
    output: OutputOption = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Check that committed tables are still true: counts to the integer, files to the byte.

    Counts anew every row of every layout, and compares. With --time, times models in fresh
    processes that take turns with those of another version of the code.

    Exit codes: 0 fine, 1 something is not true any more or slower, 2 a table cannot be read and
    nothing was counted, 3 times are inconclusive, 4 a row cannot be counted.

    [bold]Examples[/bold]

      srbench check

      srbench check tables --format github

      srbench check --time --against ../base
    """
    is_github = form == GITHUB
    target = Output(output, None if is_github else form, overwrite)
    tables = listed("--only", only)
    if tolerance is not None and not time:
        raise SrbenchError("--tolerance is for times", "give --time and --against as well")
    if time or against:
        from srbench.cli.timegate import time_and_show

        code = time_and_show(folder, tables, time, against, tolerance, device, target, is_github)
    else:
        from srbench.cli.checking import check_and_show

        code = check_and_show(folder, tables, target, is_github)
    raise typer.Exit(code)
