"""What readers are shown instead of a spec or the name of a column: as text, and as LaTeX."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from srbench.records.printable import printable

LEAST_LABEL = 12  # characters of a label in a tree that is cut
OF_BLOCK = "+"  # before the name of a block: what follows is named in all rows that have the block


@dataclass(frozen=True)
class Label:
    """A text, and its LaTeX source where that is more than the text with its characters escaped."""

    plain: str
    latex: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "plain", printable(self.plain))

    def __str__(self) -> str:
        return self.plain


def label_of(value: object) -> object:
    """A label from a text, or from a text and its LaTeX source; anything else unchanged."""
    if isinstance(value, str):
        return Label(value)
    is_pair = isinstance(value, (tuple, list)) and len(value) == len(("plain", "latex"))
    if is_pair and all(isinstance(text, str) for text in value):  # type: ignore[attr-defined]
        return Label(*value)  # type: ignore[misc]
    return value


@dataclass(frozen=True)
class Name:
    """A model: its spec, what papers call it, and what they call it below its baseline's row.
    ``is_given`` is whether a user has named it, and ``spelled`` the spec with the options that
    differ between the rows, even where they are the default."""

    spec: str
    title: Label
    short: Label
    is_given: bool = False
    spelled: str = ""

    @classmethod
    def of(cls, text: str) -> "Name":
        """A name that is the same everywhere."""
        return cls(text, Label(text), Label(text))

    def __str__(self) -> str:
        return self.title.plain

    def __add__(self, suffix: str) -> "Name":
        """The name with text after it; LaTeX prints the text as it is."""

        def longer(label: Label) -> Label:
            return Label(label.plain + suffix, label.latex and label.latex + suffix)

        return replace(
            self,
            spec=self.spec + suffix,
            title=longer(self.title),
            short=longer(self.short),
            spelled=self.spelled and self.spelled + suffix,
        )

    def as_(self, naming: str) -> Label:
        """The spec, the title or the short form; ``usual`` is the spec, with the options that
        differ, unless a user has named it."""
        if naming == "usual" and not self.is_given:
            return Label(self.spelled or self.spec)
        if naming == "spec":
            return Label(self.spec)
        return self.short if naming == "short" else self.title


@dataclass(frozen=True)
class Branch:
    """A place in a tree: the lines that lead to it and its label, for a terminal, and its whole
    name. ``depth`` is how many places are above it, and ``change`` whether a tree beside it has
    it: ``new``, ``gone``, ``different``, or nothing without such a tree."""

    guides: str
    label: str
    name: str
    depth: int = 0
    change: str = ""

    def __str__(self) -> str:
        return self.name

    def as_(self, naming: str) -> Label:
        """As a terminal draws it, or the whole name."""
        return Label(self.guides + self.label if naming == "usual" else self.name)

    def within(self, width: int) -> "Branch":
        """With a label that is cut, if a terminal would need more characters."""
        left = max(width - len(self.guides), LEAST_LABEL)
        if len(self.label) <= left:
            return self
        return replace(self, label=f"{self.label[: left - 1]}…")


def titles_of(text: str, names: Mapping[str, Name]) -> list[str | Name]:
    """A text in pieces: what models are called stands in the place of their specs."""
    others = [spec for spec, name in names.items() if name.title.plain != spec]
    if not others:
        return [text]
    longest_first = "|".join(map(re.escape, sorted(others, key=len, reverse=True)))
    found = re.split(rf"(?<![\w+:./=-])({longest_first})(?![\w+/=-]|[:.,]\w)", text)
    return [names[one] if number % 2 else one for number, one in enumerate(found) if one]
