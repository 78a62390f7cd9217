"""``srbench compare``: two files of records beside each other."""

from typing import Annotated

import typer

from srbench.cli.completion import complete_records
from srbench.cli.output import FormatOption, Output, OutputOption, OverwriteOption, destination
from srbench.errors import ROWS_FAILED


def compare(
    a: Annotated[
        str,
        typer.Argument(
            metavar="A",
            help="Records, *.jsonl, or the name of a table.",
            autocompletion=complete_records,
        ),
    ],
    b: Annotated[
        str,
        typer.Argument(
            metavar="B",
            help="The same, of later or of elsewhere.",
            autocompletion=complete_records,
        ),
    ],
    form: FormatOption = None,
    output: OutputOption = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Compare two files of records, row by row: counts to the integer, times with intervals.

    Rows join on spec and input. Other input sizes, batch sizes or counting conventions are
    refused; other versions and machines are said. It only shows, and gates nothing: the exit code
    is 0 whether or not they differ; `srbench check` is the gate.

    [bold]Examples[/bold]

      srbench compare before.jsonl after.jsonl

      srbench compare tables/imagenet.jsonl ../main/tables/imagenet.jsonl
    """
    from srbench.cli.inputs import read_records, records_path  # loads pydantic
    from srbench.records.compare import differences
    from srbench.report.compare import differences_report

    where = Output(output, form, overwrite)
    target = destination(where, reads=[records_path(a), records_path(b)])
    before, after = read_records(a), read_records(b)
    target.write(differences_report(differences(before.records, after.records), a, b))
    failed = any(record.status != "ok" for record in (*before.records, *after.records))
    raise typer.Exit(ROWS_FAILED if before.problems or after.problems or failed else 0)
