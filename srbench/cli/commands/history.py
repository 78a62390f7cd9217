"""``srbench history``: what the figures of committed tables were, commit by commit."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from srbench.cli.completion import complete_spec
from srbench.cli.look_options import with_look_of
from srbench.cli.messages import tell
from srbench.cli.output import (
    FormatOption,
    Output,
    OutputOption,
    OverwriteOption,
    destination,
    file_option,
    require_beside,
)
from srbench.cli.table_options import FolderOption, NamesArgument
from srbench.errors import ROWS_FAILED, SrbenchError, did_you_mean, some
from srbench.report.look import Look
from srbench.report.plots.matplotlib import require_picture
from srbench.spec.parse import read_or_none
from srbench.tables import FOLDER

if TYPE_CHECKING:
    from srbench.records.steps import Step
    from srbench.report.history import Past
    from srbench.report.plots.points import Panel
    from srbench.tables.history import History


@with_look_of("style", "names", "notes", "caption", "label", "position", "wide")
def history(
    tables: NamesArgument = None,
    folder: FolderOption = FOLDER,
    row: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SPEC",
            help="Only this row; may be repeated. All if none is given.",
            autocompletion=complete_spec,
            show_default=False,
        ),
    ] = None,
    plot: Annotated[
        Path | None,
        file_option(
            "Draw what changed over the commits: .pdf, .png or .svg; {} in its name: a file for "
            "each plot."
        ),
    ] = None,
    form: FormatOption = None,
    output: OutputOption = None,
    overwrite: OverwriteOption = False,
    *,
    look: Look,
) -> None:
    """Show which figures of committed tables changed, with which commit, and why.

    The counts of tables/NAME.jsonl, and the times of tables/NAME.MACHINE.jsonl, are read from git
    at every commit that changed them, and from the working tree. Nothing is checked out, imported
    or measured. Records of which only the code's fingerprint or the date changed are left out.

    [bold]Examples[/bold]

      srbench history

      srbench history memories --row resnet50+sr --plot memories.pdf
    """
    # Here, so that --help need not load them.
    from srbench.report.history import Past, history_report
    from srbench.report.plots.panel_files import plot_panels
    from srbench.tables.committed import layout_paths
    from srbench.tables.history import histories, require_committed

    named = [] if "all" in (tables or ()) else list(tables or ())
    paths = layout_paths(folder, named)
    reads = [*paths, *(path.with_suffix(".jsonl") for path in paths)]
    to = Output(output, form, overwrite)
    if plot:
        require_picture(plot)
    require_beside(to, [plot] if plot else [], reads)
    target = destination(to, reads)
    found = histories(folder, [path.stem for path in paths])
    known = require_committed(found, folder, are_named=bool(named))
    _tell(found, known)
    steps = _of_rows([one.steps for one in known], row or ())
    pasts = [Past(one.name, kept) for one, kept in zip(known, steps, strict=True)]
    panels = _panels(pasts, look) if plot else []
    target.write(history_report(pasts, look))
    if plot:
        for path in plot_panels(panels, plot, look.style, look.wide):
            tell(f"wrote {path}")
    raise typer.Exit(ROWS_FAILED if any(one.problems_now for one in known) else 0)


def _tell(found: "Sequence[History]", known: "Sequence[History]") -> None:
    """Say on stderr what the history lacks."""
    if uncommitted := [one.name for one in found if one not in known]:
        tell(f"note: never committed, and left out: {some(uncommitted)}")
    if any(one.begins_shallow for one in known):
        tell(
            "note: this clone is shallow, and the history begins where the clone does; "
            "`git fetch --unshallow` gets the rest"
        )
    for one in known:
        for problem in one.problems:
            tell(f"warning: {problem}; the other records are used")
        for problem in one.problems_now:
            tell(f"error: {problem}; the other records are used")


def _of_rows(tables: "Sequence[Sequence[Step]]", rows: Sequence[str]) -> "list[Sequence[Step]]":
    """The steps of these rows. Raises SrbenchError for one that no table ever had."""
    known = list(dict.fromkeys(step.track.row.spec for steps in tables for step in steps))
    wanted = [str(read_or_none(text) or text) for text in rows]
    for spec in wanted:
        if spec not in known:
            raise SrbenchError(
                f"--row: no commit has a row {spec!r}",
                f"{did_you_mean(spec, known)}they are {some(known)}",
            )
    if not wanted:
        return list(tables)
    return [[step for step in steps if step.track.row.spec in wanted] for steps in tables]


def _panels(pasts: "Sequence[Past]", look: Look) -> "list[Panel]":
    """The plots. Raises SrbenchError if nothing has changed."""
    from srbench.report.plots.step_lines import history_panels

    panels = history_panels(pasts, look)
    if not panels:
        raise SrbenchError(
            "there is nothing to plot: no figure has changed since its first commit",
            "leave out --plot",
        )
    return panels
