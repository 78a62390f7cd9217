"""Answers a shell that asks for completions of the word at the cursor."""

import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from typing import Any

from srbench.cli.shells import COMPLETION
from srbench.errors import FAILURES, SrbenchError
from srbench.records.printable import printable

LINE = "line"  # set by our scripts, in srbench.cli.shells; typer's set complete_bash …
TYPER = {"COMP_WORDS", "_TYPER_COMPLETE_ARGS"}  # where typer's scripts put the line


def is_asked() -> bool:
    """Whether a shell asks for completions: it sets a variable."""
    how = os.environ.get(COMPLETION, "")
    return how == LINE or how.startswith("complete_")


def answer(command: Any, arguments: Sequence[str]) -> int:
    """Print the candidates for a command of click; returns the exit code.

    Failures are silent, since a message would appear in the user's prompt. Raises SrbenchError if
    the variable is set but no shell asks.
    """
    ours = os.environ[COMPLETION] == LINE
    if not (arguments if ours else os.environ.keys() & TYPER):
        raise SrbenchError(f"{COMPLETION} is set, but no shell asks for completions", "unset it")
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        try:
            text, code = _by_line(command, *arguments[:2]) if ours else _by_typer(command)
        except FAILURES:
            text, code = "", 0
    if text:
        sys.stdout.write(text)
    return code


def _by_line(command: Any, line: str, replaced: str | None = None) -> tuple[str, int]:
    return "".join(f"{each}\n" for each in candidates(command, line, replaced)), 0


def _by_typer(command: Any) -> tuple[str, int]:
    """What typer answers to its own scripts; the one for fish also uses the exit code."""
    with redirect_stdout(StringIO()) as printed:
        try:
            command([], prog_name="srbench")
        except SystemExit as end:
            return printed.getvalue().lstrip("\n"), int(end.code or 0)
    return "", 0


def candidates(command: Any, line: str, replaced: str | None = None) -> Iterator[str]:
    """Completions of the last word of a command line, each followed by a tab and its help.

    If a shell replaces only the end of the word, ``replaced`` is that end, and the candidates leave
    out the part before it.
    """
    *before, word = split(line)[1:] or [""]
    kept = 0
    if replaced is not None and word.endswith(replaced):
        kept = len(word) - len(replaced)
    front = ""
    if word.startswith("--") and "=" in word:  # --format=l is completed as --format l
        name, _, word = word.partition("=")
        before, front = [*before, name], f"{name}="
    for item in _items(command, before, word):
        text = " ".join((item.help or "").replace("\\[", "[").split())
        yield f"{front}{item.value}"[kept:] + f"\t{printable(text)}"


def split(line: str) -> list[str]:
    """The words of a command line; the last may be empty, or lack its closing quote.

    >>> split("srbench flops 'a b' resnet"), split("srbench ")
    (['srbench', 'flops', 'a b', 'resnet'], ['srbench', ''])
    >>> split('srbench table --reason "not yet')
    ['srbench', 'table', '--reason', 'not yet']
    """
    reader = shlex.shlex(line, posix=True)
    reader.whitespace_split, reader.commenters = True, ""
    words: list[str] = []
    try:
        words += iter(reader.get_token, None)
    except ValueError:  # a quote that is still open
        return [*words, reader.token]
    return [*words, ""] if line[-1:].isspace() else words


def _items(root: Any, before: Sequence[str], word: str) -> Any:
    """What click offers for a word: commands, options, or values of an option or an argument.

    click's own function for this is not public, and differs between releases of typer.
    """
    context = root.make_context("srbench", [], resilient_parsing=True)
    place = next((i for i, each in enumerate(before) if not each.startswith("-")), len(before))
    name, own = "".join(before[place : place + 1]), [*before[place + 1 :]]
    command = root.resolve_command(context, [name])[1] if name else root
    if command in (root, None):
        return command.shell_complete(context, word) if command else []
    parameters = command.get_params(context)
    waiting = [p for p in parameters if own[-1:] and own[-1] in p.opts and _takes_value(p)]
    given = own[:-1] if waiting else [*own]
    context = command.make_context(name, given, parent=context, resilient_parsing=True)
    if word.startswith("-") and not waiting and "--" not in own:
        return command.shell_complete(context, word)
    wanting = waiting or [p for p in parameters if _is_wanting(p, context)]
    return wanting[0].shell_complete(context, word) if wanting else []


def _takes_value(parameter: Any) -> bool:
    return parameter.param_type_name == "option" and not (parameter.is_flag or parameter.count)


def _is_wanting(parameter: Any, context: Any) -> bool:
    """Whether it is an argument that accepts one more value."""
    source = context.get_parameter_source(parameter.name)
    is_given = source is not None and source.name == "COMMANDLINE"
    return parameter.param_type_name == "argument" and (parameter.nargs == -1 or not is_given)
