"""What a first table shall compare: what options say, what is asked, or what is usual."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from srbench.cli.messages import tell
from srbench.cli.questions import ask, ask_yes, can_ask
from srbench.errors import SrbenchError
from srbench.tables.start import action as actions
from srbench.tables.start.action import Action
from srbench.tables.start.candidates import Candidate, find
from srbench.tables.start.layout_text import FirstTable

T = TypeVar("T")

BACKBONE = "resnet18"
NAME = "blocks"
MOST_PROPOSED = 3  # more candidates are probably parts of one another
MOST_SHOWN = 20
OWN = "each network's own"


@dataclass(frozen=True)
class Request:
    """The options of `srbench init`; None or empty where one was not given.

    Whatever is left open is asked on a terminal, and elsewhere is what is usual.
    """

    blocks: Sequence[str] = ()
    backbones: Sequence[str] = ()
    name: str | None = None
    size: str | None = None
    num_classes: str | None = None
    time: bool | None = None
    github: bool | None = None
    action: str | None = None

    def require_possible(self) -> None:
        """Raises SrbenchError for options that exclude each other."""
        if self.action is not None and self.github is False:
            raise SrbenchError("--action is for the workflow", "leave out --no-github")

    def table(self) -> FirstTable:
        """The table, every part of which is checked. Raises SrbenchError if one is not possible."""
        from srbench.tables.start import refusals  # here, so that --help need not load it

        def new_name(text: str) -> str:
            refusals.require_new_name(text or NAME)
            return text or NAME

        def possible_size(text: str) -> str:
            refusals.require_input(backbones, blocks, text, None)
            return text

        def possible_classes(text: str) -> int | None:
            number = _whole_number(text) if text else None
            refusals.require_input(backbones, blocks, size, number)
            return number

        name = _answer("--table", self.name, "Name of the table", NAME, new_name)
        blocks = self._blocks()
        backbones = _specs(
            "--backbone",
            self.backbones,
            "Networks to put them in",
            BACKBONE,
            lambda text: text.split() or [BACKBONE],
            lambda spec: refusals.require_backbone(spec, blocks),
        )
        size = _answer("--input-size", self.size, "Input size in pixels", OWN, possible_size)
        classes = _answer(
            "--num-classes", self.num_classes, "Number of classes", OWN, possible_classes
        )
        is_timed = _is_wanted(self.time, "A gate on times, too?")
        reference = refusals.reference(backbones, blocks)
        return FirstTable(name, backbones, blocks, reference, size, classes, is_timed)

    def action_of_workflow(self) -> Action | None:
        """Where the workflow finds srbench's action, the usual one if nobody says; None if no
        workflow is wanted. Raises SrbenchError for an address that is none."""
        if not _is_wanted(self.github, "A workflow for GitHub, which checks each pull request?"):
            return None
        if self.action is None and (known := actions.installed_from()):
            return known
        return _answer(
            "--action",
            self.action,
            "The repository of srbench's action on GitHub, as OWNER/NAME",
            "fill it in later" if actions.USUAL.is_placeholder else str(actions.USUAL),
            lambda text: actions.parsed(text) if text else actions.USUAL,
        )

    def _blocks(self) -> tuple[str, ...]:
        """The blocks to compare: those given, or else those of the folder that are wanted."""
        from srbench.tables.start.refusals import REFERENCE, require_block

        specs = [] if self.blocks else [one.spec for one in _candidates()]
        few = specs if len(specs) <= MOST_PROPOSED else specs[:1]
        chosen = _specs(
            "--block",
            self.blocks,
            "Blocks to compare, by number or by spec" if specs else "Blocks to compare",
            " ".join(str(number) for number, _ in enumerate(few, 1)) or REFERENCE,
            lambda text: _numbered(text, specs) if text else few or [REFERENCE],
            require_block,
        )
        if not self.blocks:
            tell(f"compares {', '.join(chosen)}")
        return chosen


def _candidates() -> Sequence[Candidate]:
    """The blocks of the folder, which are shown with numbers."""
    found = find(Path())
    for hidden in found.hidden:
        tell(
            f"warning: no spec can name the blocks in {hidden.file}, since its name means "
            f"{hidden.means}: rename the file"
        )
    tell(
        "blocks in this folder:"
        if found.candidates
        else "no block found in the files here: it is a module whose first argument is channels"
    )
    width = max((len(one.spec) for one in found.candidates), default=0)
    for number, one in enumerate(found.candidates[:MOST_SHOWN], 1):
        tell(f"  {number}  {one.spec:{width}}  {one.file} line {one.line}")
    if more := found.candidates[MOST_SHOWN:]:
        tell(f"  and {len(more)} more, which can be named by their specs")
    return found.candidates


def _answer(
    option: str, given: str | None, question: str, usual: str, understand: Callable[[str], T]
) -> T:
    """One answer; ``understand`` takes an empty one for what is usual."""
    if given is not None:
        return _named(option, given, understand)
    return ask(question, usual, understand) if can_ask() else understand("")


def _specs(
    option: str,
    given: Sequence[str],
    question: str,
    usual: str,
    understand: Callable[[str], Sequence[str]],
    require: Callable[[str], object],
) -> tuple[str, ...]:
    """Several specs, each once, which ``require`` checks."""

    def understood(text: str) -> tuple[str, ...]:
        found = tuple(dict.fromkeys(understand(text)))
        for spec in found:
            require(spec)
        return found

    for spec in given:
        _named(option, spec, require)
    if given:
        return tuple(dict.fromkeys(spec.strip() for spec in given))
    return ask(question, usual, understood) if can_ask() else understood("")


def _is_wanted(given: bool | None, question: str) -> bool:
    """Whether something is wanted, which is usual."""
    if given is not None:
        return given
    return ask_yes(question) if can_ask() else True


def _numbered(text: str, specs: Sequence[str]) -> list[str]:
    """The specs of an answer, in which some may be the numbers of those proposed.

    >>> _numbered("1,2 se+sr", ["eca:ECA", "gct:GCT"])
    ['eca:ECA', 'gct:GCT', 'se+sr']
    """
    found = []
    for word in text.split():
        if not word.replace(",", "").isdecimal():
            found.append(word)
            continue
        for number in filter(None, word.split(",")):
            if not (number.isascii() and len(number) < 5 and 0 < int(number) <= len(specs)):
                raise SrbenchError(
                    f"there is no block number {number}", "write numbers of the list, or specs"
                )
            found.append(specs[int(number) - 1])
    return found


def _whole_number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise SrbenchError(f"{text!r} is not a whole number", "write its digits alone, such as 10")
    return int(text)


def _named(option: str, value: str, understand: Callable[[str], T]) -> T:
    """What an option's value means; its errors name the option."""
    if not value.strip():
        raise SrbenchError(f"{option} is empty", "give a value, or leave the option out")
    try:
        return understand(value.strip())
    except SrbenchError as error:
        first, *_ = error.errors
        raise SrbenchError(f"{option} {value}: {first.message}", first.hint) from error
