"""``srbench compare``: compares two files of records."""

from typing import Annotated

import typer

from srbench.cli.completion import complete_records
from srbench.cli.look_options import with_look_of
from srbench.cli.output import FormatOption, Output, OutputOption, OverwriteOption, destination
from srbench.errors import ROWS_FAILED
from srbench.report.look import Look


@with_look_of("style", "names", "notes", "delta", "caption", "label", "position", "wide")
def compare(
    a: Annotated[
        str,
        typer.Argument(
            metavar="A",
            help="A *.jsonl file of records, or the name of a table.",
            autocompletion=complete_records,
        ),
    ],
    b: Annotated[
        str,
        typer.Argument(
            metavar="B",
            help="The same, measured later or elsewhere.",
            autocompletion=complete_records,
        ),
    ],
    form: FormatOption = None,
    output: OutputOption = None,
    overwrite: OverwriteOption = False,
    *,
    look: Look,
) -> None:
    """Compare two files of records, row by row: counts to the integer, times with intervals.

    Rows are matched by spec and input. Different input sizes, batch sizes or counting conventions
    are refused; different versions and machines are named. The exit code is 0 whether or not the
    records differ: the gate is `srbench check`.

    [bold]Examples[/bold]

      srbench compare before.jsonl after.jsonl

      srbench compare tables/imagenet.jsonl ../main/tables/imagenet.jsonl
    """
    from srbench.cli.inputs import (  # here, so that --help need not load it
        read_records,
        records_path,
    )
    from srbench.records.compare import differences
    from srbench.report.compare import differences_report

    where = Output(output, form, overwrite)
    target = destination(where, reads=[records_path(a), records_path(b)])
    before, after = read_records(a), read_records(b)
    target.write(differences_report(differences(before.records, after.records), a, b, look))
    failed = any(record.status != "ok" for record in (*before.records, *after.records))
    raise typer.Exit(ROWS_FAILED if before.problems or after.problems or failed else 0)
