"""Results that show themselves: printed, in a notebook, in a paper, in a file."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, overload

from srbench.errors import SpecError, SrbenchError, did_you_mean
from srbench.files import require_replaceable, write_whole
from srbench.records.join import rows_of
from srbench.records.printable import printable
from srbench.records.record import Record
from srbench.records.results import Results
from srbench.report.formats import FORMATS, Report, format_of
from srbench.report.labels import label_of
from srbench.report.look import Look
from srbench.report.names import blocks_of, require_distinct
from srbench.spec.matching import Matches
from srbench.spec.parse import is_ours, parse, read


class RowNotFound(SrbenchError, KeyError):  # noqa: N818 - like LookupError, it names what is so
    """No row has that name."""


def save(path: str | Path, overwrite: bool, report: Callable[[], Report]) -> None:
    """Write a report in the format of a file's suffix. Raises SrbenchError for an unknown suffix,
    for a file that cannot be written, and, unless ``overwrite``, for one that exists and may hold
    records, a layout or code."""
    target = Path(path)
    form = format_of(target)
    if not overwrite:
        require_replaceable(target, "give overwrite=True to replace this one")
    write_whole(target, FORMATS[form](report()))


class ShownResults(Results):
    """The rows of a comparison, as `srbench.count` and `srbench.time` return them.

    ``print`` shows a table, and a notebook shows it by itself. Index by position or name:
    ``results["resnet50+sr"]``, in any spelling of the spec.
    """

    def __str__(self) -> str:
        return FORMATS["text"](self.report()).rstrip("\n")

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from srbench.report.formats.notebook import to_fragment

        return to_fragment(self.report())

    def __contains__(self, key: object) -> bool:
        return self._name(key) in self._by_spec if isinstance(key, str) else key in self._records

    @overload
    def __getitem__(self, key: int | str) -> Record: ...
    @overload
    def __getitem__(self, key: slice) -> tuple[Record, ...]: ...
    def __getitem__(self, key: int | str | slice) -> Record | tuple[Record, ...]:
        """A row by its position or name. Raises RowNotFound, a KeyError, for an unknown name."""
        if not isinstance(key, str):
            return super().__getitem__(key)
        if (name := self._name(key)) not in self._by_spec:
            names = [printable(name) for name in self._by_spec]
            raise RowNotFound(
                f"no row is called {key!r}",
                f"{did_you_mean(key, names)}the rows are {', '.join(names)}",
            )
        return self._by_spec[name]

    def report(self, per_module: bool = False, **look: Any) -> Report:
        """The tables of these rows, with ``per_module`` those of the inserted blocks, too.

        ``look`` is how they look, in the words of a layout: ``columns=["params", "macs"]``,
        ``style="cvpr"``, ``notes="short"``, ``naming="short"``,
        ``names={"resnet50": "Baseline", "+sr": "Ours"}``, ``heads={"params": "Parameters"}``,
        ``decimals={"params": 1}``, ``delta="short"``, ``group="heading"``, ``order="macs"``,
        ``caption``, ``label``, ``position``, ``wide``. Names and heads may be pairs of a text and
        its LaTeX source.

        Raises SrbenchError for any other word, for an impossible value, and for an unknown column
        or row.
        """
        asked = self._look(look)
        if any(record.timing for record in self):
            from srbench.report.times import times_report

            return times_report(self, look=asked)
        if any(record.training for record in self):
            from srbench.report.training import training_report

            return training_report(self, asked)
        from srbench.report.counts import counts_report

        return counts_report(self, per_module, asked)

    def to_markdown(self, **look: Any) -> str:
        """The table in Markdown, for the ``look`` of `report`; counts are rounded, Δ is exact."""
        return FORMATS["markdown"](self.report(**look))

    def to_latex(self, **look: Any) -> str:
        """The table in LaTeX, for the ``look`` of `report`; its first line names the packages that
        it needs."""
        return FORMATS["latex"](self.report(**look))

    def to_csv(self) -> str:
        """The rows in base units, unrounded."""
        return FORMATS["csv"](self.report())

    def plot(self, path: str | Path, **look: Any) -> list[Path]:
        """Draw what these rows show, for the ``style`` of a paper and ``wide`` or not: times with
        their intervals, or overheads against whatever varies. ``{}`` in the name of the file
        stands for a file for each plot. Returns the files.

        Raises SrbenchError for a file that is no picture or cannot be written, for a word that a
        look does not have, and where there is nothing to draw.
        """
        from srbench.report.plots.matplotlib import require_picture
        from srbench.report.plots.panel_files import plot_panels
        from srbench.report.plots.panels import panels
        from srbench.report.plots.times import plot_times

        target, asked = Path(path), self._look(look)
        require_picture(target)
        if files := plot_times(self, target, asked):
            return files
        return plot_panels(panels(rows_of(self), asked.names), target, asked.style, asked.wide)

    def save(self, path: str | Path, overwrite: bool = False, **look: Any) -> None:
        """Write a file in the format of its suffix: .txt, .md, .tex, .csv, .html, .json or .jsonl.

        ``look`` is that of `report`. Raises SrbenchError for an unknown suffix, for a file that
        cannot be written, and, unless ``overwrite``, for one that exists and may hold records, a
        layout or code.
        """
        save(path, overwrite, lambda: self.report(**look))

    def _look(self, words: dict[str, Any]) -> Look:
        """Raises SrbenchError for a word that a look does not have, and for an unknown row."""
        known = [one.name for one in fields(Look) if one.name != "said"]
        for word in words:
            if word not in known:
                raise SrbenchError(
                    f"a table has no {word!r}",
                    f"{did_you_mean(word, known)}it has {', '.join(known)}",
                )
        blocks = blocks_of(record.spec for record in self)
        for name in ("names", "heads"):
            if isinstance(given := words.get(name), Mapping):
                words[name] = {key: label_of(value) for key, value in given.items()}
        if isinstance(given := words.get("names"), Mapping):
            words["names"] = {
                key if key in blocks else self[key].spec: value for key, value in given.items()
            }
        if "columns" in words:
            columns = words["columns"]
            if isinstance(columns, (str, list)):
                words["columns"] = tuple(
                    columns.split(",") if isinstance(columns, str) else columns
                )
        look = Look(**words)
        require_distinct((record.spec for record in self), look.names)
        return look

    def _name(self, key: object) -> str:
        """The name of the row that a spec means, if it is written otherwise."""
        text = str(key)
        if text in self._by_spec:
            return text
        try:
            spec = read(text)
            return str(parse(text)) if is_ours(spec) else Matches(self).canonical(spec)
        except SpecError:
            return text
