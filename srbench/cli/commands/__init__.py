"""The commands: each in one line, and loaded whole only when it is called.

`srbench --help` and completion need the lines alone.
"""

from collections.abc import Callable
from functools import wraps
from pkgutil import resolve_name
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

# Where each command is, and the first line of its docstring.
COMMANDS = {
    "flops": (
        "srbench.cli.commands.flops:flops",
        "Count parameters, MACs and FLOPs of models beside their baselines, exactly.",
    ),
    "latency": (
        "srbench.cli.commands.latency:latency",
        "Time models against their baselines: forward, backward and the whole training step.",
    ),
    "profile": (
        "srbench.cli.commands.profile:profile",
        "Show where a forward pass spends its time: per stage, and per inserted block.",
    ),
    "sweep": (
        "srbench.cli.commands.sweep:sweep",
        "Measure a grid of variants, each beside its baseline.",
    ),
    "compare": (
        "srbench.cli.commands.compare:compare",
        "Compare two files of records, row by row: counts to the integer, times with intervals.",
    ),
    "report": (
        "srbench.cli.commands.report:report",
        "Make a page of tables that sort and filter, and of plots that tell their numbers.",
    ),
    "table": (
        "srbench.cli.commands.table:table",
        "Measure what committed tables lack, and write them as Markdown, LaTeX and CSV.",
    ),
    "check": (
        "srbench.cli.commands.check:check",
        "Check that committed tables are still true: counts to the integer, files to the byte.",
    ),
    "env": (
        "srbench.cli.commands.env:env",
        "Show what a time depends on: versions, hardware, torch's settings, load and clocks.",
    ),
    "models": (
        "srbench.cli.commands.catalog:models",
        "List the models, with their stages, options and the input they are made for.",
    ),
    "blocks": (
        "srbench.cli.commands.catalog:blocks",
        "List the blocks, with their options and defaults.",
    ),
}
DEBUG = "--debug"
HELP = "help"  # `srbench help flops` is `srbench flops --help`


class Ended(Exception):  # noqa: N818 - it says that, and nothing of its own
    """Carries what ended a command past typer, which would make something else of it."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(error)
        self.error = error


class _Quiet:
    """Help without ``<bool>`` behind every flag, and ``<list[str]>`` behind an argument."""

    def get_params(self, context: Any) -> list[Any]:
        found: list[Any] = super().get_params(context)  # type: ignore[misc]
        for parameter in found:
            if getattr(parameter, "is_flag", False):
                parameter.metavar = ""
            elif parameter.param_type_name == "argument":
                parameter.display_type_rich = lambda ctx: None
        return found


class Command(_Quiet, TyperCommand):
    """A command of srbench."""


class Commands(_Quiet, TyperGroup):
    """All of them by name."""

    def parse_args(self, context: Any, arguments: list[str]) -> Any:
        """``--debug`` may stand behind the command as well."""
        end = arguments.index("--") if "--" in arguments else len(arguments)
        if DEBUG in arguments[:end]:
            kept = [one for one in arguments[:end] if one != DEBUG]
            arguments = [DEBUG, *kept, *arguments[end:]]
        return super().parse_args(context, arguments)

    def resolve_command(self, context: Any, arguments: list[str]) -> Any:
        """The command that the arguments name, loaded, and the arguments for it."""
        if arguments == [HELP]:
            typer.echo(context.get_help())
            raise typer.Exit
        if arguments[0] == HELP:
            arguments = [arguments[1], "--help"]
        name, _, rest = super().resolve_command(context, arguments)
        return name, load(name) if name else None, rest


def register(app: typer.Typer) -> None:
    """Add a line for each command to the application, whose group is `Commands`."""
    for name, (_, summary) in COMMANDS.items():
        app.command(name, help=summary)(_nothing)


def load(name: str) -> Any:
    """A command with its options."""
    where, _ = COMMANDS[name]
    alone = typer.Typer(add_completion=False, rich_markup_mode="rich")
    command = resolve_name(where)
    alone.command(name, cls=Command, help=_paragraphs(command.__doc__))(_guarded(command))
    return typer.main.get_command(alone)


def _paragraphs(text: str) -> str:
    """A docstring for a screen of any width: each paragraph is one line."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def _nothing() -> None:
    """What stands for a command that is not loaded yet."""


def _guarded(command: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(command)
    def run(*arguments: Any, **options: Any) -> Any:
        try:
            return command(*arguments, **options)
        except OSError as error:
            raise Ended(error) from error
        except Exception:
            raise
        except BaseException as error:  # Ctrl-C, or whatever a module of someone else's raised
            raise Ended(error) from error

    return run
