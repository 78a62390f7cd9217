"""The application: its commands, and how their errors are reported."""

import os
import re
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import typer

from srbench._version import __version__
from srbench.cli.commands import COMMANDS, CarriedError, Commands, register
from srbench.cli.messages import complain, complain_about, tell
from srbench.cli.shells import COMPLETION, give_scripts
from srbench.cli.streams import end_without_reader
from srbench.errors import (
    BAD_INPUT,
    OUR_FAULT,
    ROWS_FAILED,
    SrbenchError,
    Terminated,
    ended_by,
    one_line,
)
from srbench.files import REMEDIES

app = typer.Typer(
    name="srbench",
    cls=Commands,
    help="What does a block cost? Compares convolutional networks with their SR, SE, CBAM and "
    "dropout2d variants.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
register(app)
give_scripts()


@dataclass
class Settings:
    """The options of the whole command line, and the arguments that it was called with."""

    debug: bool = False
    arguments: Sequence[str] = ()


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
        typer.Option("--version", "-V", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    settings.debug = debug
    if debug or "logging" in sys.modules:  # listings and --help do not need it
        _log(debug)


def _log(debug: bool) -> None:
    """Log the tracebacks of failed rows if ``debug`` is set."""
    import logging

    if debug:
        logging.basicConfig(format="%(message)s", force=True)
    logging.getLogger("srbench").setLevel(logging.DEBUG if debug else logging.WARNING)


def run(arguments: list[str] | None = None) -> int:
    """Run one command; returns its exit code and writes error messages to stderr."""
    settings.arguments = sys.argv[1:] if arguments is None else arguments
    try:
        if COMPLETION in os.environ:
            from srbench.cli.completion_protocol import answer, is_asked  # only for a shell

            if is_asked():
                return answer(typer.main.get_command(app), settings.arguments)
        return int(app(arguments, prog_name="srbench", standalone_mode=False) or 0)
    except SystemExit as error:  # typer's own: --install-completion, or a reader that has left
        if isinstance(error.__context__, BrokenPipeError):
            end_without_reader()
        return BAD_INPUT if error.code else 0
    except CarriedError as carried:
        return _report(carried.error)
    except (Exception, KeyboardInterrupt) as error:
        return _report(error)


def _report(error: BaseException) -> int:
    """Report on stderr what ended a command; returns the exit code."""
    if settings.debug:
        for line in "".join(traceback.format_exception(error)).splitlines():
            tell(line)
    if isinstance(error, SrbenchError):
        return complain_about(error)
    if isinstance(error, KeyboardInterrupt):
        how = "terminated by a signal" if isinstance(error, Terminated) else "interrupted"
        return complain(how, "", ended_by(error))
    if isinstance(error, BrokenPipeError):
        end_without_reader()
    if hasattr(error, "format_message"):
        # A usage error; its class moved between typer's releases.
        message = _in_plain_words(error.format_message())
        return complain(message, _usage_hint() if message else "", BAD_INPUT)
    message, hint, code = _explained(error)
    return complain(message, hint, code)


def _explained(error: BaseException) -> tuple[str, str, int]:
    """The message, the hint and the exit code for an unexpected error."""
    if isinstance(error, MemoryError):
        return "memory ran out", "free some memory, or measure less at once", ROWS_FAILED
    if not isinstance(error, Exception):
        who = f"a module named in a spec ended the program: {one_line(error)}"
        return who, "raise an exception instead; `srbench --debug …` shows where", BAD_INPUT
    if isinstance(error, OSError):
        where = f": {error.filename}" if error.filename else ""
        hint = REMEDIES.get(error.errno or 0, "check that file or folder")
        return f"{error.strerror or error}{where}", hint, BAD_INPUT
    if isinstance(error, ImportError) and not (error.name or "").startswith("srbench"):
        hint = "check that it is fully installed, and that there is enough memory to load it"
        return f"a package cannot be imported: {one_line(error)}", hint, BAD_INPUT
    return (
        f"srbench itself failed: {one_line(error)}",
        "this is a bug in srbench: please report it with what `srbench --debug …` shows; "
        "the files named above are kept, and no others were changed",
        OUR_FAULT,
    )


# Messages of typer and pydantic about a value, in plain words.
_PLAIN = {
    r"Value error, ": "",
    r"Input should be a valid integer\b.*": "it is not a whole number",
    r"Input should be a valid number\b.*": "it is not a number",
    r"Input should be greater than or equal to (\S+)": r"it must be at least \1",
}


def _in_plain_words(message: str) -> str:
    for theirs, plain in _PLAIN.items():
        message = re.sub(theirs, plain, message)
    return message


def _usage_hint() -> str:
    """Points to the help of the command that was called, or of srbench if there was none."""
    called = [one for one in settings.arguments if one in COMMANDS][:1]
    return f"see `{' '.join(['srbench', *called])} --help`"
