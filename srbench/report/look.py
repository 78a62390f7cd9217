"""How a table looks: what a layout, a command or Python can say of it, whatever it shows."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from srbench.errors import SrbenchError, did_you_mean
from srbench.report.labels import Label
from srbench.report.paper_styles import STYLES

NAMING = ("title", "short", "spec")
NOTES = ("full", "short", "none")
DELTA = ("exact", "short")
GROUP = ("rule", "heading", "multirow")
CHOICES = {"naming": NAMING, "notes": NOTES, "delta": DELTA, "group": GROUP, "style": tuple(STYLES)}
MOST_DECIMALS = 9
MODEL = "model"  # the first column of every table


@dataclass(frozen=True)
class Look:
    """How a table is printed.

    ``naming`` is what models are called: by their ``title``, by the ``short`` form of it below
    their baseline's row, or by their ``spec``; if it is not given, text has specs, all other
    formats titles. ``names`` are names by spec that come first. ``notes`` are printed in ``full``,
    as what a reader must know (``short``), or not at all (``none``); LaTeX and Markdown keep the
    rest as comments. A ``short`` ``delta`` is rounded, with a prefix. A ``group`` of rows is set
    apart by a ``rule``, has a ``heading``, or its heading is in a column of its own (``multirow``).
    ``order`` is the column that rows are sorted by within their group, ``-`` before it for the
    largest first. ``decimals`` and ``heads`` are by the names of columns, ``columns`` are those
    that are shown. ``said`` are the words that were given, which come before those of a layout.
    ``label``, ``position`` and ``wide`` (across both columns of a page; if not
    given, where it would not fit into one) are LaTeX's, and so is the ``style`` of the paper.

    Raises SrbenchError for a value that is none of these.
    """

    style: str = "plain"
    naming: str = ""
    notes: str = "full"
    delta: str = "exact"
    group: str = "rule"
    order: str = ""
    label: str = ""
    position: str = ""
    caption: str = ""
    wide: bool | None = None
    columns: tuple[str, ...] = ()
    decimals: Mapping[str, int] = field(default_factory=dict, hash=False)
    heads: Mapping[str, Label] = field(default_factory=dict, hash=False)
    names: Mapping[str, Label] = field(default_factory=dict, hash=False)
    said: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self._require_types()
        for name, known in CHOICES.items():
            value = getattr(self, name)
            if value not in known and not (name == "naming" and value == ""):
                raise SrbenchError(
                    f"{name} cannot be {value!r}",
                    f"{did_you_mean(str(value), known)}it can be {', '.join(known)}",
                )
        if self.label and not re.fullmatch(r"[\w:.+/-]+", self.label):
            raise SrbenchError(
                f"{self.label!r} is not a label", "use letters, digits and : . - _, as in tab:cost"
            )
        if not re.fullmatch(r"[htbpH!]*", self.position):
            raise SrbenchError(
                f"{self.position!r} is not a position", "use the letters of LaTeX: h, t, b, p, H, !"
            )
        for name, number in self.decimals.items():
            if not 0 <= number <= MOST_DECIMALS:
                raise SrbenchError(
                    f"{name} cannot have {number} decimals", f"give 0 to {MOST_DECIMALS}"
                )

    def _require_types(self) -> None:
        """Raises SrbenchError for a value of another type, which only Python can give."""
        kinds = {
            **dict.fromkeys((*CHOICES, "order", "label", "position", "caption"), (str, "a text")),
            "wide": ((bool, type(None)), "True or False"),
            "columns": (tuple, "a list of names"),
            **dict.fromkeys(("decimals", "heads", "names"), (Mapping, "a dictionary")),
        }
        wrong = [
            (name, what)
            for name, (kind, what) in kinds.items()
            if not isinstance(getattr(self, name), kind)  # type: ignore[arg-type]
        ]
        wrong += [
            (f"{group}[{key!r}]", what)
            for group, kind, what in (
                ("decimals", int, "a whole number"),
                ("heads", Label, "a text, or a pair of a text and its LaTeX source"),
                ("names", Label, "a text, or a pair of a text and its LaTeX source"),
            )
            for key, value in (getattr(self, group).items() if not wrong else ())
            if not isinstance(value, kind) or isinstance(value, bool) or not isinstance(key, str)
        ]
        wrong += [
            ("columns", "a list of names")
            for name in (self.columns if not wrong else ())
            if not isinstance(name, str)
        ]
        empty = [*self.heads.values(), *self.names.values()] if not wrong else []
        wrong += [("a name or a head", "a text") for label in empty if not label.plain.strip()]
        for name, what in wrong:
            raise SrbenchError(f"{name} is not {what}", f"give {what}")

    def require_known(self, columns: Iterable[str]) -> None:
        """Raises SrbenchError if it names a column that such a table cannot have, or says something
        of one that is not among those asked for. If none are asked for, what it says of a column
        that a table could have, but does not, is left out."""
        known = list(columns)
        order = [self.sorted_by] if self.order else []
        said = (*self.decimals, *self.heads, *order)
        for name in (*self.columns, *said):
            if name not in known:
                raise SrbenchError(
                    f"unknown column {name!r}",
                    f"{did_you_mean(name, known)}the columns are {', '.join(known)}",
                )
        for name in said:
            if self.columns and name not in (MODEL, *self.columns):
                raise SrbenchError(
                    f"column {name!r} is not among those asked for", f"add {name} to the columns"
                )

    @property
    def sorted_by(self) -> str:
        """The column that rows are sorted by; empty for none."""
        return self.order.removeprefix("-")

    @property
    def is_descending(self) -> bool:
        """Whether the largest value comes first."""
        return self.order.startswith("-")


PLAIN = Look()
