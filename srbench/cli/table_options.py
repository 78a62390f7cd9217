"""Options that select committed tables."""

from pathlib import Path
from typing import Annotated

import typer

from srbench.cli.completion import complete_tables_or_all

FolderOption = Annotated[
    Path, typer.Option("--folder", metavar="FOLDER", help="Where the tables are.")
]
NamesArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="NAME",
        help="Names of tables, or all; all if none is given.",
        autocompletion=complete_tables_or_all,
        show_default=False,
    ),
]
