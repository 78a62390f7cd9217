"""The application: its commands, and what becomes of their errors."""

import logging
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Annotated, Any

import typer

from srbench import __version__
from srbench.cli import catalog, check, compare, env, flops, latency, profile, report, sweep, table
from srbench.cli.completing import answer, is_asked
from srbench.cli.messages import complain, tell
from srbench.cli.shells import give_scripts
from srbench.cli.streams import end_without_reader
from srbench.errors import BAD_INPUT, OUR_FAULT, ROWS_FAILED, SrbenchError, Terminated, ended_by
from srbench.failures import told
from srbench.files import REMEDIES

app = typer.Typer(
    name="srbench",
    help="What does a block cost? Compares convolutional networks with their SR, SE, CBAM and "
    "dropout2d variants.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
give_scripts()


class Ended(Exception):  # noqa: N818 - it says that, and nothing of its own
    """Carries what ended a command past typer, which would make something else of it."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(error)
        self.error = error


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


COMMANDS: dict[str, Callable[..., Any]] = {
    "flops": flops.flops,
    "latency": latency.latency,
    "profile": profile.profile,
    "sweep": sweep.sweep,
    "compare": compare.compare,
    "report": report.report,
    "table": table.table,
    "check": check.check,
    "env": env.env,
    "models": catalog.models,
    "blocks": catalog.blocks,
}
for _name, _command in COMMANDS.items():
    app.command(_name)(_guarded(_command))


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
    if debug:
        logging.basicConfig(format="%(message)s", force=True)
    # What fails a row is logged there with its traceback.
    logging.getLogger("srbench").setLevel(logging.DEBUG if debug else logging.WARNING)


def run(arguments: list[str] | None = None) -> int:
    """Run one command; returns its exit code and leaves error messages on stderr."""
    try:
        if is_asked():
            words = sys.argv[1:] if arguments is None else arguments
            return answer(typer.main.get_command(app), words)
        return int(app(arguments, prog_name="srbench", standalone_mode=False) or 0)
    except SystemExit as error:  # typer's own: --install-completion, or where a reader has left
        if isinstance(error.__context__, BrokenPipeError):
            end_without_reader()
        return BAD_INPUT if error.code else 0
    except Ended as ended:
        return _said(ended.error)
    except (Exception, KeyboardInterrupt) as error:
        return _said(error)


def _said(error: BaseException) -> int:
    """Say on stderr what ended a command; returns the exit code."""
    if settings.debug:
        for line in "".join(traceback.format_exception(error)).splitlines():
            tell(line)
    if isinstance(error, SrbenchError):
        return complain(error.message, error.hint, error.exit_code)
    if isinstance(error, KeyboardInterrupt):
        how = "terminated by a signal" if isinstance(error, Terminated) else "interrupted"
        return complain(how, "", ended_by(error))
    if isinstance(error, BrokenPipeError):
        end_without_reader()
    if hasattr(error, "format_message"):
        # The command line's own usage errors; their class moved between typer's releases.
        return complain(error.format_message(), _usage_hint(error), BAD_INPUT)
    message, hint, code = _explained(error)
    return complain(message, hint, code)


def _explained(error: BaseException) -> tuple[str, str, int]:
    """What is said of an error that nobody expected, what to do about it, and the exit code."""
    if isinstance(error, MemoryError):
        return "memory ran out", "free some, or measure less at once", ROWS_FAILED
    if not isinstance(error, Exception):
        who = f"a module that a spec names did what ends a program: {told(error)}"
        return who, "raise an exception instead; `srbench --debug …` shows where", BAD_INPUT
    if isinstance(error, OSError):
        where = f": {error.filename}" if error.filename else ""
        hint = REMEDIES.get(error.errno or 0, "see to that file or folder")
        return f"{error.strerror or error}{where}", hint, BAD_INPUT
    if isinstance(error, ImportError) and not (error.name or "").startswith("srbench"):
        hint = "is it installed whole, and is there memory enough to load it?"
        return f"a package cannot be imported: {told(error)}", hint, BAD_INPUT
    return (
        f"srbench itself failed: {told(error)}",
        "this is srbench's own fault: please report it with what `srbench --debug …` shows; "
        "files that are named above are kept, and no other was changed",
        OUR_FAULT,
    )


def _usage_hint(error: BaseException) -> str:
    context = getattr(error, "ctx", None)
    return f"see `{context.command_path if context else 'srbench'} --help`"
