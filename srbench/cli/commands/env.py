"""``srbench env``: what every record holds about the machine, and its current state."""

import re
from typing import Any

from srbench.cli.output import FormatOption, Output, OutputOption, OverwriteOption, destination
from srbench.cli.unused_gpus import tell_of_unused
from srbench.report.formats import Report
from srbench.report.notes import sections
from srbench.report.table import Column, Table
from srbench.report.units import column_scale


def env(
    form: FormatOption = None, output: OutputOption = None, overwrite: OverwriteOption = False
) -> None:
    """Show what a time depends on: versions, hardware, torch's settings, load and clocks.

    [bold]Examples[/bold]

      srbench env

      srbench env --format json --output machine.json
    """
    target = destination(Output(output, form, overwrite))
    from srbench.measure.host import surroundings  # loads torch

    parts = surroundings()
    tell_of_unused()
    target.write(_report(parts))


def _report(parts: dict[str, dict[str, Any]]) -> Report:
    rows = [
        {"part": part, "name": name, "value": value}
        for part, facts in parts.items()
        for name, value in facts.items()
    ]
    table = Table(
        "env",
        (Column("Part", "name"), Column("Name", "name"), Column("Value", "name")),
        tuple((row["part"], row["name"], _written(row["name"], row["value"])) for row in rows),
        "What times depend on.",
        sections=sections(row["part"] for row in rows),
    )
    return Report((table,), ("part", "name", "value"), rows, [parts])


def _written(name: str, value: Any) -> str:
    """A value with its significant digits and its unit; CSV and JSON have all digits.

    >>> _written("memory_bytes", 25276502016), _written("cpu_clock_mhz", 2596.122)
    ('25.3 GB', '2,596 MHz')
    >>> _written("cpu_clock_mhz", None)
    'unavailable'
    """
    if value is None:
        return "unavailable"
    if isinstance(value, bool):
        return "on" if value else "off"
    if not isinstance(value, int | float):
        return str(value)
    unit = next((unit for end, unit in _UNITS.items() if re.search(rf"_{end}( \d+)?$", name)), "")
    if unit in _SCALED:
        scale = column_scale([value], digits=3)
        return f"{scale.write(value)} {scale.prefix}{unit}"
    return f"{value:,.{0 if unit or isinstance(value, int) else 2}f} {unit}".rstrip()


# Units by the suffix of a name; with several GPUs, the GPU's number follows the suffix.
_UNITS = {"bytes": "B", "j": "J", "mhz": "MHz", "w": "W", "c": "°C", "percent": "%"}
_SCALED = ("B", "J")
