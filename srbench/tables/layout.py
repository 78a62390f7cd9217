"""Which rows and columns a table has: ``tables/<name>.toml``.

caption = "What each block costs a ResNet-50."
columns = ["params", "params_delta", "macs", "macs_delta", "top1_error"]

[[rows]]
models = ["resnet50"]
variants = ["se", "cbam", "sr"]
input_size = [224, "192x256"]     # each network's default if not given
num_classes = 1000                # likewise
published = "ECA-Net (…), …"      # source of published figures; without models, also of the rows
heading = "On ImageNet"           # a line above these rows

[names]                           # the names of rows, by spec in any spelling, and of blocks
resnet50 = "Baseline"
"+sr" = { plain = "SR (ours)", latex = "SR \\emph{(ours)}" }

[heads]                           # of columns, as text or likewise; more in srbench.report.look
params = "Parameters"

[uncounted]                       # operators without a formula, and why that is right
"words::blur" = "fixed weights, which are no part of the comparison"

[time]                            # what `srbench check --time` measures
specs = ["resnet50", "resnet50+sr"]
callables = ["bench:forward"]     # functions that need no argument, in modules of one's own
tolerance = 0.05
tolerances = { "resnet50+sr" = 0.08 }

[train]                           # what `srbench table --train` trains every row on
data = "digits"
recipe = "digits"                 # that of the data set if not given
set = ["epochs=15"]               # changes to the recipe
seeds = 6
shares = [1, 0.1]                 # of the training images: columns top1 and top1@0.1
check = "resnet18+se"             # the row of `srbench check --train`: the first if not given
"""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from srbench.conditions import MOST_CLASSES, Conditions, input_size
from srbench.errors import SpecError, SrbenchError
from srbench.records.record import Record, RowKey
from srbench.records.training import Regime
from srbench.report.columns import DEVICE_COLUMNS
from srbench.report.labels import Label
from srbench.report.look import PLAIN, Look
from srbench.spec.cases import case_of
from srbench.spec.parse import parse, read_or_none
from srbench.tables.draft import Mistake, read
from srbench.tables.finders import Finder, Query, finder
from srbench.tables.layout_keys import Sections

MOST_ROWS = 100_000


def _possible(size: int | str) -> int | str:
    try:
        Conditions(*input_size(size))
    except SrbenchError as error:
        raise SpecError(error.message, error.hint) from error
    return size


def require_callable(name: str) -> str:
    """The name. Raises SpecError if it is not written ``module:function``."""
    module, colon, function = name.partition(":")
    parts = [*module.split("."), *function.split(".")]
    if not colon or not all(part.isidentifier() for part in parts):
        raise SpecError(
            f"{name!r} is no callable", 'write "module:function", such as "bench:forward"'
        )
    return name


def _possible_look(name: str) -> AfterValidator:
    """Accepts what a look can have there."""

    def check(value: Any) -> Any:
        try:
            Look(**{name: value})
        except SrbenchError as error:
            raise SpecError(error.message, error.hint) from error
        return value

    return AfterValidator(check)


Size = Annotated[int | str, AfterValidator(_possible)]
Prose = Annotated[str, AfterValidator(lambda text: " ".join(text.split()))]
Name = Annotated[Prose, Field(min_length=1)]
Classes = Annotated[int, Field(ge=1, le=MOST_CLASSES)]
Tolerance = Annotated[float, Field(gt=0, le=1)]
Share = Annotated[float, Field(gt=0, le=1)]
Callable = Annotated[str, AfterValidator(require_callable)]
Part = TypeVar("Part", bound=BaseModel)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def _label(value: Any) -> Label:
    """A text, or a table of a text and its LaTeX source. A layout is trusted: see SECURITY.md."""
    parts = {"plain": value, "latex": None} if isinstance(value, str) else value
    if not isinstance(parts, dict) or set(parts) != {"plain", "latex"}:
        raise SpecError("neither a text nor a pair of texts", PAIR)
    texts = [" ".join(text.split()) if isinstance(text, str) else text for text in parts.values()]
    if not all(text is None or isinstance(text, str) for text in texts):
        raise SpecError("neither a text nor a pair of texts", PAIR)
    if "" in texts:
        raise PydanticCustomError("too_short", "empty")
    plain, latex = (dict(zip(parts, texts, strict=True))[key] for key in ("plain", "latex"))
    return Label(plain, latex or "")


