"""The reference is what the code says."""

import pytest
import reference
from support.pages import DOCS, text

from srbench.cli.commands import COMMANDS, load


def test_the_pages_are_current() -> None:
    stale = [path.name for path, page in reference.pages().items() if text(path) != page]
    assert stale == [], "run make pages"


def test_there_is_no_page_of_a_command_that_is_gone() -> None:
    found = {path.stem for path in (DOCS / "reference" / "commands").glob("*.md")}
    assert found == {*COMMANDS, "index"}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_page_has_every_option_of_its_command(name: str) -> None:
    page = text(DOCS / "reference" / "commands" / f"{name}.md")
    for parameter in load(name).params:
        for option in parameter.opts if parameter.param_type_name == "option" else ():
            assert f"`{option}`" in page, option


def test_types_are_said_in_words() -> None:
    schema = {"anyOf": [{"type": "array", "items": {"type": "integer"}}, {"type": "null"}]}
    assert reference.words(schema) == "list (whole number) or null"
    assert reference.words({"enum": ["a", 1]}) == '`"a"` or `1`'
    assert (
        reference.words({"type": "object", "additionalProperties": {"type": "string"}})
        == "text by name"
    )
    assert reference.table(("a",), [("x|y",)]) == "| a |\n| --- |\n| x\\|y |\n"
