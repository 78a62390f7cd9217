"""The commands, with a summary of each; a command is loaded only when it is called.

`srbench --help` and completion need only the summaries.
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
        "Count parameters, MACs and FLOPs of models and their baselines, exactly.",
    ),
    "layers": (
        "srbench.cli.commands.layers:layers",
        "Show what every module of a network costs, and how much memory the network needs.",
    ),
    "latency": (
        "srbench.cli.commands.latency:latency",
        "Time models against their baselines: forward, backward, and both together.",
    ),
    "profile": (
        "srbench.cli.commands.profile:profile",
        "Show where a forward pass spends its time: per stage, and per inserted block.",
    ),
    "sweep": (
        "srbench.cli.commands.sweep:sweep",
        "Measure a grid of variants and their baselines.",
    ),
    "train": (
        "srbench.cli.commands.train:train",
        "Train models and their baselines with the same seeds, and compare their scores.",
    ),
    "evaluate": (
        "srbench.cli.commands.evaluate:evaluate",
        "Test weights on a data set: those of srbench train, of torchvision, or of a state dict.",
    ),
    "analyze": (
        "srbench.cli.commands.analyze:analyze",
        "Look inside trained SR, SE and CBAM blocks: what they do with images, and whether it "
        "matters.",
    ),
    "claims": (
        "srbench.cli.commands.claims:claims",
        "Judge a paper's table: which figures hold, and under which convention the others do.",
    ),
    "compare": (
        "srbench.cli.commands.compare:compare",
        "Compare two files of records, row by row: counts to the integer, times with intervals.",
    ),
    "records": (
        "srbench.cli.commands.records:records",
        "Show records in full, one value on each line: a file keeps their details compressed.",
    ),
    "report": (
        "srbench.cli.commands.report:report",
        "Make a page of tables that sort and filter, and of plots that show their values.",
    ),
    "history": (
        "srbench.cli.commands.history:history",
        "Show which figures of committed tables changed, with which commit, and why.",
    ),
    "init": (
        "srbench.cli.commands.init:init",
        "Start a table of your own blocks, with its gate in CI: what no option says is asked.",
    ),
    "table": (
        "srbench.cli.commands.table:table",
        "Measure the missing rows of committed tables, and write Markdown, LaTeX and CSV.",
    ),
    "check": (
        "srbench.cli.commands.check:check",
        "Check that committed tables are still correct: counts to the integer, files to the byte.",
    ),
    "comment": (
        "srbench.cli.commands.comment:comment",
        "Write a file as a comment on the pull request of a workflow, and update it in place.",
    ),
    "env": (
        "srbench.cli.commands.env:env",
        "Show what a time depends on: versions, hardware, torch's settings, load and clocks.",
    ),
    "models": (
        "srbench.cli.commands.catalog:models",
        "List the models, with their stages, options and default inputs.",
    ),
    "blocks": (
        "srbench.cli.commands.catalog:blocks",
        "List the blocks, with their options and defaults.",
    ),
}
DEBUG = "--debug"
HELP = "help"  # `srbench help flops` is `srbench flops --help`


class CarriedError(Exception):
    """Carries an exception past typer, which would handle it in its own way."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(error)
        self.error = error


class _Quiet:
    """Help without ``<bool>`` after every flag, and ``<list[str]>`` after an argument."""

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
    """All commands by name."""

    def parse_args(self, context: Any, arguments: list[str]) -> Any:
        """Accept ``--debug`` after the command as well."""
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
    """Add the summary of each command to the application, whose group is `Commands`."""
    for name, (_, summary) in COMMANDS.items():
        app.command(name, help=summary)(_nothing)


def load(name: str) -> Any:
    """Load a command with its options."""
    where, _ = COMMANDS[name]
    alone = typer.Typer(add_completion=False, rich_markup_mode="rich")
    command = resolve_name(where)
    alone.command(name, cls=Command, help=_paragraphs(command.__doc__))(_guarded(command))
    return typer.main.get_command(alone)


def _paragraphs(text: str) -> str:
    """A docstring for any screen width: each paragraph is one line."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def _nothing() -> None:
    """Stands for a command that is not loaded yet."""


def _guarded(command: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(command)
    def run(*arguments: Any, **options: Any) -> Any:
        try:
            return command(*arguments, **options)
        except OSError as error:
            raise CarriedError(error) from error
        except Exception:
            raise
        except BaseException as error:  # Ctrl-C, or anything that a third-party module raised
            raise CarriedError(error) from error

    return run