PAIR = 'write "+ SR", or { plain = "+ SR (P=2)", latex = "+ SR ($P=2$)" }'
Text = Annotated[Any, PlainValidator(_label)]
OF_LOOK = {one.name for one in fields(Look)} - {"columns", "said"}


class Group(_Strict):
    """Rows that belong together: models with variants of each, at every input size."""

    models: list[str] = []
    variants: list[str] = []
    input_size: Size | Annotated[list[Size], Field(min_length=1)] | None = None
    num_classes: Classes | None = None
    published: str = ""
    heading: Prose = ""

    @model_validator(mode="after")
    def _has_rows(self) -> "Group":
        if not (self.models or self.published):
            raise SpecError("a group of rows needs models, or published", "add one of the two")
        if self.variants and not self.models:
            raise SpecError("variants need models", 'add models, such as models = ["resnet50"]')
        return self

    @property
    def query(self) -> Query:
        """The rows, in the form that a finder takes."""
        sizes = self.input_size if isinstance(self.input_size, list) else [self.input_size]
        return Query(self.models, self.variants, sizes, self.num_classes)


def _not_too_many(groups: list[Group]) -> list[Group]:
    number = sum(group.query.number for group in groups)
    if number > MOST_ROWS:
        raise SpecError(
            f"a table of {number:,} rows is more than {MOST_ROWS:,}", "split it into several tables"
        )
    return groups


class TimeGate(_Strict):
    """What is timed against another version of the code, and how much slower is too slow.

    ``callables`` are functions that are called without arguments, each written ``module:function``.
    ``tolerance`` is a share: 0.05 lets a model take 5 % longer. ``tolerances`` are for single ones.
    """

    specs: list[str] = []
    callables: list[Callable] = []
    input_size: Size | None = None
    num_classes: Classes | None = None
    batch_size: int = Field(1, ge=1)
    what: Literal["forward", "train"] = "forward"
    tolerance: Tolerance = 0.05
    tolerances: dict[str, Tolerance] = {}

    @model_validator(mode="after")
    def _times_something(self) -> "TimeGate":
        if not (self.specs or self.callables):
            raise SpecError(
                "neither specs nor callables are given",
                'add one of them, such as specs = ["resnet50+se"] or callables = ["bench:forward"]',
            )
        specs = {str(read_or_none(spec) or spec) for spec in self.specs}
        if twice := specs & {*self.callables}:
            raise SpecError(
                f"{min(twice)} is in specs and in callables", "leave it out in one of the two"
            )
        return self

    def conditions(self) -> Conditions | None:
        """The input that all models are timed with; None if there are only callables.

        Raises SrbenchError if none is given and the networks have different defaults.
        """
        found = {
            case_of(parse(spec), self.input_size, self.num_classes).conditions
            for spec in self.specs
        }
        if len(found) > 1:
            raise SrbenchError(
                "the networks to be timed have different default inputs or numbers of classes",
                "give input_size and num_classes under [time]",
            )
        return found.pop() if found else None

    def canonical(self, name: str) -> str:
        """The name of what is timed: a spec in its canonical form, or a callable.

        Raises SpecError for an invalid spec.
        """
        return name if name in self.callables else str(parse(name))

    def by_name(self) -> dict[str, float]:
        """How much slower each may be, by its `canonical` name.

        Raises SpecError for an invalid spec.
        """
        names = [*self.specs, *self.callables]
        return {self.canonical(name): self.tolerance for name in names} | {
            self.canonical(name): tolerance for name, tolerance in self.tolerances.items()
        }


