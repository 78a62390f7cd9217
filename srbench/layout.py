"""Which rows and columns a table has: ``tables/<name>.toml``.

caption = "What each block costs a ResNet-50."
columns = ["params", "params_delta", "macs", "macs_delta", "top1_error"]

[[rows]]
models = ["resnet50"]
variants = ["se", "cbam", "sr"]
input_size = [224, "192x256"]     # what each network is made for if nothing is said
num_classes = 1000                # likewise
published = "ECA-Net (…), …"      # whose figures stand beside; alone, its rows are the rows

[names]                           # what the table calls a row, instead of its spec
resnet50 = "ResNet-50"

[time]                            # what `srbench check --time` measures
specs = ["resnet50", "resnet50+sr"]
tolerance = 0.05
tolerances = { "resnet50+sr" = 0.08 }
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from srbench.comparison import Case, case_of, cases, rows
from srbench.conditions import Conditions
from srbench.errors import SrbenchError
from srbench.files import require_utf8
from srbench.matching import Match, Matches
from srbench.records import Record, Row
from srbench.spec import Spec, parse, read

MOST_ROWS = 100_000
Size = int | str
Prose = Annotated[str, AfterValidator(lambda text: " ".join(text.split()))]
Tolerance = Annotated[float, Field(gt=0, le=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Group(_Strict):
    """Rows that belong together: models with variants of each, at every input size."""

    models: list[str] = []
    variants: list[str] = []
    input_size: Size | Annotated[list[Size], Field(min_length=1)] | None = None
    num_classes: int | None = None
    published: str = ""

    @model_validator(mode="after")
    def _has_rows(self) -> "Group":
        if not (self.models or self.published):
            raise ValueError("a group of rows needs models, or published")
        if self.variants and not self.models:
            raise ValueError("variants need models")
        return self

    @property
    def sizes(self) -> Sequence[Size | None]:
        return self.input_size if isinstance(self.input_size, list) else [self.input_size]

    def cases(self) -> list[Case]:
        """Every model with its variants, for one input size after the other."""
        return [
            case
            for size in self.sizes
            for case in cases(
                self.models, self.variants, (), size=size, num_classes=self.num_classes
            )
        ]

    def rows_in(self, records: Sequence[Record]) -> Iterator[Row]:
        """The rows of the same, found without importing what the specs name.

        Raises SrbenchError for a spec that is not the canonical one of a record, and may be one
        of several.
        """
        match = Matches(records)
        models = [match.with_canonical_backbone(read(model)) for model in self.models]
        for size in self.sizes:
            for spec in rows(models, self.variants, (), parse=read):
                found = match(spec, size, self.num_classes)
                if found.row is None:
                    raise _unmatched(spec, found)
                yield found.row


class TimeGate(_Strict):
    """What is timed against another version of the code, and how much slower is too slow.

    ``tolerance`` is a share: 0.05 lets a model take 5 % longer. ``tolerances`` are of single rows.
    """

    specs: list[str] = Field(min_length=1)
    input_size: Size | None = None
    num_classes: int | None = None
    batch_size: int = Field(1, ge=1)
    what: Literal["forward", "train"] = "forward"
    tolerance: Tolerance = 0.05
    tolerances: dict[str, Tolerance] = {}

    def conditions(self) -> Conditions:
        """The input that all are timed with.

        Raises SrbenchError where none is given and the networks are made for different ones.
        """
        found = {
            case_of(parse(spec), self.input_size, self.num_classes).under for spec in self.specs
        }
        if len(found) > 1:
            raise SrbenchError(
                "the networks to be timed are made for different inputs or classes",
                "give input_size and num_classes under [time]",
            )
        return found.pop()

    def specs_with_tolerances(self) -> dict[str, float]:
        """The specs in their canonical form, and how much slower each may be.

        Raises SrbenchError for what is no spec, or has a tolerance and is not timed.
        """
        own = {str(parse(spec)): tolerance for spec, tolerance in self.tolerances.items()}
        found = {str(parse(spec)): self.tolerance for spec in self.specs}
        for spec in own.keys() - found.keys():
            raise SrbenchError(f"{spec} has a tolerance and is not timed", "add it to specs")
        return found | own


class Layout(_Strict):
    """A table's caption, columns and rows.

    ``rank`` marks the best of every section; ``names`` are what the table calls a spec.
    """

    caption: Prose
    columns: list[str] = Field(min_length=1)
    device_columns: list[str] = ["forward", "forward_overhead", "train", "train_overhead"]
    rank: bool = True
    names: dict[str, str] = {}
    rows: list[Group] = Field(min_length=1)
    time: TimeGate | None = None

    def wanted(self, records: Sequence[Record], imports: bool = True) -> list["Wanted"]:
        """The rows, in order and each once; of a published table those that its records name.

        Unless it ``imports``, no module is imported that a spec names: its row is looked for in the
        records. Raises SrbenchError for a spec or a size that is none.
        """
        asked = sum(len(g.models) * (1 + len(g.variants)) * len(g.sizes) for g in self.rows)
        if asked > MOST_ROWS:
            raise SrbenchError(
                f"a table of {asked:,} rows is more than {MOST_ROWS:,}", "make several tables of it"
            )
        found: dict[Wanted, None] = {}
        for group in self.rows:
            _require_source(group.published, records)
            found |= dict.fromkeys(_wanted(group, records, imports))
        return list(found)


class Wanted(NamedTuple):
    """A row, and whose published figures stand beside it."""

    row: Row
    source: str = ""


def load(path: Path) -> Layout:
    """Read a layout. Raises SrbenchError with the key that is wrong."""
    if not re.fullmatch(r"[\w-]+", path.stem):
        raise SrbenchError(
            f"{path.stem!r} is not a table's name", "use letters, digits, _ and - alone"
        )
    try:
        content = path.read_bytes()
        require_utf8(path, content)
        return Layout.model_validate(tomllib.loads(content.decode("utf-8-sig")))
    except OSError as error:
        raise SrbenchError(
            f"cannot read {path}: {error.strerror}", "name a table, or a folder of tables"
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise SrbenchError(f"{path} is not TOML: {error}", "mend the line it names") from error
    except UnicodeDecodeError as error:
        raise SrbenchError(f"{path} is not UTF-8: {error.reason}", "save it as UTF-8") from error
    except RecursionError:
        raise SrbenchError(
            f"{path} is nested too deeply", "see the README for what a layout says"
        ) from None
    except ValidationError as error:
        raise SrbenchError(*_explained(path, error)) from error
    except ValueError as error:  # of a number with thousands of digits
        raise SrbenchError(f"{path}: {error}", "see the README for what a layout says") from error


def _explained(path: Path, error: ValidationError) -> tuple[str, str]:
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"{path}: there is no key {where}", f"the keys are {_keys(first['loc'])}"
    return f"{path}: {where}: {first['msg']}", "see the README for what a layout says"


def _keys(where: tuple[Any, ...]) -> str:
    owners: dict[Any, type[_Strict]] = {"rows": Group, "time": TimeGate}
    owner = owners.get(where[0], Layout) if len(where) > 1 else Layout
    return ", ".join(owner.model_fields)


def _require_source(source: str, records: Iterable[Record]) -> None:
    """Raises SrbenchError where no record is of that publication."""
    sources = dict.fromkeys(r.published.source for r in records if r.published)
    if source and source not in sources:
        raise SrbenchError(
            f"no record is published by {source!r}",
            f"there are {'; '.join(sources)}"
            if sources
            else "its figures are records too: add them",
        )


def _unmatched(spec: Spec, found: Match) -> SrbenchError:
    if not found.candidates:
        return SrbenchError(f"there is no record of {spec}", "count it: srbench table")
    return SrbenchError(
        f"only the module that {spec} names can tell which record is meant",
        f"write it as one of these, or give input_size and num_classes: "
        f"{', '.join(found.candidates)}",
    )


def _wanted(group: Group, records: Sequence[Record], imports: bool) -> Iterator[Wanted]:
    if not group.models:
        for record in records:
            if record.published and record.published.source == group.published:
                yield Wanted(record.row, group.published)
        return
    found = (case.row for case in group.cases()) if imports else group.rows_in(records)
    for row in found:
        yield Wanted(row, group.published)
