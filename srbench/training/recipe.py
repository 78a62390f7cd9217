"""How a network is trained, as data: a TOML file in ``recipes/``, with any value overridden.

A recipe names its source, and ``departs`` says what it does otherwise.
"""

import json
import tomllib
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from srbench.errors import SpecError, SrbenchError, did_you_mean
from srbench.records.validation import by_place, sentence

Share = Annotated[float, Field(ge=0, le=1)]
Side = Annotated[int, Field(ge=1, le=8192)]

SUFFIX = ".toml"
NONE = "null"  # for a value that TOML cannot write


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Recipe(_Strict):
    """A recipe. ``batch_size`` is of all processes together; an epoch has each image once, in as
    few batches as this size allows, which are equal but for one image.

    ``lr`` follows ``schedule``: it is multiplied by ``factor`` at each of ``milestones`` (epochs),
    or falls to 0 as a ``cosine`` or as ``poly``, (1 - progress) ** ``power``. With every schedule
    it first rises linearly over ``warmup``, a share of the epochs.
    ``decay_norms`` applies ``weight_decay`` to biases and norms as well. Gradients of
    ``accumulate`` parts of a batch are added up before a step. ``clip`` is the largest norm of the
    gradient (0: none), ``ema`` the decay of an average of the weights, which is then tested (0:
    none), ``amp`` the dtype that autocast computes in, and ``auxiliary`` the weight of the loss of
    heads that inference does not use.

    The images are ``size`` pixels a side. In training they are padded by ``pad`` and cut at random,
    filled with ``fill``, or a random part of a share of ``area`` is cut out and resized, or they
    are scaled by a random factor of ``zoom`` and cut; mirrored if ``flip``. Before they are padded,
    and to be tested, the shorter side is resized to ``resize`` pixels (0: to ``size``); to be
    tested they are then cut in the middle.
    """

    source: Annotated[str, Field(min_length=1)]
    departs: str = ""
    epochs: Annotated[int, Field(ge=1, le=100_000)]
    batch_size: Annotated[int, Field(ge=1, le=2**20)]
    optimizer: Literal["sgd", "adamw"] = "sgd"
    lr: Annotated[float, Field(gt=0, le=1000)]
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9
    nesterov: bool = False
    weight_decay: Annotated[float, Field(ge=0, le=10)] = 0.0
    decay_norms: bool = True
    schedule: Literal["constant", "steps", "cosine", "poly"] = "constant"
    milestones: tuple[Annotated[float, Field(gt=0)], ...] = ()
    factor: Share = 0.1
    power: Annotated[float, Field(gt=0, le=10)] = 0.9
    warmup: Annotated[float, Field(ge=0, lt=1)] = 0.0
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0
    accumulate: Annotated[int, Field(ge=1, le=1024)] = 1
    clip: Annotated[float, Field(ge=0)] = 0.0
    ema: Annotated[float, Field(ge=0, lt=1)] = 0.0
    auxiliary: Annotated[float, Field(ge=0)] = 0.0
    amp: Literal["", "float16", "bfloat16"] = ""
    channels_last: bool = False
    compile: bool = False

    size: Side
    resize: Annotated[int, Field(ge=0, le=65_536)] = 0
    pad: Annotated[int, Field(ge=0, le=1024)] = 0
    fill: Literal["zeros", "reflect"] = "zeros"
    flip: bool = False
    area: tuple[Share, Share] | None = None
    zoom: tuple[float, float] | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> "Recipe":
        if any(at >= self.epochs for at in self.milestones):
            drops = ", ".join(f"{at:g}" for at in self.milestones)
            raise SpecError(
                f"milestones {drops} are not all before epoch {self.epochs}",
                "set both: epochs=10, milestones=[5,8]",
            )
        if self.milestones and self.schedule != "steps":
            raise SpecError(
                f"milestones are for steps, and the schedule is {self.schedule}",
                'set schedule = "steps", or no milestones',
            )
        if self.batch_size < self.accumulate:
            raise SpecError(
                f"a batch of {self.batch_size} cannot be divided into {self.accumulate} parts",
                "set accumulate to less, or batch_size to more",
            )
        for name in ("area", "zoom"):
            low, high = getattr(self, name) or (1.0, 1.0)
            if not 0 < low <= high:
                raise SpecError(
                    f"{name} is [{low:g}, {high:g}]", "give two numbers, rising, above 0"
                )
        return self

    def values(self) -> dict[str, Any]:
        """All values, as a record holds them."""
        return self.model_dump(mode="json")


