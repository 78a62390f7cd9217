"""How long reading 10,000 records and writing them in each format takes, and how memory grows."""

import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from srbench.records import jsonl
from srbench.records.join import rows_of
from srbench.report.formats import FORMATS
from srbench.report.overview import rows_report

ROWS = 10_000
LIMIT = 2.0  # seconds


def main() -> None:
    """Write the records that a sweep would, then render them in fresh processes."""
    with tempfile.TemporaryDirectory() as folder:
        for rows in (ROWS, 2 * ROWS, 4 * ROWS):
            path = Path(folder) / f"{rows}.jsonl"
            write(path, rows)
            for form in FORMATS if rows == ROWS else ("markdown",):
                subprocess.run([sys.executable, __file__, str(path), form], check=True)


def write(path: Path, rows: int) -> None:
    """Write a baseline and its variants, all with different figures."""
    from srbench.runner import counting
    from srbench.spec.cases import case_of
    from srbench.spec.parse import parse

    base, se = (
        next(iter(counting.run([case_of(parse(spec))]))) for spec in ("resnet18", "resnet18+se")
    )
    variants = (
        replace(
            se,
            spec=f"resnet18+sr:memories={n}",
            counts=replace(se.counts, params=se.counts.params + n, macs=se.counts.macs + n),
        )
        for n in range(1, rows)
    )
    jsonl.write(path, [base, *variants])


def render(path: Path, form: str) -> None:
    """In one process: read, render, and print the time of each."""
    idle = peak_kilobytes()
    begin = time.perf_counter()
    records = jsonl.read(path).records
    read = time.perf_counter()
    text = FORMATS[form](rows_report("rendered", rows_of(records)))
    end = time.perf_counter()
    peak = peak_kilobytes()
    asked = f", asked at most {LIMIT:g}: {'kept' if end - read <= LIMIT else 'NOT KEPT'}"
    print(
        f"{len(records):,} records, {form}: rendered in {end - read:.2f} s"
        f"{asked if len(records) == ROWS else ''}; "
        f"read in {read - begin:.2f} s; {len(text) / 1e6:.1f} MB of text, "
        f"{(peak - idle) / len(records):.1f} kB of memory a record"
    )


def peak_kilobytes() -> int:
    """This process's largest resident memory so far, as reported by Linux."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    render(Path(sys.argv[1]), sys.argv[2]) if len(sys.argv) > 1 else main()
