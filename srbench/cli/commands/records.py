"""``srbench records``: records in full, with what explains their counts."""

from typing import Annotated

import typer

from srbench.cli.completion import complete_records
from srbench.cli.messages import tell
from srbench.cli.streams import require_stdout, show
from srbench.errors import SrbenchError, did_you_mean, some


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
    .gitattributes. Lines that are not records are shown as they are, and are no failure.

    [bold]Examples[/bold]

      srbench records memories

      srbench records tables/memories.jsonl resnet50+sr:memories=1
    """
    from srbench.cli.inputs import records_path  # here, so that --help need not load it
    from srbench.records.jsonl import plain, read
    from srbench.records.printable import printable

    require_stdout()
    loaded = read(records_path(file))
    specs = dict.fromkeys(record.spec for record in loaded.records)
    if spec is not None and spec not in specs:
        raise SrbenchError(
            f"no record is of {spec}", f"{did_you_mean(spec, specs)}there are {some(list(specs))}"
        )
    shown = [
        (line, plain(record))
        for line, record in zip(loaded.lines, loaded.records, strict=True)
        if spec in (None, record.spec)
    ]
    for problem in loaded.problems:
        tell(f"warning: {loaded.path} line {problem.line}: {problem.why}")
        shown.append(
            (problem.line, printable(problem.text.decode(errors="replace").rstrip("\r\n")))
        )
    for _, text in sorted(shown):
        show(f"{text}\n", is_data=True)
