"""``srbench claims``: are the figures of a paper's table true, and under which convention?"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from srbench.cli.look_options import with_look_of
from srbench.cli.messages import tell
from srbench.cli.model_options import InputSizeOption, NumClassesOption
from srbench.cli.output import (
    STDOUT,
    FormatOption,
    Output,
    OutputOption,
    OverwriteOption,
    destination,
)
from srbench.cli.progress import progress
from srbench.conditions import input_size as input_size_of
from srbench.errors import GATE_FAILED, ROWS_FAILED
from srbench.files import read_text
from srbench.records.record import Record
from srbench.report.look import Look

if TYPE_CHECKING:
    from srbench.claims.paper import PaperTable

MOST_BYTES = 8_000_000


@with_look_of("style", "names", "notes", "caption", "label", "position", "wide")
def claims(
    tables: Annotated[
        list[Path],
        typer.Argument(
            metavar="TABLE…",
            help="Tables of a paper: CSV, Markdown or LaTeX; - for the standard input.",
        ),
    ],
    specs: Annotated[
        Path | None,
        typer.Option(
            "--specs",
            metavar="FILE",
            help="A *.toml file whose \\[names] are specs by the names in the table: "
            '\'"R50 + mine" = "resnet50+mine:Block"\'.',
            show_default=False,
        ),
    ] = None,
    input_size: InputSizeOption = None,
    num_classes: NumClassesOption = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 if a figure is unexplained.")
    ] = False,
    form: FormatOption = None,
    output: OutputOption = None,
    overwrite: OverwriteOption = False,
    *,
    look: Look,
) -> None:
    """Judge a paper's table: which figures hold, and under which convention the others do.

    Each network is counted. A figure holds if it is srbench's count to its last digit. If it is
    not, other ways to count and to print are tried: with biases, norms or poolings, as other tools
    count, another stride, input size or number of classes, units of 2^20 and 2^30, twice as much,
    truncated. What nothing explains is called unexplained. The exit code is 0, unless a network
    cannot be counted, or --strict is given.

    [bold]Examples[/bold]

      srbench claims paper.csv

      srbench claims table2.tex --specs names.toml -o verdicts.md

      srbench claims paper.csv --strict -o verdicts.jsonl
    """
    from srbench.claims.naming import (  # here, so that --help need not load them
        load_names,
        unused_names,
    )
    from srbench.report.claims import claims_report

    reads = [path for path in (*tables, *([specs] if specs else [])) if path != STDOUT]
    target = destination(Output(output, form, overwrite), reads=reads)
    given = load_names(specs) if specs else {}
    found = [one for path in tables for one in _read(path)]
    _tell(found)
    for name in unused_names(given, (row.name for one in found for row in one.rows)):
        tell(f"warning: {specs}: no row is called {name!r}")
    usual = (input_size_of(input_size) if input_size else None, num_classes)
    records: list[Record] = []
    with target.keeping(lambda: claims_report(records, look) if records else None):
        _judge([_with_usual(one, *usual) for one in found], given, records)
    target.write(claims_report(records, look))
    raise typer.Exit(_exit_code(records, strict))


def _read(path: Path) -> "Sequence[PaperTable]":
    """The tables of a file, or of the standard input."""
    from srbench.claims.reading import read_tables

    is_stdin = path == STDOUT
    text = read_text(None if is_stdin else path, "name a CSV, Markdown or LaTeX file", MOST_BYTES)
    name = "the standard input" if is_stdin else path.name
    found = read_tables(text, name)
    several = len(found) > 1
    return [
        replace(one, title=f"{name}, table {number}" if several else name)
        for number, one in enumerate(found, start=1)
    ]


def _tell(tables: Sequence["PaperTable"]) -> None:
    """Tell what is left out of tables, and what else a reader must know."""
    for table in tables:
        if table.left_out:
            tell(f"note: {table.title}: columns that are not judged: {', '.join(table.left_out)}")
        for note in table.notes:
            tell(f"note: {table.title}: {note}")


def _with_usual(
    table: "PaperTable", size: tuple[int, int] | None, num_classes: int | None
) -> "PaperTable":
    """The table, with the input size and the number of classes of rows that give none."""
    return replace(
        table,
        rows=tuple(
            replace(
                row,
                input_size=row.input_size or size,
                num_classes=row.num_classes if row.num_classes is not None else num_classes,
            )
            for row in table.rows
        ),
    )


def _judge(tables: Sequence["PaperTable"], given: Mapping[str, str], records: list[Record]) -> None:
    """Add the records of each table, as it is judged."""
    with progress(sum(len(table.rows) for table in tables)) as begin:
        from srbench.claims.judged_rows import judged
        from srbench.runner.tallies import tally  # loads torch

        done = 0
        for table in tables:
            seen: dict[str, None] = {}

            def say(name: str, seen: dict[str, None] = seen, before: int = done) -> None:
                seen.setdefault(name)
                begin(before + len(seen) - 1, name)

            records += judged(table, given, tally, say)
            done += len(table.rows)


def _exit_code(records: Sequence[Record], strict: bool) -> int:
    """The exit code; with ``strict`` tells what it is about."""
    claimed = [record.claim for record in records if record.claim]
    if not any(one.verdict != "not judged" for claim in claimed for one in claim.figures):
        tell("warning: no figure could be judged")
    for claim in claimed if strict else ():
        for warning in claim.warnings:
            tell(f"warning: {claim.source}, line {claim.line}: {claim.row}: {warning}")
    if any(record.status.startswith("failed") for record in records):
        return ROWS_FAILED
    return GATE_FAILED if strict and any(record.warnings for record in records) else 0
