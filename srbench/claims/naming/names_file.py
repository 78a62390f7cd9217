"""The file in which an author says what names mean.

[names]
"R50 (ours)" = "resnet50:stride=v1"
"ECA" = "+examples.eca:ECA"         # a block, in whatever name it occurs
"Human" = ""                        # a row to leave out
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from srbench.catalog.lookup import find_block, find_option
from srbench.claims.naming.lettering import lettering
from srbench.claims.naming.words import Inserted
from srbench.errors import SpecError, SrbenchError, did_you_mean
from srbench.files import read_text
from srbench.spec.parse import Part, Spec, parse, read
from srbench.tables.draft import Mistake, described, drafted

SECTION = "names"
_ANY = "resnet50"  # a network for blocks that are read without one
_EXAMPLE = 'write [names], and below it lines such as "R50 + SE" = "resnet50+se"'


def load_names(path: Path) -> Mapping[str, str]:
    """The specs by the names that a file gives them. No ``module:attribute`` in it is imported.

    Raises SrbenchError if the file cannot be read, and for all that is wrong in it at once.
    """
    draft = drafted(path, read_text(path, _EXAMPLE))
    draft.require_right(_mistakes(draft.data))
    names: dict[str, str] = draft.data[SECTION]
    if any(not name.strip() for name in names):
        raise SrbenchError(f"{path}: a name in [{SECTION}] is empty", _EXAMPLE)
    return names


def unused_names(given: Mapping[str, str], names: Iterable[str]) -> list[str]:
    """The given names that no row of a table has; those of blocks are not looked for."""
    known = {_plain(name) for name in names}
    wholes = (name for name, text in given.items() if not text.lstrip().startswith("+"))
    return [name for name in wholes if _plain(name) not in known]


def spec_of(name: str, given: Mapping[str, str]) -> str | None:
    """The text given for a whole name, exactly or with other spaces and case; None if there is
    none, or only that of a block."""
    text = given.get(name)
    if text is None:
        text = next((one for key, one in given.items() if _plain(key) == _plain(name)), None)
    return None if text is None or text.lstrip().startswith("+") else text.strip()


def parsed(name: str, text: str) -> str:
    """The canonical spec of a text. Raises SpecError that says in which name it is."""
    try:
        return str(parse(text))
    except SpecError as error:
        raise _at(name, error) from error


def own_blocks(given: Mapping[str, str]) -> Mapping[str, Inserted]:
    """The given blocks, by their letters. Raises SpecError for one that cannot be read."""
    return _own_blocks(tuple((name, t) for name, t in given.items() if t.lstrip().startswith("+")))


@lru_cache(maxsize=64)
def _own_blocks(given: tuple[tuple[str, str], ...]) -> Mapping[str, Inserted]:
    found = {}
    for name, text in given:
        parts = _blocks(name, text).blocks
        try:
            for part in parts:
                find_block(part.name)
        except SpecError as error:
            raise _at(name, error) from error
        found[lettering(name).letters] = Inserted(parts)
    return found


def _blocks(name: str, text: str) -> Spec:
    try:
        spec = read(f"{_ANY}{text.strip()}")
        for part in spec.blocks:
            _require_block(part)
    except SpecError as error:
        raise _at(name, error) from error
    named = lettering(name)
    if named.options or not named.letters or "+" in named.letters:
        raise SpecError(f"{described((SECTION, name))} is no name of a block", "write one word")
    return spec


def _require_block(part: Part) -> None:
    """Raises SpecError for an unknown block or option, unless a module had to be imported. The
    values depend on the network, and are read with it."""
    if ":" in part.name:
        return
    options = find_block(part.name).options
    for key, _ in part.options:
        find_option(key, options, part.name)


def _at(name: str, error: SpecError) -> SpecError:
    return SpecError(f"{described((SECTION, name))}: {error.message}", error.hint)


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()


def _mistakes(data: dict[str, Any]) -> Iterator[Mistake]:
    for key in data:
        if key != SECTION:
            yield Mistake((key,), f"unknown section or key {key!r}", _meant(key))
    names = data.get(SECTION)
    if not isinstance(names, dict):
        yield Mistake((SECTION,), "it has no section [names]", _EXAMPLE)
        return
    for name, text in names.items():
        if (wrong := _wrong(name, text)) is not None:
            yield wrong


def _meant(key: str) -> str:
    near = did_you_mean(key.lower(), [SECTION])
    return "did you mean [names]?" if near else "the only section is [names]"


def _wrong(name: str, text: Any) -> Mistake | None:
    where = (SECTION, name)
    if not isinstance(text, str):
        hint = 'write a spec in quotes, such as "resnet50+se", or "" to leave the row out'
        return Mistake(where, f"{described(where)} is no text", hint)
    try:
        if text.lstrip().startswith("+"):
            _blocks(name, text)
        elif text.strip():
            spec = read(text)
            if not any(":" in part.name for part in (spec.backbone, *spec.blocks)):
                parse(text)
    except SpecError as error:
        told = error.message.removeprefix(f"{described(where)}: ")
        return Mistake(where, f"{described(where)}: {told}", error.hint)
    return None
