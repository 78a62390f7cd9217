"""A table in a folder: its layout, its records, and the files that are written from them."""

import re
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from srbench import layout as layouts
from srbench import store
from srbench.errors import SrbenchError
from srbench.layout import Layout, Wanted
from srbench.records import Record, Row
from srbench.report.formats import FORMATS, SUFFIXES, Report
from srbench.report.layouts import device_report, layout_report, require_columns
from srbench.store import Loaded

FOLDER = Path("tables")
RENDERINGS = (".md", ".tex", ".csv")


@dataclass(frozen=True)
class Committed:
    """``folder/name.toml`` and ``folder/name.jsonl``, and the times of machines, by machine.

    Unless it ``imports``, it is only read: no module is imported that its specs name.
    """

    name: str
    folder: Path
    layout: Layout
    loaded: Loaded
    times: tuple[tuple[str, Loaded], ...] = ()
    imports: bool = True

    @property
    def records(self) -> tuple[Record, ...]:
        return self.loaded.records

    @cached_property
    def wanted(self) -> list[Wanted]:
        return self.layout.wanted(self.records, self.imports)

    def with_records(self, records: Sequence[Record]) -> "Committed":
        return replace(self, loaded=Loaded(self.loaded.path, tuple(records)))

    def with_times(self, machine: str, records: Sequence[Record]) -> "Committed":
        """The same with one machine's times anew."""
        loaded = Loaded(times_path(self.folder, self.name, machine), tuple(records))
        return replace(self, times=(*(t for t in self.times if t[0] != machine), (machine, loaded)))

    def without_times(self, rows: Container[Row]) -> "Committed":
        """The same without the times of some rows."""
        times = (
            (
                machine,
                replace(f, records=tuple(r for r in f.records if r.row not in rows), lines=()),
            )
            for machine, f in self.times
        )
        return replace(self, times=tuple(times))

    def require_sound(self) -> None:
        """Raises SrbenchError where a line of the records is none."""
        for loaded in (self.loaded, *(loaded for _, loaded in self.times)):
            loaded.require_sound()

    def renderings(self) -> Iterator[tuple[Path, str]]:
        """Every file that is written from the records, and what is to be in it."""
        yield from self._rendered(self.name, self.exact_report())
        for machine, loaded in self.times:
            name = f"{self.name}.{machine}"
            report = device_report(name, self.layout, self.wanted, self.records, loaded.records)
            yield from self._rendered(name, report)

    def exact_report(self) -> Report:
        """The table without times."""
        return layout_report(self.name, self.layout, self.wanted, self.records)

    def last_report(self) -> Report:
        """The table with the times that were added last, or without where there are none."""
        if not self.times:
            return self.exact_report()
        machine, loaded = self.times[-1]
        name = f"{self.name}.{machine}"
        return device_report(name, self.layout, self.wanted, self.records, loaded.records)

    def _rendered(self, stem: str, report: Report) -> Iterator[tuple[Path, str]]:
        for suffix in RENDERINGS:
            yield self.folder / f"{stem}{suffix}", FORMATS[SUFFIXES[suffix]](report)


def open_table(path: Path, imports: bool = True) -> Committed:
    """Read a table by its layout's path. Unless it ``imports``, nothing is imported for it.

    Raises SrbenchError for a layout that cannot be read, or names a column or a spec that is none.
    """
    layout = layouts.load(path)
    require_columns(path.stem, layout)
    loaded = store.read(path.with_suffix(".jsonl"))
    table = Committed(path.stem, path.parent, layout, loaded, tuple(_times(path)), imports)
    try:
        _ = table.wanted
        if layout.time and imports:
            layout.time.specs_with_tolerances()
            layout.time.conditions()
    except SrbenchError as error:
        raise SrbenchError(f"{path}: {error.message}", error.hint) from error
    return table


def layout_paths(folder: Path, names: Iterable[str] = ()) -> list[Path]:
    """Paths of the layouts in a folder; all of them, or those of that name.

    Raises SrbenchError where there is none.
    """
    there = {path.stem: path for path in sorted(folder.glob("*.toml"))}
    if not there:
        raise SrbenchError(
            f"there are no tables in {folder}",
            "run this where a folder tables/ with a layout *.toml is, or name the folder",
        )
    for name in (wanted := list(dict.fromkeys(names))):
        if name not in there:
            raise SrbenchError(
                f"there is no table {name!r} in {folder}", f"there are {', '.join(there)}"
            )
    return [there[name] for name in wanted or there]


def with_line_feeds(content: bytes) -> bytes:
    """What a file holds where a checkout may have made CRLF of its line ends."""
    return content.replace(b"\r\n", b"\n")


def times_path(folder: Path, name: str, machine: str) -> Path:
    """Where the times of a machine are."""
    return folder / f"{name}.{machine}.jsonl"


def machine_name(chip: str) -> str:
    """A chip's name as a part of a file's.

    >>> machine_name("NVIDIA H100 80GB HBM3")
    'nvidia-h100-80gb-hbm3'
    """
    return re.sub(r"[^a-z0-9]+", "-", chip.lower()).strip("-") or "unknown"


def _times(path: Path) -> Iterator[tuple[str, Loaded]]:
    for beside in sorted(path.parent.glob(f"{path.stem}.*.jsonl")):
        yield beside.stem.removeprefix(f"{path.stem}."), store.read(beside)
