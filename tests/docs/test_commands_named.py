"""Every command that a page names exists, with all of its options; most are only named, not run."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from support.pages import PAGES, ROOT, text

from srbench.cli.commands import COMMANDS, load

NAMED = re.compile(r"^ {4,}(?:\$ )?(srbench .*)|`(srbench [^`]+)`", re.MULTILINE)
PLAIN = ("--version", "--help", "--install-completion", "--show-completion", "--debug", "help")


def named(page: Path) -> Iterator[list[str]]:
    """The commands that a page names in its text or in indented blocks."""
    for found in NAMED.finditer(text(page)):
        line = (found[1] or found[2]).partition(" | ")[0].partition(" # ")[0]
        words = [word for word in shlex.split(line.replace("`", "")) if word != "…"]
        yield words[1:]


def wrong(words: list[str]) -> str:
    """What click says is wrong with a command; empty if nothing is."""
    if not words or words[0] in PLAIN:
        return ""
    if words[0] not in COMMANDS:
        return "" if words[0].isupper() else f"no command {words[0]}"
    command = load(words[0])
    options = [word for word in words[1:] if word != "--debug"]
    try:
        command.make_parser(click.Context(command)).parse_args(options)
    except Exception as error:  # typer has its own classes of click's errors
        return "" if "requires an argument" in str(error) else f"{' '.join(words)}: {error}"
    return ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_commands_that_are_named_exist(page: Path) -> None:
    assert [said for words in named(page) if (said := wrong(words))] == []


def test_a_wrong_option_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "Use `srbench flops --no-such 3`.\n\n    srbench nonsense\n    srbench flops --se\n"
    )
    assert [bool(wrong(words)) for words in named(page)] == [True, True, False]
