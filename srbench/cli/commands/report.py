"""``srbench report``: records as a page to look at."""

from pathlib import Path
from typing import Annotated

import typer

from srbench.cli.completion import complete_records
from srbench.cli.output import OverwriteOption


def report(
    records: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RECORDS",
            help="Records, *.jsonl, or names of tables; all tables if none is given.",
            autocompletion=complete_records,
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The page.")
    ] = Path("report.html"),
    title: Annotated[str, typer.Option(metavar="TEXT", help="Its heading.")] = "What a block costs",
    overwrite: OverwriteOption = False,
) -> None:
    """Make a page of tables that sort and filter, and of plots that tell their numbers.

    The page is one file and loads nothing: it can be mailed, or kept beside a paper.

    [bold]Examples[/bold]

      srbench report

      srbench report sweep.jsonl imagenet --output sweep.html
    """
    from srbench.cli.reporting import report_and_write

    raise typer.Exit(report_and_write(records or (), output, title, overwrite))
