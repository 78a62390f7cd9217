"""A table in a folder: its layout, its records, and the files that are written from them."""

import re
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from srbench.errors import SrbenchError, did_you_mean, for_all, some
from srbench.records import jsonl
from srbench.records.counts import has
from srbench.records.join import RowIndex
from srbench.records.jsonl import Loaded
from srbench.records.record import Record, RowKey
from srbench.report.columns import needs
from srbench.report.formats import FORMATS, SUFFIXES, Report
from srbench.report.labels import OF_BLOCK
from srbench.report.look import Look
from srbench.report.names import require_distinct
from srbench.tables.draft import Draft, read
from srbench.tables.finders import Finder, finder
from srbench.tables.report import device_report, layout_report, shows_counts, wrong_columns

if TYPE_CHECKING:
    from srbench.tables.layout import Layout, LayoutRow

RENDERINGS = (".md", ".tex", ".csv")


@dataclass(frozen=True)
class Committed:
    """``folder/name.toml`` and ``folder/name.jsonl``, and the times of machines, by machine.

    Without ``imports`` it is only read: no module that its specs name is imported.
    """

    name: str
    folder: Path
    layout: "Layout"
    loaded: Loaded
    times: tuple[tuple[str, Loaded], ...] = ()
    imports: bool = True

    @property
    def records(self) -> tuple[Record, ...]:
        return self.loaded.records

    @cached_property
    def wanted(self) -> "list[LayoutRow]":
        return self.layout.wanted(self.records, self.imports)

    @cached_property
    def rows(self) -> list[RowKey]:
        """The rows, in order and each once, whatever published figures are shown with them."""
        return list(dict.fromkeys(wanted.row for wanted in self.wanted))

    def with_look(self, look: Look) -> "Committed":
        """The same, printed as a look says, where it says something."""
        said: dict[str, Any] = {name: getattr(look, name) for name in look.said}
        for name in ("names", "heads", "decimals"):
            if name in said:
                said[name] = {**getattr(self.layout, name), **said[name]}
        if "columns" in said:
            said["columns"] = list(said["columns"])
        return replace(self, layout=self.layout.model_copy(update=said))

    def with_records(self, records: Sequence[Record]) -> "Committed":
        return replace(self, loaded=Loaded(self.loaded.path, tuple(records)))

    def with_times(self, machine: str, records: Sequence[Record]) -> "Committed":
        """The same with new times of one machine."""
        loaded = Loaded(times_path(self.folder, self.name, machine), tuple(records))
        return replace(self, times=(*(t for t in self.times if t[0] != machine), (machine, loaded)))

    def without_times(self, rows: Container[RowKey]) -> "Committed":
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
        """Raises SrbenchError if a line is not a record."""
        for loaded in (self.loaded, *(loaded for _, loaded in self.times)):
            loaded.require_sound()

    @cached_property
    def uncounted(self) -> list[RowKey]:
        """The rows whose counts the table has to show, and which no record has."""
        if not shows_counts(self.layout, with_times=bool(self.times)):
            return []
        join = RowIndex(self.records)
        known = ((row, join(row).counts) for row in self.rows)
        return [row for row, record in known if record is None or self._lacks(record)]

    def _lacks(self, record: Record) -> bool:
        """Whether a row was counted, but not all that a column shows."""
        return record.counts is not None and not has(record.counts, self.needs)

    @property
    def needs(self) -> set[str]:
        """The fields of counts that a column shows, and that not every record has."""
        return needs((*self.layout.columns, *self.layout.device_columns))

    def require_counted(self) -> None:
        """Raises SrbenchError if a row has no record to be written from."""
        if rows := self.uncounted:
            raise SrbenchError(
                f"table {self.name} has no record of {len(rows)} of its {len(self.rows)} rows: "
                f"{some([str(row) for row in rows])}",
                f"run `srbench table {self.name}` to count them and write the table",
            )

    def renderings(self) -> Iterator[tuple[Path, str]]:
        """Every file that is written from the records, and its content."""
        yield from self._rendered(self.name, self.exact_report())
        for machine, loaded in self.times:
            name = f"{self.name}.{machine}"
            report = device_report(name, self.layout, self.wanted, self.records, loaded.records)
            yield from self._rendered(name, report)

    def exact_report(self) -> Report:
        """The table without times."""
        return layout_report(self.name, self.layout, self.wanted, self.records)

    def last_report(self) -> Report:
        """The table with the times that were added last, or without times if there are none."""
        if not self.times:
            return self.exact_report()
        machine, loaded = self.times[-1]
        name = f"{self.name}.{machine}"
        return device_report(name, self.layout, self.wanted, self.records, loaded.records)

    def _rendered(self, stem: str, report: Report) -> Iterator[tuple[Path, str]]:
        for suffix in RENDERINGS:
            yield self.folder / f"{stem}{suffix}", FORMATS[SUFFIXES[suffix]](report)


