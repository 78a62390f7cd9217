"""``srbench table``: committed tables, measured as far as they lack something, and written."""

from pathlib import Path
from typing import Annotated

import typer

from srbench.cli.run_options import DEVICES, BatchSizeOption, CudaGraphOption
from srbench.cli.table_options import FolderOption, NamesArgument
from srbench.cli.values import starting
from srbench.conditions import TIME_BUDGET

_DEVICE = "Times of this machine, in files of their own"


def table(
    names: NamesArgument = None,
    folder: FolderOption = Path("tables"),
    render_only: Annotated[
        bool, typer.Option("--render-only", help="Measure nothing: write what the records make.")
    ] = False,
    update: Annotated[
        bool, typer.Option("--update", help="Count every row anew, and accept what has changed.")
    ] = False,
    reason: Annotated[
        str,
        typer.Option(
            metavar="TEXT",
            help="Why, with --update; it stays with the records.",
            show_default=False,
        ),
    ] = "",
    device: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Time the rows too: cpu, cuda, cuda:1 or mps.",
            autocompletion=starting(DEVICES),
            show_default=False,
            rich_help_panel=_DEVICE,
        ),
    ] = None,
    batch_size: BatchSizeOption = None,
    cuda_graph: CudaGraphOption = False,
    time_budget: Annotated[
        float,
        typer.Option(
            metavar="SECONDS",
            help="Seconds for building, warming up and timing each model with its variants.",
            rich_help_panel=_DEVICE,
        ),
    ] = TIME_BUDGET,
) -> None:
    """Measure what committed tables lack, and write them as Markdown, LaTeX and CSV.

    A table is a layout, tables/NAME.toml, and its records, tables/NAME.jsonl. Rows that have a
    record of the code as it is are not measured again. What a layout names is imported.

    Exit codes: 0 fine, 1 a record is not true of the code any more, 4 a row cannot be counted. Its
    row is named then, and the files of a table that has a record of it are left as they are.

    [bold]Examples[/bold]

      srbench table

      srbench table imagenet --update --reason "SE without bias"

      srbench table backbones --device cuda --cuda-graph
    """
    from srbench.cli.tabling import fill_and_show

    raise typer.Exit(
        fill_and_show(
            folder,
            names or (),
            render_only=render_only,
            update=update,
            reason=reason.strip(),
            device=device,
            batch_size=batch_size,
            cuda_graph=cuda_graph,
            time_budget=time_budget,
        )
    )
