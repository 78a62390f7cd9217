"""Results that show themselves: printed, in a notebook, in a paper, in a file."""

from pathlib import Path
from typing import overload

from srbench.errors import SpecError, SrbenchError, did_you_mean
from srbench.files import require_replaceable, write_whole
from srbench.records.printable import printable
from srbench.records.record import Record
from srbench.records.results import Results
from srbench.report.formats import FORMATS, Report, format_of
from srbench.spec.matching import Matches
from srbench.spec.parse import is_ours, parse, read


class RowNotFound(SrbenchError, KeyError):  # noqa: N818 - like LookupError, it names what is so
    """No row has that name."""


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

    def report(self, per_module: bool = False) -> Report:
        """The tables of these rows, with ``per_module`` those of the inserted blocks, too."""
        if any(record.timing for record in self):
            from srbench.report.times import times_report

            return times_report(self)
        if any(record.training for record in self):
            from srbench.report.training import training_report

            return training_report(self)
        from srbench.report.counts import counts_report

        return counts_report(self, per_module)

    def to_markdown(self) -> str:
        """The table in Markdown; counts are rounded, and Δ is exact."""
        return FORMATS["markdown"](self.report())

    def to_latex(self) -> str:
        """The table in LaTeX, for the packages booktabs and graphicx."""
        return FORMATS["latex"](self.report())

    def to_csv(self) -> str:
        """The rows in base units, unrounded."""
        return FORMATS["csv"](self.report())

    def save(self, path: str | Path, overwrite: bool = False) -> None:
        """Write a file in the format of its suffix: .txt, .md, .tex, .csv, .html, .json or .jsonl.

        Raises SrbenchError for an unknown suffix, for a file that cannot be written, and, unless
        ``overwrite``, for one that exists and may hold records, a layout or code.
        """
        target = Path(path)
        form = format_of(target)
        if not overwrite:
            require_replaceable(target, "give overwrite=True to replace this one")
        write_whole(target, FORMATS[form](self.report()))

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
