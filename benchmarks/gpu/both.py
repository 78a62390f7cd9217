"""Runs a command of srbench once, and writes its report as text to stdout and as JSON to a file.

python benchmarks/gpu/both.py times.json latency resnet50 --device cuda
"""

import sys
from pathlib import Path

from srbench.cli.app import run
from srbench.cli.output import Destination
from srbench.report.formats import FORMATS, Report

kept, arguments = Path(sys.argv[1]), sys.argv[2:]
write = Destination.write


def both(self: Destination, report: Report, partial: bool = False) -> None:
    """Write the report as requested, and as JSON."""
    write(self, report, partial)
    kept.write_text(FORMATS["json"](report), encoding="utf-8")


Destination.write = both  # type: ignore[method-assign]
sys.exit(run(arguments))