def names() -> list[str]:
    """The recipes that come with srbench."""
    return sorted(p.name.removesuffix(SUFFIX) for p in _folder().iterdir() if SUFFIX in p.name)


def load(name: str, changes: Mapping[str, str] | None = None) -> Recipe:
    """A recipe that comes with srbench, or that of a file ``*.toml``, with ``changes`` to its
    values, each written as in TOML; text needs no quotes.

    Raises SrbenchError for an unknown recipe or value, and for a file that cannot be read.

    >>> load("digits", {"epochs": "2"}).epochs
    2
    """
    return _valid(name, _read(name), changes or {})


def changed(recipe: Recipe, changes: Mapping[str, str]) -> Recipe:
    """A recipe with changes, as `load` has them. Raises SrbenchError for a bad one."""
    return _valid("of your own", recipe.values(), changes) if changes else recipe


def _valid(name: str, data: dict[str, Any], changes: Mapping[str, str]) -> Recipe:
    for key, text in changes.items():
        data[key] = None if text == NONE else value(text)
    try:
        return Recipe.model_validate(data)
    except ValidationError as error:
        where, several = next(iter(by_place(error, data).items()))
        key = ".".join(map(str, where))
        said, hint = sentence(several, key)
        if several[0]["type"] == "extra_forbidden":
            known = Recipe.model_fields
            said = f"unknown value {key!r}"
            hint = f"{did_you_mean(key, known)}the values are {', '.join(known)}"
        raise SrbenchError(f"recipe {name}: {said.removeprefix(': ')}", hint) from error


def changes_of(texts: Iterable[str]) -> dict[str, str]:
    """Changes written as ``lr=0.05``. Raises SrbenchError for another form, or if one is there
    twice."""
    found: dict[str, str] = {}
    for text in texts:
        key, equals, given = (part.strip() for part in text.partition("="))
        if not (key and equals and given) or "\n" in given:
            raise SrbenchError(f"--set {text} is not KEY=VALUE", "write --set lr=0.05")
        if key in found:
            raise SrbenchError(f"{key} is set twice", "give it one value")
        found[key] = given
    return found


def value(text: str) -> Any:
    """A value as TOML reads it; text if it is no TOML."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
    except (ValueError, RecursionError) as error:  # of numbers and brackets without end
        raise SrbenchError(f"{text[:20]}… is no value", "give a number or a text") from error


def toml(value: Any) -> str:
    """A value as it is written after ``--set KEY=``."""
    return json.dumps(value)


def _folder() -> Any:
    return files("srbench.training") / "recipes"


def _read(name: str) -> dict[str, Any]:
    if name in names():
        return tomllib.loads((_folder() / f"{name}{SUFFIX}").read_text(encoding="utf-8"))
    if not name.endswith(SUFFIX):
        raise SrbenchError(
            f"unknown recipe {name!r}",
            f"{did_you_mean(name, names())}use {', '.join(names())}, or a file *{SUFFIX}",
        )
    try:
        return tomllib.loads(Path(name).read_text(encoding="utf-8"))
    except OSError as error:
        raise SrbenchError(
            f"cannot read the recipe {name}: {error.strerror}", "name another file"
        ) from error
    except (ValueError, RecursionError) as error:  # no TOML, or no UTF-8
        raise SrbenchError(f"the recipe {name} is no TOML: {error}", "correct it") from error
