"""``srbench records``: records in full, with what explains their counts."""

from typing import Annotated

import typer

from srbench.cli.completion import complete_records
from srbench.cli.streams import require_stdout, show
from srbench.errors import ROWS_FAILED, SrbenchError, did_you_mean, some


def records(
    file: Annotated[
        str,
        typer.Argument(
            metavar="RECORDS",
            help="A *.jsonl file of records, or the name of a table.",
            autocompletion=complete_records,
        ),
    ],
    spec: Annotated[
        str | None,
        typer.Argument(metavar="SPEC", help="Only the records of this model.", show_default=False),
    ] = None,
) -> None:
    """Show records in full, one value on each line: a file keeps their details compressed.

    With this as git's way to read them, `git diff` shows which parameter or operator changed:
    git config diff.srbench.textconv "srbench records", and a line "*.jsonl diff=srbench" in
    .gitattributes.

    [bold]Examples[/bold]

      srbench records memories

      srbench records tables/memories.jsonl resnet50+sr:memories=1
    """
    from srbench.cli.inputs import read_records  # here, so that --help need not load it
    from srbench.records.jsonl import plain

    require_stdout()
    loaded = read_records(file)
    specs = dict.fromkeys(record.spec for record in loaded.records)
    if spec is not None and spec not in specs:
        raise SrbenchError(
            f"no record is of {spec}", f"{did_you_mean(spec, specs)}there are {some(list(specs))}"
        )
    for record in loaded.records:
        if spec in (None, record.spec):
            show(f"{plain(record)}\n", is_data=True)
    raise typer.Exit(ROWS_FAILED if loaded.problems else 0)
