"""The spec that a printed name means, or why it is not recognised."""

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from srbench.claims.naming import torchvision_names
from srbench.claims.naming.answers import ASK, Recognised, Unrecognised
from srbench.claims.naming.finishing import Above, Finished, finished
from srbench.claims.naming.lettering import evened, lettering
from srbench.claims.naming.lexicon import lexicon
from srbench.claims.naming.names_file import own_blocks, parsed, spec_of
from srbench.claims.naming.readings import Readings
from srbench.claims.naming.similar import suggestion
from srbench.claims.naming.words import Inserted, Network
from srbench.errors import SpecError
from srbench.report.names import TIMM
from srbench.spec.parse import is_ours, parse, read_or_none

_LONGEST = 200  # characters; a longer text is no name
_OF_TIMM = re.compile(r"\s*([A-Za-z][\w.-]*) *\(timm\)(.*)", re.DOTALL)


def recognise(
    name: str, section: str = "", given: Mapping[str, str] | None = None
) -> Recognised | Unrecognised:
    """The spec that a name means.

    Args:
        name: as the paper prints it, without marks of footnotes.
        section: the heading above the row, which has the network if the name has none.
        given: specs by name, and blocks such as ``+mine:ECA``, that come before everything else; an
            empty text leaves a row out.

    Raises:
        SpecError: for a given spec that is wrong.
    """
    given = given or {}
    text = spec_of(name, given)
    if text is not None:
        return Recognised(parsed(name, text)) if text else Unrecognised(name, _LEFT_OUT, True)
    if len(name) > _LONGEST or len(section) > _LONGEST:
        return Unrecognised(name, f"it is longer than {_LONGEST} characters; {ASK}")
    if (exact := _exact(name)) is not None:
        return exact
    own = tuple(own_blocks(given).items())
    return _understood(name.strip(), section.strip(), own)


_LEFT_OUT = "[names] leaves it out"


def _exact(name: str) -> Recognised | Unrecognised | None:
    """The answer about a text that can only be a spec. Names of modules are not believed here: a
    table may be anyone's, and a module that it names would be imported."""
    spec = read_or_none(name.strip()) if ":" in name else None
    if spec is None:
        return None
    if is_ours(spec):
        try:
            return Recognised(str(parse(str(spec))))
        except SpecError as error:
            return Unrecognised(name, str(error))
    theirs = spec.backbone.name
    is_known = theirs.startswith(TIMM) or torchvision_names.has(theirs)
    if not is_known or not all(is_ours(replace(spec, backbone=b, blocks=())) for b in spec.blocks):
        return None
    return Recognised(str(spec))


@lru_cache(maxsize=16384)
def _understood(
    name: str, section: str, own: tuple[tuple[str, Inserted], ...]
) -> Recognised | Unrecognised:
    above, rest = _of_timm(name) or (_heading(section, own), name)
    readings = Readings.of(lettering(rest), dict(own))
    results = [finished(parts, above, section, readings.name.is_ours) for parts in readings.found]
    right = {one.spec: one for one in results if isinstance(one, Finished)}
    if len(right) == 1:
        (only,) = right.values()
        return Recognised(only.spec, only.notes)
    if right:
        return Unrecognised(name, f"it may mean {' or '.join(right)}; {ASK}")
    problem = next((one for one in results if isinstance(one, str)), "")
    return Unrecognised(name, problem or _not_understood(readings))


def _of_timm(name: str) -> tuple[Above, str] | None:
    """A network that is marked as timm's, and the name behind the mark."""
    found = _OF_TIMM.fullmatch(name)
    return (Above(Network(f"{TIMM}{found[1]}")), found[2]) if found else None


@lru_cache(maxsize=1024)
def _heading(section: str, own: tuple[tuple[str, Inserted], ...]) -> Above:
    """What rows take from a heading: a network or a head, if all its words are understood."""
    if not section:
        return Above()
    readings = Readings.of(lettering(section), dict(own))
    if not readings.found:
        return Above(problem=f"of the heading above, {_not_understood(readings)}")
    specs = {str(finished(parts, Above(), "", False)) for parts in readings.found}
    parts = readings.found[0]  # one of those with the same spec
    if len(specs) > 1 or parts.blocks or not (parts.network or parts.head):
        return Above(problem=f"the heading above, {section!r}, is not one network; {ASK}")
    return Above(parts.network, parts.options, parts.head, section)


def _not_understood(readings: Readings) -> str:
    word = readings.name.word(readings.stuck)
    if evened(word) in lexicon():
        return f"{word!r} is not understood at that place; {ASK}"
    return f"{word!r} is not understood; {suggestion(word)}{ASK}"
