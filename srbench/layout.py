"""Which rows and columns a table has: ``tables/<name>.toml``.

caption = "What each block costs a ResNet-50."
columns = ["params", "params_delta", "macs", "macs_delta", "top1_error"]

[[rows]]
models = ["resnet50"]
variants = ["se", "cbam", "sr"]
input_size = [224, "192x256"]     # 224 if nothing is said
num_classes = 1000                # likewise
published = "ECA-Net (…), …"      # whose figures stand beside; alone, its rows are the rows

[time]                            # what `srbench check --time` measures
specs = ["resnet50", "resnet50+sr"]
tolerance = 0.05
tolerances = { "resnet50+sr" = 0.08 }
"""

import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from srbench import comparison
from srbench.conditions import Conditions, conditions
from srbench.errors import SrbenchError
from srbench.records import Record, Row

Size = int | str
Tolerance = Annotated[float, Field(gt=0, le=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Group(_Strict):
    """Rows that belong together: models with variants of each, at every input size."""

    models: list[str] = []
    variants: list[str] = []
    input_size: Size | list[Size] = 224
    num_classes: int = 1000
    published: str = ""

    def conditions(self) -> list[Conditions]:
        sizes = self.input_size if isinstance(self.input_size, list) else [self.input_size]
        return [conditions(size, self.num_classes) for size in sizes]


class TimeGate(_Strict):
    """What is timed against another version of the code, and how much slower is too slow.

    ``tolerance`` is a share: 0.05 lets a model take 5 % longer. ``tolerances`` are of single rows.
    """

    specs: list[str] = Field(min_length=1)
    input_size: Size = 224
    num_classes: int = 1000
    batch_size: int = Field(1, ge=1)
    what: Literal["forward", "train"] = "forward"
    tolerance: Tolerance = 0.05
    tolerances: dict[str, Tolerance] = {}


class Layout(_Strict):
    """A table's caption, columns and rows. ``rank`` marks the best of every section."""

    caption: str
    columns: list[str] = Field(min_length=1)
    device_columns: list[str] = ["forward", "forward_overhead", "train", "train_overhead"]
    rank: bool = True
    rows: list[Group] = Field(min_length=1)
    time: TimeGate | None = None

    def wanted(self, records: Iterable[Record]) -> list["Wanted"]:
        """The rows, in order and each once; of a published table those that its records name.

        Raises SrbenchError for a spec or a size that is none.
        """
        found = (wanted for group in self.rows for wanted in _wanted(group, records))
        return list(dict.fromkeys(found))


class Wanted(NamedTuple):
    """A row, and whose published figures stand beside it."""

    row: Row
    source: str = ""


def load(path: Path) -> Layout:
    """Read a layout. Raises SrbenchError with the key that is wrong."""
    try:
        with path.open("rb") as file:
            return Layout.model_validate(tomllib.load(file))
    except OSError as error:
        raise SrbenchError(
            f"cannot read {path}: {error.strerror}", "name a table, or a folder of tables"
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise SrbenchError(f"{path} is not TOML: {error}", "mend the line it names") from error
    except UnicodeDecodeError as error:
        raise SrbenchError(f"{path} is not UTF-8: {error.reason}", "save it as UTF-8") from error
    except ValidationError as error:
        raise SrbenchError(*_explained(path, error)) from error


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


def _wanted(group: Group, records: Iterable[Record]) -> Iterator[Wanted]:
    if not group.models:
        for record in records:
            if record.published and record.published.source == group.published:
                yield Wanted(record.row, group.published)
        return
    for under in group.conditions():
        for spec in comparison.rows(group.models, group.variants, ()):
            row = Row(str(spec), under.input_shape[1:], under.num_classes)
            yield Wanted(row, group.published)
