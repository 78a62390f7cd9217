"""The options that say where the committed tables are."""

from pathlib import Path
from typing import Annotated

import typer


def _names(context: typer.Context, incomplete: str) -> list[str]:
    folder = context.params.get("folder") or Path("tables")
    names = ["all", *sorted(path.stem for path in Path(folder).glob("*.toml"))]
    return [name for name in names if name.startswith(incomplete)]


FolderOption = Annotated[
    Path, typer.Option("--folder", metavar="FOLDER", help="Where the tables are.")
]
NamesArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="NAME",
        help="Tables, or all; all if none is given.",
        autocompletion=_names,
        show_default=False,
    ),
]
