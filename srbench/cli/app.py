"""The application: its commands, and what becomes of their errors."""

import signal
import sys
import traceback
from dataclasses import dataclass
from typing import Annotated

import typer

from srbench import __version__
from srbench.cli import catalog, check, compare, env, flops, latency, profile, report, sweep, table
from srbench.cli.messages import tell
from srbench.errors import BAD_INPUT, INTERRUPTED, SrbenchError

app = typer.Typer(
    name="srbench",
    help="What does a block cost? Compares convolutional networks with their SR, SE, CBAM and "
    "dropout2d variants.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("flops")(flops.flops)
app.command("latency")(latency.latency)
app.command("profile")(profile.profile)
app.command("sweep")(sweep.sweep)
app.command("compare")(compare.compare)
app.command("report")(report.report)
app.command("table")(table.table)
app.command("check")(check.check)
app.command("env")(env.env)
app.command("models")(catalog.models)
app.command("blocks")(catalog.blocks)


@dataclass
class Settings:
    """Options of the whole command line."""

    debug: bool = False


settings = Settings()


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"srbench {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    settings.debug = debug


def main() -> None:
    """Run the command line and exit with its code."""
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `srbench models | head -1` ends quietly
    sys.exit(run())


def run(arguments: list[str] | None = None) -> int:
    """Run one command; returns its exit code and leaves error messages on stderr."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without Unicode still gets its table
    try:
        code = app(arguments, prog_name="srbench", standalone_mode=False)
    except SrbenchError as error:
        _show_traceback()
        return _complain(error.message, error.hint, error.exit_code)
    except OSError as error:
        _show_traceback()
        return _complain(f"cannot write: {error.strerror}", "is the disk full?", BAD_INPUT)
    except SystemExit as error:  # typer raises none here: somebody's network or block did
        _show_traceback()
        return _complain(
            f"a network or a block called sys.exit({error.code!r})",
            "raise an exception instead; --debug shows where",
            BAD_INPUT,
        )
    except (KeyboardInterrupt, typer.Abort):
        return _complain("interrupted", "", INTERRUPTED)
    except Exception as error:
        # The command line's own usage errors; their class moved between typer's releases.
        if not hasattr(error, "format_message"):
            raise
        return _complain(error.format_message(), _usage_hint(error), BAD_INPUT)
    return int(code or 0)


def _show_traceback() -> None:
    """That of the error under way, with ``--debug``."""
    if settings.debug:
        for line in traceback.format_exc().splitlines():
            tell(line)


def _usage_hint(error: Exception) -> str:
    context = getattr(error, "ctx", None)
    return f"see `{context.command_path if context else 'srbench'} --help`"


def _complain(message: str, hint: str, code: int) -> int:
    """One line that says what, one that says what to do."""
    for label, colour, text in (("error", "red", message), ("hint", "cyan", hint)):
        if text:
            tell(" ".join(text.split()), label, colour)
    return code