class TrainGate(_Strict):
    """What every row is trained on, with how many seeds and with which shares of the images, and
    which row `srbench check --train` trains again."""

    data: str
    recipe: str = ""
    set: list[str] = []
    seeds: int = Field(6, ge=1, le=1000)
    shares: list[Share] = Field([1.0], min_length=1)
    check: str = ""

    def trains(self, regime: Regime) -> bool:
        """Whether records of a regime belong to the table."""
        changes = {change.replace(" ", "") for change in self.set}
        kind, _, folder = self.data.partition(":")
        names = (kind, f"{kind}:{Path(folder).name}")  # a folder of images is called by its own
        return (
            regime.data in names
            and regime.recipe in (Path(self.recipe).stem or regime.recipe, self.recipe)
            and {change.replace(" ", "") for change in regime.changes} == changes
            and regime.share in self.shares
        )


class Layout(_Strict):
    """A table's caption, columns and rows, and how it is printed (`srbench.report.look.Look`).

    ``rank`` marks the best of every section, and ``uncounted`` says why operators without a formula
    are left out of the counts.
    """

    caption: Prose
    columns: list[str] = Field(min_length=1)
    device_columns: list[str] = [*DEVICE_COLUMNS]
    rank: bool = True
    names: dict[str, Text] = {}
    heads: dict[str, Text] = {}
    decimals: Annotated[dict[str, int], _possible_look("decimals")] = {}
    style: Annotated[str, _possible_look("style")] = PLAIN.style
    naming: Annotated[str, _possible_look("naming")] = PLAIN.naming
    notes: Annotated[str, _possible_look("notes")] = PLAIN.notes
    delta: Annotated[str, _possible_look("delta")] = PLAIN.delta
    group: Annotated[str, _possible_look("group")] = PLAIN.group
    order: str = PLAIN.order
    label: Annotated[str, _possible_look("label")] = PLAIN.label
    position: Annotated[str, _possible_look("position")] = PLAIN.position
    wide: bool | None = PLAIN.wide
    uncounted: dict[Name, Name] = {}
    rows: Annotated[list[Group], Field(min_length=1), AfterValidator(_not_too_many)]
    time: TimeGate | None = None
    train: TrainGate | None = None

    @property
    def look(self) -> Look:
        """How the table is printed."""
        return Look(**{name: getattr(self, name) for name in OF_LOOK})

    def wanted(self, records: Sequence[Record], imports: bool = True) -> list["LayoutRow"]:
        """The rows, in order and each once; of a published table those that its records name.

        Without ``imports`` no module that a spec names is imported: its row is looked up in the
        records. Raises SrbenchError for an invalid spec, or if it is unclear which row it means.
        """
        find = finder(records, imports)
        found: dict[LayoutRow, None] = {}
        for group in self.rows:
            found |= dict.fromkeys(_wanted(group, records, find))
        return list(found)


class LayoutRow(NamedTuple):
    """A row, the source of the published figures shown with it, and the heading above it."""

    row: RowKey
    source: str = ""
    heading: str = ""


def load(path: Path) -> Layout:
    """Read a layout. Raises SrbenchError that names every wrong key."""
    draft = read(path)
    layout, wrong = parsed(draft.data)
    draft.require_right(wrong)
    assert layout is not None
    return layout


def parsed(data: dict[str, Any]) -> tuple[Layout | None, list[Mistake]]:
    """The layout, or what is wrong with the keys and the types of its data."""
    try:
        return Layout.model_validate(data), []
    except ValidationError as error:
        return None, Sections(Layout).explained(error, data)


def valid(model: type[Part], data: Any) -> Part | None:
    """A part of a layout, or None if its data are invalid."""
    try:
        return model.model_validate(data)
    except ValidationError:
        return None


def _wanted(group: Group, records: Sequence[Record], find: Finder) -> Iterator[LayoutRow]:
    rows = find.rows(group.query) if group.models else rows_of_source(group.published, records)
    return (LayoutRow(row, group.published, group.heading) for row in rows)


def rows_of_source(source: str, records: Sequence[Record]) -> list[RowKey]:
    """The rows for which the records have figures from a publication."""
    return [r.row for r in records if r.published and r.published.source == source]
