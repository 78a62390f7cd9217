"""The sections of a layout with their keys, and errors about keys, which say what keys there are.

The keys are the fields of the models in `srbench.tables.layout`: they are listed nowhere else.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args, get_origin

from srbench.errors import alternatives, nearest, together
from srbench.records.validation import KINDS, Where, by_place, sentence
from srbench.tables.draft import Mistake, described

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

SectionPath = tuple[str, ...]  # its keys, without the numbers of list entries

# What the keys of a section are if the author of a layout chooses them.
CHOSEN: dict[SectionPath, str] = {
    ("names",): 'specs of rows, and blocks such as "+se"',
    ("heads",): "names of columns",
    ("decimals",): "names of columns",
    ("uncounted",): 'operators such as "words::blur"',
    ("time", "tolerances"): "specs and callables that are timed",
}


@dataclass(frozen=True)
class Section:
    """A part of a layout below a heading; the whole layout has the empty path.

    ``keys`` are empty if they are the author's choice. ``is_list`` sections may occur several
    times, in double brackets.
    """

    path: SectionPath
    keys: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    is_list: bool = False

    @property
    def heading(self) -> str:
        """As it is written in a layout: ``[time]`` or ``[[rows]]``."""
        name = ".".join(self.path)
        return f"[[{name}]]" if self.is_list else f"[{name}]"

    @property
    def said(self) -> str:
        """Its keys, in words."""
        keys = ", ".join(self.keys) or CHOSEN[self.path]
        return f"the keys of {self.heading} are {keys}" if self.path else f"the keys are {keys}"


class Sections:
    """The sections of a layout, as its model has them."""

    def __init__(self, layout: "type[BaseModel]") -> None:
        self._all = {section.path: section for section in _sections(layout, ())}

    def get(self, where: Where) -> Section | None:
        """The section at a place; None for a place that is no section."""
        return self._all.get(_path(where))

    def of(self, where: Where) -> Section:
        """The section that a key is in."""
        return self._all[_path(where[:-1])]

    def headings(self, path: SectionPath) -> list[str]:
        """The headings of the sections directly below a section."""
        return [one.heading for one in self._all.values() if one.path and one.path[:-1] == path]

    def homes(self, key: str) -> list[Section]:
        """The sections that have a key."""
        return [section for section in self._all.values() if key in section.keys]

    def explained(self, error: "ValidationError", data: dict[str, Any]) -> list[Mistake]:
        """What is wrong with the keys and the types in a layout's data."""
        if not data:
            return [self._empty()]
        found: dict[Where, Mistake] = {}
        meant: set[Where] = set()  # misspelt or misplaced keys: they are not also missing
        for where, several in by_place(error, data).items():
            message, hint = sentence(several, described(where))
            kind = several[0]["type"]
            if kind == "extra_forbidden":
                found[where] = self._unknown(where, several[0]["input"])
                meant |= self._meant(where)
                continue
            if kind == "missing":
                hint = f"{hint}; {self.of(where).said}"
            elif kind in KINDS and self.get(where):
                hint = self._as_section(where)
            elif kind in KINDS and isinstance(where[-1], str):
                hint = f"{hint}; {self.of(where).said}"
            found[where] = Mistake(where, message, hint)
        return [wrong for where, wrong in found.items() if where not in meant]

    def _empty(self) -> Mistake:
        whole = self._all[()]
        needs = [one.heading if (one := self._all.get((key,))) else key for key in whole.required]
        return Mistake(
            (), "it has no keys", f"`srbench init` writes a layout; it needs {together(needs)}"
        )

    def _unknown(self, where: Where, value: Any) -> Mistake:
        """An unknown key or section: what was meant, and what there is."""
        *_, key = where
        owner = self.of(where)
        hint = owner.said
        what = f"key {described(where)}"
        if not owner.path and (brackets := _as_heading(value)):
            what = f"section {brackets.format(key)}"
            hint = f"the sections are {', '.join(self.headings(()))}; {hint}"
        return Mistake(where, f"unknown {what}", self._suggestion(where, value) + hint)

    def _suggestion(self, where: Where, value: Any) -> str:
        """The beginning of a hint: where the key belongs, or a similar one; empty if neither."""
        key = str(where[-1])
        owner = self.of(where)
        if homes := self.homes(key):
            return f"it belongs {alternatives([self._at(home, key) for home in homes])}; "
        own = [k for k in owner.keys if not _as_heading(value) or self.get((*where[:-1], k))]
        if near := nearest(key.lower(), own):
            section = self.get((*where[:-1], near))
            return f"did you mean {section.heading if section and not owner.path else near}? "
        others = [k for section in self._all.values() for k in section.keys]
        if near := nearest(key.lower(), others):
            places = alternatives([self._at(home, near) for home in self.homes(near)])
            return f"did you mean {near}, {places}? "
        return ""

    def _meant(self, where: Where) -> set[Where]:
        """The places that an unknown key may be meant for."""
        key = str(where[-1])
        if homes := self.homes(key):
            return {(*home.path, key) for home in homes}
        return {(*where[:-1], nearest(key.lower(), self.of(where).keys))}

    def _at(self, home: Section, key: str) -> str:
        """Where a key is written, in words."""
        section = self._all.get((*home.path, key))
        if section and not home.path:
            return f"at the top level, as {section.heading}"
        return f"under {home.heading}" if home.path else "at the top, above the first section"

    def _as_section(self, where: Where) -> str:
        """How a section is written, in words, and its keys."""
        section = self.get(where)
        assert section is not None
        how = (
            "in double brackets, above each group"
            if section.is_list
            else "in single brackets, once"
        )
        return f"write {section.heading}, {how}, and below it key = value; {section.said}"


def _path(where: Where) -> SectionPath:
    return tuple(key for key in where if isinstance(key, str))


def _as_heading(value: Any) -> str:
    """How the heading of such a value is written; empty for the value of a key."""
    if isinstance(value, dict):
        return "[{}]"
    is_list = isinstance(value, list) and value and all(isinstance(one, dict) for one in value)
    return "[[{}]]" if is_list else ""


def _sections(
    model: "type[BaseModel]", at: SectionPath, is_list: bool = False
) -> Iterator[Section]:
    fields = model.model_fields
    required = tuple(name for name, field in fields.items() if field.is_required())
    yield Section(at, tuple(fields), required, is_list)
    for name, field in fields.items():
        path = (*at, name)
        if get_origin(field.annotation) is dict:
            yield Section(path)
        elif inner := _model_in(field.annotation):
            yield from _sections(inner, path, get_origin(field.annotation) is list)


def _model_in(annotation: Any) -> "type[BaseModel] | None":
    """The model in a type such as ``list[Group]`` or ``TimeGate | None``."""
    if isinstance(annotation, type) and hasattr(annotation, "model_fields"):
        return annotation
    return next((found for one in get_args(annotation) if (found := _model_in(one))), None)
