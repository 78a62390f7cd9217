"""A table as a paper prints it: which numbers it gives for which networks, before any is judged."""

from dataclasses import dataclass
from typing import Literal

NO_UNIT = "its unit is not given"  # among the doubts about a column
Quantity = Literal["params", "macs"]  # a column of FLOPs, MACs or mult-adds is "macs"


@dataclass(frozen=True)
class Printed:
    """A number as it is printed: ``digits`` times ``unit``.

    ``digits`` is a plain decimal with all printed digits, such as ``25.56``. ``unit`` is 1, 1e3,
    1e6, 1e9, 1e12, 2.0**20 or 2.0**30; None if neither the cell nor the header gives it.
    """

    digits: str
    unit: float | None
    is_approximate: bool = False  # it is printed with ≈, ~ or "about"


@dataclass(frozen=True)
class Cell:
    """A cell of a column of figures. Without a number and without a problem it is empty."""

    text: str  # without markup, on one line
    number: Printed | None
    problem: str = ""  # why it cannot be read


@dataclass(frozen=True)
class Column:
    """A column of parameters or of MACs."""

    title: str  # without markup; the titles of several header rows are joined by " / "
    quantity: Quantity
    unit: float | None
    is_doubtful: str = ""  # what had to be assumed, in words


@dataclass(frozen=True)
class Row:
    """What a table says about one network; one cell for each `Column`."""

    name: str
    line: int  # in the file, from 1
    cells: tuple[Cell, ...]
    section: str = ""  # of a row that spans the table, or of a cell that spans several rows
    input_size: tuple[int, int] | None = None  # height and width in pixels
    num_classes: int | None = None


@dataclass(frozen=True)
class PaperTable:
    """A table of a paper: its columns of figures, and a row for each network."""

    title: str  # the caption; the file's name if there is none
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    left_out: tuple[str, ...] = ()  # titles of columns that are not judged, such as accuracy
    notes: tuple[str, ...] = ()  # what a reader of the result must know
