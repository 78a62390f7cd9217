"""pydantic's errors in plain words."""

from typing import Annotated, Literal, get_args

import pytest
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core.core_schema import ErrorType

from srbench.errors import SpecError
from srbench.records.validation import KINDS, SENTENCES, by_place, sentence


def _even(number: int) -> int:
    if number % 2:
        raise SpecError(f"{number} is odd", "add one")
    return number


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Inner(Strict):
    x: int = 0


class Data(Strict):
    text: str = ""
    yes: bool = True
    share: float = Field(0.5, gt=0, le=1)
    count: int = Field(1, ge=1)
    what: Literal["a", "b"] = "a"
    inner: Inner = Inner()
    table: dict[str, int] = {}
    sizes: (
        Annotated[int, AfterValidator(_even)]
        | str
        | Annotated[list[int | str], Field(min_length=1)]
    ) = 2
    needed: int


def wrong(**data: object) -> dict[tuple, tuple[str, str]]:
    data = {"needed": 1} | data
    with pytest.raises(ValidationError) as raised:
        Data.model_validate(data)
    return {
        where: sentence(several, ".".join(map(str, where)))
        for where, several in by_place(raised.value, data).items()
    }


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("text", 1, "text must be a text"),
        ("yes", "no", "yes must be true or false"),
        ("share", "x", "share must be a number"),
        ("share", 0, "share must be more than 0"),
        ("share", 2, "share must be 1 or less"),
        ("count", 1.5, "count must be a whole number"),
        ("count", 0, "count must be 1 or more"),
        ("what", "c", "what must be 'a' or 'b'"),
        ("inner", 3, "inner must be a table"),
        ("inner", {"x": "y"}, "inner.x must be a whole number"),
        ("table", [], "table must be a table"),
        ("table", {"int": "y"}, "table.int must be a whole number"),
        ("sizes", True, "sizes must be a whole number or a text or a list"),
        ("sizes", [], "sizes is empty"),
        ("sizes", [1, True], "sizes.1 must be a whole number or a text"),
        ("sizes", 3, "sizes: 3 is odd"),
        ("other", 3, "unknown key other"),
    ],
)
def test_errors_are_plain_sentences_with_a_hint(key: str, value: object, expected: str) -> None:
    ((message, hint),) = wrong(**{key: value}).values()
    assert message == expected
    assert hint
    assert hint == "add one" or "is odd" not in message


def test_every_error_is_reported_once() -> None:
    found = wrong(text=1, table={"a": "x", "b": 1, "c": "x"}, sizes=[None, 1, None])
    assert [".".join(map(str, where)) for where in found] == [
        "text", "table.a", "table.c", "sizes.0", "sizes.2",
    ]  # fmt: skip
    with pytest.raises(ValidationError) as raised:
        Data.model_validate({})
    assert [*by_place(raised.value, {})] == [("needed",)]


def test_the_types_of_errors_exist_in_pydantic() -> None:
    assert {*KINDS, *SENTENCES} <= {*get_args(ErrorType)}
