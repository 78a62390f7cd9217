"""The folder of an analysis: its figures, the numbers behind them, and the record."""

from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

from srbench.errors import SrbenchError
from srbench.files import exists, require_writable, unwritable, write_whole
from srbench.records.analysis import ByImage
from srbench.records.record import Record
from srbench.records.record_file import RecordFile
from srbench.report.analysis import block_rows
from srbench.report.formats import FORMATS, Report
from srbench.report.plots.analysis import figures

RECORDS = "analysis.jsonl"
IMAGES, BLOCKS = "images.csv", "blocks.csv"
PICTURES = ("pdf", "svg", "png")


def records_in(folder: Path) -> RecordFile:
    """The records of a folder, which need not exist, after a check that it can be made and written;
    nothing is made.

    Raises SrbenchError if it cannot, or if its records cannot be read.
    """
    there = next(path for path in (folder, *folder.absolute().parents) if exists(path))
    if not there.is_dir():
        raise SrbenchError(f"{there} is a file", "name a folder with --output")
    require_writable(there / RECORDS)
    return RecordFile(folder / RECORDS)


def number_of_figures(record: Record) -> int:
    """How many figures an analysis has."""
    return sum(1 for _ in figures(record.analysis)) if record.analysis else 0


def write(
    record: Record,
    images: ByImage | None,
    folder: Path,
    formats: Sequence[str],
    begin: Callable[[int, str], None] = lambda done, name: None,
) -> int:
    """Write every figure in each of the formats, ``"pdf"``, ``"svg"`` or ``"png"``, with its
    numbers as CSV, those of blocks and of single images, and the record, which is added to those of
    the folder. Figures of its earlier records that are not written again are removed.
    ``begin`` is called with the number of figures that are done, and the name of the next.

    Returns the number of files. Raises SrbenchError where one cannot be written.
    """
    assert record.analysis is not None
    file = records_in(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(folder, error) from error
    stale = {path for one in file.records for path in _files(one, folder)}
    written, kept = 2, set()
    used = {Path(IMAGES).stem, Path(RECORDS).stem, Path(BLOCKS).stem}
    for number, figure in enumerate(figures(record.analysis)):
        begin(number, f"drawing {figure.name}")
        stem = _unused(figure.stem, used)
        for suffix in formats:
            figure.save(folder / f"{stem}.{suffix}")
        write_whole(folder / f"{stem}.csv", FORMATS["csv"](figure.numbers))
        kept |= {folder / f"{stem}.{suffix}" for suffix in (*formats, "csv")}
        written += len(formats) + 1
    for path in stale - kept:  # figures of another network, or in another format
        path.unlink(missing_ok=True)
    rows = block_rows(record.analysis)
    write_whole(folder / BLOCKS, FORMATS["csv"](Report((), tuple(rows[0]) if rows else (), rows)))
    if images is not None:
        single = [dict(zip(images.columns, row, strict=True)) for row in images.rows]
        write_whole(folder / IMAGES, FORMATS["csv"](Report((), images.columns, single)))
        written += 1
    file.put(record)
    return written


def _files(record: Record, folder: Path) -> list[Path]:
    """The files that the figures of an analysis would have."""
    used: set[str] = set()
    stems = [_unused(one.stem, used) for one in figures(record.analysis)] if record.analysis else []
    return [folder / f"{stem}.{suffix}" for stem in stems for suffix in (*PICTURES, "csv")]


def _unused(stem: str, used: set[str]) -> str:
    """The name of a figure's files, with a number if another figure has it."""
    names = (f"{stem}{f'-{n}' if n > 1 else ''}" for n in count(1))
    found = next(name for name in names if name.casefold() not in used)
    used.add(found.casefold())
    return found