def open_table(path: Path, imports: bool = True) -> Committed:
    """Read a table by its layout's path. Without ``imports`` nothing is imported for it, and what
    it times is not checked.

    Raises SrbenchError for a layout that cannot be read, or with all of its mistakes.
    """
    return open_draft(read(path), imports)


def open_draft(draft: Draft, imports: bool = True) -> Committed:
    """The table of a layout's text, which need not be in a file yet.

    Raises SrbenchError with all of its mistakes.
    """
    from srbench.tables.layout import parsed  # here, so that --help need not load it
    from srbench.tables.layout_mistakes import mistakes, mistakes_of_times

    path = draft.path
    loaded = jsonl.read(path.with_suffix(".jsonl"))
    find = finder(loaded.records, imports)
    layout, wrong = parsed(draft.data)
    wrong += [*wrong_columns(draft), *mistakes(draft, loaded.records, find)]
    if imports:
        wrong += mistakes_of_times(draft, find)
    draft.require_right(wrong)
    assert layout is not None
    table = Committed(path.stem, path.parent, layout, loaded, tuple(_times(path)), imports)
    return replace(table, layout=_with_names(layout, table.wanted, find))


def open_tables(paths: Iterable[Path], imports: bool = True) -> list[Committed]:
    """Read tables. Raises SrbenchError with the mistakes of all of them."""
    return for_all(partial(open_table, imports=imports), paths)


def _with_names(layout: "Layout", wanted: "Iterable[LayoutRow]", find: Finder) -> "Layout":
    """The layout, with the specs in ``names`` in their canonical form."""
    from srbench.tables.layout_mistakes import spec_among

    spec = spec_among({one.row.spec for one in wanted}, find)
    names = {
        text if text.startswith(OF_BLOCK) else spec(text): name
        for text, name in layout.names.items()
    }
    require_distinct({one.row.spec for one in wanted}, names)
    return layout.model_copy(update={"names": names})


def that_train(tables: Sequence[Committed], are_named: bool) -> list[Committed]:
    """The tables with a section [train]. Raises SrbenchError if one that is named, or all of them,
    have none."""
    without = [table.name for table in tables if not table.layout.train]
    if without and (are_named or len(without) == len(tables)):
        who = f"table {without[0]} has no" if are_named else "no table has a"
        raise SrbenchError(
            f"{who} section [train]", 'add one to the layout: [train] with data = "digits"'
        )
    return [table for table in tables if table.layout.train]


def layout_paths(folder: Path, names: Iterable[str] = ()) -> list[Path]:
    """Paths of the layouts in a folder: all of them, or those with these names.

    Raises SrbenchError if there is none.
    """
    there = {path.stem: path for path in sorted(folder.glob("*.toml"))}
    if not there:
        raise SrbenchError(
            f"there are no tables in {folder}",
            "run this in a folder that has tables/ with a layout *.toml, or give the folder",
        )
    for name in (wanted := list(dict.fromkeys(names))):
        if name not in there:
            raise SrbenchError(
                f"there is no table {name!r} in {folder}",
                f"{did_you_mean(name, there)}the tables are {', '.join(there)}",
            )
    return [there[name] for name in wanted or there]


def with_line_feeds(content: bytes) -> bytes:
    """A file's content with LF line ends; a checkout may have changed them to CRLF."""
    return content.replace(b"\r\n", b"\n")


def times_path(folder: Path, name: str, machine: str) -> Path:
    """The path of the file with the times of a machine."""
    return folder / f"{name}.{machine}.jsonl"


def machine_name(chip: str) -> str:
    """A chip's name as part of a file name.

    >>> machine_name("NVIDIA H100 80GB HBM3")
    'nvidia-h100-80gb-hbm3'
    """
    return re.sub(r"[^a-z0-9]+", "-", chip.lower()).strip("-") or "unknown"


def _times(path: Path) -> Iterator[tuple[str, Loaded]]:
    for beside in sorted(path.parent.glob(f"{path.stem}.*.jsonl")):
        yield beside.stem.removeprefix(f"{path.stem}."), jsonl.read(beside)
