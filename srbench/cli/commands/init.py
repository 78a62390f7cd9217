"""``srbench init``: starts a table of one's own blocks, and its gate in CI."""

from pathlib import Path
from typing import Annotated

import typer

from srbench.cli.completion import complete_spec, complete_variant
from srbench.cli.first_table import BACKBONE, NAME, OWN, Request
from srbench.cli.messages import tell
from srbench.errors import together
from srbench.tables import FOLDER
from srbench.tables.start.attributes import ATTRIBUTES, TEXT, missing
from srbench.tables.start.workflow import WORKFLOW, line_of_owner, own_requirements, workflow
from srbench.tables.start.writing import is_there, write_new


def init(
    block: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SPEC",
            help="A block to compare: module:Class, se, or several together, se+sr; may be "
            "repeated. If not given, those in this folder's files.",
            autocompletion=complete_variant,
            show_default=False,
        ),
    ] = None,
    backbone: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SPEC",
            help=f"A network to put the blocks in; may be repeated. {BACKBONE} if not given.",
            autocompletion=complete_spec,
            show_default=False,
        ),
    ] = None,
    table: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help=f"The name of the table; {NAME} if not given.",
            show_default=False,
        ),
    ] = None,
    input_size: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE",
            help=f"Input size in pixels, 224 or HEIGHTxWIDTH; {OWN} if not given.",
            show_default=False,
        ),
    ] = None,
    num_classes: Annotated[
        str | None,
        typer.Option(
            metavar="N", help=f"Number of classes; {OWN} if not given.", show_default=False
        ),
    ] = None,
    time: Annotated[
        bool | None,
        typer.Option(
            "--time/--no-time",
            help="With or without a gate on times; with one if not given.",
            show_default=False,
        ),
    ] = None,
    github: Annotated[
        bool | None,
        typer.Option(
            "--github/--no-github",
            help="With or without a workflow for GitHub; with one if not given.",
            show_default=False,
        ),
    ] = None,
    action: Annotated[
        str | None,
        typer.Option(
            metavar="OWNER/NAME",
            help="The repository on GitHub that holds srbench's action, with @REF for a version; "
            "the one that this srbench is from if not given.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Start a table of your own blocks, with its gate in CI: what no option says is asked.

    Writes a layout in tables/ with every key explained, .gitattributes, and a workflow for GitHub,
    into the current folder. A file that is there already is left as it is. Without a terminal
    nothing is asked. The modules that the blocks name are imported.

    Exit codes: 0 fine, 2 something cannot be used or written, and nothing was written.

    [bold]Examples[/bold]

      srbench init

      srbench init --block blocks:MyBlock --backbone cifar_resnet20 --no-time
    """
    request = Request(
        block or (), backbone or (), table, input_size, num_classes, time, github, action
    )
    try:
        _write(request)
    except KeyboardInterrupt:
        tell("nothing was written")
        raise


def _write(request: Request) -> None:
    """Find out what is wanted, write it, and say what to do next."""
    from srbench.tables.start.refusals import checked_text, layout_path

    request.require_possible()
    table = request.table()
    files = {layout_path(table.name): checked_text(table), ATTRIBUTES: TEXT}
    if action := request.action_of_workflow():
        install = own_requirements(Path())
        files[WORKFLOW] = workflow(action, table.is_timed, install)
    new = {path: text for path, text in files.items() if not is_there(path)}
    write_new(new)
    for path in files:
        tell(f"wrote {path}" if path in new else f"kept {path}, which is there already")
    if ATTRIBUTES not in new:
        _tell_missing_attributes()
    if WORKFLOW in new and (root := _root_above()):
        tell(
            f"warning: GitHub reads workflows only in {root / WORKFLOW.parent}: run `srbench init` "
            "in that repository's root instead"
        )
    _tell_next(table.name, new)


def _tell_missing_attributes() -> None:
    """Print the lines that the user's own .gitattributes lacks."""
    lines = missing(_text(ATTRIBUTES))
    if lines:
        tell(f"add {'this line' if len(lines) == 1 else 'these lines'} to {ATTRIBUTES}:")
    for line in lines:
        tell(f"    {line}")


def _tell_next(name: str, new: dict[Path, str]) -> None:
    """Print what is to be done now."""
    steps = [
        f"srbench table {name}",
        f"commit {together(_names(new))}; to see a red gate, change a block and run "
        "`srbench check`",
    ]
    if line := line_of_owner(new.get(WORKFLOW) or _text(WORKFLOW)):
        owner = f"in {WORKFLOW} line {line}, write the owner of srbench's repository for OWNER"
        steps.insert(0, owner)
    for number, step in enumerate(steps):
        tell(step, "then" if number else "next", "green")


def _text(path: Path) -> str:
    """A file's text; empty if there is none that can be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _names(new: dict[Path, str]) -> list[str]:
    """What is new at the top of the folder."""
    return [str(FOLDER), *sorted({path.parts[0] for path in new} - {str(FOLDER)})]


def _root_above() -> Path | None:
    """The root of the repository of git, if the current folder is below it."""
    here = Path.cwd()
    if (here / ".git").exists():
        return None
    return next((folder for folder in here.parents if (folder / ".git").exists()), None)
