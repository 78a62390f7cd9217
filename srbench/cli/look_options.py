"""Options for how a table looks, the same for every command that makes one."""

import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial, wraps
from typing import Annotated, Any

import typer

from srbench.cli.values import listed, optional_name, starting
from srbench.errors import SpecError, SrbenchError, did_you_mean, some
from srbench.report.columns import max_batch_columns
from srbench.report.labels import OF_BLOCK, Label
from srbench.report.look import CHOICES, Look
from srbench.report.names import blocks_of, require_distinct
from srbench.spec.parse import parse, read_or_none

PANEL = "How the table looks"


def _option(help_text: str, *names: str, metavar: str = "", known: Sequence[str] = ()) -> Any:
    return typer.Option(
        *names,
        metavar=metavar or None,
        help=help_text,
        autocompletion=starting(known) if known else None,
        show_default=False,
        rich_help_panel=PANEL,
    )


def _choice(name: str, help_text: str, option: str = "") -> Any:
    known = CHOICES[name]
    text = f"{help_text}: {', '.join(known)}."
    return _option(text, *([option] if option else []), metavar="NAME", known=known)


# Each option by its parameter; what a look calls it, where that is another word, is in `_look`.
OPTIONS: dict[str, Any] = {
    "columns": Annotated[
        str | None,
        _option("Only these columns, such as params,macs.", metavar="NAME,…"),
    ],
    "style": Annotated[
        str | None, _choice("style", "For the paper that LaTeX and figures are for")
    ],
    "names": Annotated[
        str | None,
        _choice("naming", "What models are called; text has specs if not given", "--names"),
    ],
    "rename": Annotated[
        list[str] | None,
        _option(
            'Another name for a row, such as resnet50="Baseline", or for a block: +sr="Ours"; may '
            "be repeated.",
            metavar="SPEC=TEXT",
        ),
    ],
    "notes": Annotated[
        str | None, _choice("notes", "The notes below it; short is what a reader must know")
    ],
    "delta": Annotated[
        str | None, _choice("delta", "Differences of counts, to the integer or not")
    ],
    "decimals": Annotated[str | None, _option("Decimals of columns.", metavar="COLUMN=N,…")],
    "head": Annotated[
        list[str] | None,
        _option(
            'The head of a column, such as params="Parameters"; may be repeated.',
            metavar="COLUMN=TEXT",
        ),
    ],
    "group": Annotated[str | None, _choice("group", "What sets groups of rows apart")],
    "order": Annotated[
        str | None,
        _option(
            "Sort rows by a column, each group by itself; -COLUMN for the largest first.",
            metavar="COLUMN",
        ),
    ],
    "caption": Annotated[str | None, _option("The caption.", metavar="TEXT")],
    "label": Annotated[str | None, _option("LaTeX: the label, such as tab:cost.", metavar="NAME")],
    "position": Annotated[
        str | None, _option("LaTeX: where it may float, such as t or htbp.", metavar="LETTERS")
    ],
    "wide": Annotated[
        bool | None,
        _option(
            "LaTeX: across both columns of a page, or in one; if not given, whichever it fits.",
            "--wide/--narrow",
        ),
    ],
}


def with_look_of(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Adds the options with these names to a command, which gets them together, as its argument
    ``look``."""
    return partial(_with_options, options={name: OPTIONS[name] for name in names})


def with_look(command: Callable[..., None]) -> Callable[..., None]:
    """Adds all of these options to a command."""
    return _with_options(command, OPTIONS)


def _with_options(command: Callable[..., None], options: Mapping[str, Any]) -> Callable[..., None]:
    signature = inspect.signature(command)
    added = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)
        for name, kind in options.items()
    ]

    @wraps(command)
    def wrapped(**given: Any) -> None:
        said = {name: given.pop(name, None) for name in OPTIONS}
        command(**given, look=_look(**said))

    kept = [
        one.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for name, one in signature.parameters.items()
        if name != "look"
    ]
    wrapped.__signature__ = signature.replace(parameters=[*kept, *added])  # type: ignore[attr-defined]
    wrapped.__annotations__ = {one.name: one.annotation for one in (*kept, *added)}
    return wrapped


def checked(look: Look, columns: Iterable[str], specs: Iterable[str]) -> Look:
    """The look, with the specs of its names as the rows have them.

    Raises SrbenchError for an unknown column or row, before anything is measured.
    """
    look.require_known(columns)
    rows = list(specs)
    names = {}
    known = [*rows, *blocks_of(rows)] if look.names else []
    for text, label in look.names.items():
        spec = text if text in known else _canonical(text)
        if spec not in known:
            raise SrbenchError(
                f"--rename: there is no row or block {text!r}",
                f"{did_you_mean(text, known)}they are {some(known)}",
            )
        names[spec] = label
    require_distinct(rows, names)
    return replace(look, names=names)


MaxBatchOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="SIZE,…",
        help="Show how many images fit into that much memory, such as 80GiB, in inference and in "
        "training.",
        show_default=False,
    ),
]


def with_max_batch(look: Look, sizes: list[str] | None, usual: Sequence[str]) -> Look:
    """The look with the columns of the largest batches that cards of these sizes hold, after those
    asked for or else the usual ones. Raises SrbenchError for a size that is none."""
    added = max_batch_columns(listed("--max-batch", sizes))
    if not added:
        return look
    return replace(look, columns=tuple(dict.fromkeys((*(look.columns or usual), *added))))


def _canonical(text: str) -> str:
    """A spec as rows have it; anything else unchanged."""
    try:
        return str(parse(text))
    except SpecError:
        return text


def _look(**given: Any) -> Look:
    """The look that the options ask for. Raises SrbenchError for a value that is not possible."""
    options = {"naming": "--names"} | {key: f"--{key}" for key in CHOICES if key != "naming"}
    given["naming"] = given.pop("names")
    for key, option in options.items():
        given[key] = optional_name(option, given[key], CHOICES[key])
    said = {
        "columns": tuple(listed("--columns", given.pop("columns"))),
        "names": dict(map(_renamed, given.pop("rename") or ())),
        "heads": dict(map(_headed, given.pop("head") or ())),
        "decimals": _decimals(given.pop("decimals")),
        **given,
    }
    words = {name: value for name, value in said.items() if value not in (None, (), {})}
    return Look(**words, said=frozenset(words))


def _renamed(text: str) -> tuple[str, Label]:
    """A row or a block, and its name. A spec has = in its options, and so may the name."""
    for place in [found.start() for found in re.finditer("=", text)]:
        key, label = text[:place], text[place + 1 :]
        if label and _is_row(key):
            return key, Label(label)
    raise SrbenchError(
        f"--rename {text!r} is not SPEC=TEXT", 'write --rename resnet50="Baseline" or +sr="Ours"'
    )


def _is_row(text: str) -> bool:
    """Whether a text could be a spec, or a block."""
    return read_or_none(f"any{text}" if text.startswith(OF_BLOCK) else text) is not None


def _headed(text: str) -> tuple[str, Label]:
    column, equals, head = text.partition("=")
    if not (column and equals and head):
        raise SrbenchError(
            f"--head {text!r} is not COLUMN=TEXT", 'write --head params="Parameters"'
        )
    return column, Label(head)


def _decimals(given: str | None) -> dict[str, int]:
    found = {}
    for text in listed("--decimals", given):
        column, equals, number = text.partition("=")
        if not (equals and number.isascii() and number.isdecimal() and len(number) < 4):
            raise SrbenchError(
                f"--decimals {text!r} is not COLUMN=N", "write --decimals params=1,macs=2"
            )
        found[column] = int(number)
    return found
