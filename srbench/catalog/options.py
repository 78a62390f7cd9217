"""Options of backbones and blocks: how a value is read from a spec and written back.

Every option reads text into a typed value and formats it in one canonical way, so that two
spellings of a number (``widen=2`` and ``widen=2.0``) name the same model.
"""

import math
import re
from dataclasses import dataclass
from typing import Protocol

from srbench.errors import SpecError, did_you_mean

Value = int | float | str | bool | tuple[str, ...]


class Option(Protocol):
    """One ``key=value`` of a spec. ``stages`` are the backbone's stage names, in order."""

    @property
    def name(self) -> str: ...
    @property
    def help(self) -> str: ...
    @property
    def symbol(self) -> str:
        """The letter of the paper; empty where it has none."""

    def default(self, stages: tuple[str, ...]) -> Value:
        """The value that the canonical spec omits."""

    def parse(self, text: str, stages: tuple[str, ...]) -> Value:
        """Read a value. Raises SpecError, which says what is accepted."""

    def words(self, stages: tuple[str, ...]) -> tuple[str, ...]:
        """The accepted values, if they are a few words; empty for numbers and free text."""


def format_value(value: Value) -> str:
    """Write a value as the spec grammar does: ``2.0`` as ``2``, stages joined by ``/``."""
    if isinstance(value, tuple):
        return "/".join(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    return str(value)


def _rejected(name: str, text: str, expected: str) -> SpecError:
    return SpecError(f"{name}={text} is not valid", f"{name} must be {expected}")


@dataclass(frozen=True)
class _Plain:
    """An option whose default does not depend on the backbone."""

    name: str
    value: Value
    help: str

    def default(self, stages: tuple[str, ...]) -> Value:
        return self.value

    def words(self, stages: tuple[str, ...]) -> tuple[str, ...]:
        return ()


@dataclass(frozen=True)
class Integer(_Plain):
    """A whole number of at least ``minimum``."""

    minimum: int | None = 1
    symbol: str = ""

    def parse(self, text: str, stages: tuple[str, ...]) -> Value:
        expected = "a whole number" + (
            f" of at least {self.minimum}" if self.minimum is not None else ""
        )
        # int() alone would also accept 1_0, spaces and digits of other scripts.
        if not re.fullmatch(r"-?[0-9]{1,18}", text):
            raise _rejected(self.name, text, expected)
        value = int(text)
        if self.minimum is not None and value < self.minimum:
            raise _rejected(self.name, text, expected)
        return value


@dataclass(frozen=True)
class Number(_Plain):
    """A real number in [``minimum``, ``maximum``]."""

    minimum: float = -1e15
    maximum: float = 1e15
    symbol: str = ""

    def parse(self, text: str, stages: tuple[str, ...]) -> Value:
        expected = f"a number from {self.minimum:g} to {self.maximum:g}"
        if not re.fullmatch(r"-?[0-9]*\.?[0-9]+(e-?[0-9]{1,3})?|-?[0-9]+\.", text):
            raise _rejected(self.name, text, expected)
        value = float(text)
        if not (math.isfinite(value) and self.minimum <= value <= self.maximum):
            raise _rejected(self.name, text, expected)
        return value + 0.0  # -0.0 and 0.0 are one value


@dataclass(frozen=True)
class Choice(_Plain):
    """One of a few words."""

    choices: tuple[str, ...] = ()
    symbol: str = ""

    def parse(self, text: str, stages: tuple[str, ...]) -> Value:
        if text not in self.choices:
            raise _rejected(self.name, text, "one of " + ", ".join(self.choices))
        return text

    def words(self, stages: tuple[str, ...]) -> tuple[str, ...]:
        return self.choices


@dataclass(frozen=True)
class Flag(_Plain):
    """``true`` or ``false``."""

    symbol: str = ""

    def parse(self, text: str, stages: tuple[str, ...]) -> Value:
        if text not in ("true", "false"):
            raise _rejected(self.name, text, "true or false")
        return text == "true"

    def words(self, stages: tuple[str, ...]) -> tuple[str, ...]:
        return ("true", "false")


@dataclass(frozen=True)
class Text(_Plain):
    """Any word without characters that the grammar uses."""

    symbol: str = ""

    def parse(self, text: str, stages: tuple[str, ...]) -> Value:
        return text


def option_like(name: str, value: object) -> Option | None:
    """The option for values of this type, or None if a spec cannot contain the value."""
    if type(value) not in (bool, int, float, str):
        return None  # subclasses are not supported either
    if isinstance(value, bool):
        return Flag(name, value, "")
    if isinstance(value, int):
        is_writable = abs(value) < 10**18  # as many digits as an option accepts
        return Integer(name, value, "", minimum=None) if is_writable else None
    if isinstance(value, float):
        return Number(name, value, "")
    return Text(name, str(value), "")


@dataclass(frozen=True)
class Stages:
    """One or more of the backbone's stages, joined by ``/``; by default its last ``last``.

    ``last=None`` means every stage. The value is always in the network's order.
    """

    last: int | None = None
    name: str = "stage"
    help: str = "the stages to put the block in, joined by /"
    symbol: str = ""

    def default(self, stages: tuple[str, ...]) -> Value:
        return stages if self.last is None else stages[-self.last :]

    def parse(self, text: str, stages: tuple[str, ...]) -> Value:
        names = text.split("/")
        for name in names:
            if not stages:
                raise SpecError("the network lists no stages", "name modules instead: after=layer4")
            if name not in stages:
                raise SpecError(
                    f"there is no stage {name!r}",
                    f"{_stage_meant(name, stages)}the stages are {', '.join(stages)}; join several "
                    "by /",
                )
            if names.count(name) > 1:
                raise SpecError(f"stage {name} is named twice", "name each stage once")
        return tuple(stage for stage in stages if stage in names)

    def words(self, stages: tuple[str, ...]) -> tuple[str, ...]:
        return stages


def _stage_meant(name: str, stages: tuple[str, ...]) -> str:
    """The beginning of a hint: users may write 4 for layer4."""
    ending = [stage for stage in stages if re.fullmatch(rf"\D*{re.escape(name)}", stage)]
    return did_you_mean(name, stages) if len(ending) != 1 else f"did you mean {ending[0]}? "


@dataclass(frozen=True)
class After:
    """Modules by name, joined by ``/``, instead of stages; ``*`` stands for any one name.

    Whether the modules exist is checked when the model is built.
    """

    name: str = "after"
    help: str = "the modules to put the block after, instead of stages: features.14, layer4.*"
    symbol: str = ""

    def default(self, stages: tuple[str, ...]) -> Value:
        return ()

    def parse(self, text: str, stages: tuple[str, ...]) -> Value:
        names = text.split("/")
        for name in names:
            if not re.fullmatch(r"[\w*-]+(\.[\w*-]+)*", name):
                raise _rejected(self.name, text, "names of modules, like features.14 or layer4.*")
            if names.count(name) > 1:
                raise SpecError(f"module {name} is named twice", "name each module once")
        return tuple(sorted(names))

    def words(self, stages: tuple[str, ...]) -> tuple[str, ...]:
        return ()
