"""The known name that is most like a word which is not understood."""

from functools import cache, lru_cache

from srbench.catalog import BACKBONES, BLOCKS
from srbench.claims.naming.lettering import evened
from srbench.errors import nearest


@lru_cache(maxsize=1024)
def suggestion(word: str) -> str:
    """The beginning of a hint; empty if no known name is similar."""
    letters = evened(word)
    near = nearest(letters, _titles().get(letters[:2], {}))  # few, as comparing takes long
    return f"did you mean {_titles()[letters[:2]][near]}? " if near else ""


@cache
def _titles() -> dict[str, dict[str, str]]:
    """What papers call networks and blocks, by the letters, and those by the first two."""
    found: dict[str, dict[str, str]] = {}
    networks = [one.title for one in BACKBONES.values()]
    for title in [*networks, *(one.title for one in BLOCKS.values())]:
        letters = evened(title)
        found.setdefault(letters[:2], {})[letters] = title
    return found
