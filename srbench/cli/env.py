"""``srbench env``: what every record says of the machine, and how the machine does now."""

from typing import Any

from srbench.cli.output import (
    FormatOption,
    Output,
    OutputOption,
    OverwriteOption,
    destination,
)
from srbench.report.formats import Report
from srbench.report.notes import sections
from srbench.report.table import Column, Table


def env(
    form: FormatOption = None, output: OutputOption = None, overwrite: OverwriteOption = False
) -> None:
    """Show what a time depends on: versions, hardware, torch's settings, load and clocks.

    [bold]Examples[/bold]

      srbench env

      srbench env --format json --output machine.json
    """
    target = destination(Output(output, form, overwrite))
    from srbench.measure.surroundings import surroundings  # loads torch

    target.write(_report(surroundings()))


def _report(parts: dict[str, dict[str, Any]]) -> Report:
    rows = [
        {"part": part, "name": name, "value": value}
        for part, facts in parts.items()
        for name, value in facts.items()
    ]
    table = Table(
        "env",
        (Column("Part", "name"), Column("Name", "name"), Column("Value", "name")),
        tuple((row["part"], row["name"], _written(row["value"])) for row in rows),
        "What was measured with.",
        sections=sections(row["part"] for row in rows),
    )
    return Report((table,), ("part", "name", "value"), rows, [parts])


def _written(value: Any) -> str:
    if value is None:
        return "unavailable"
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:,}" if isinstance(value, int) else str(value)
