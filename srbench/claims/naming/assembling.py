"""The parts that the words of a name mean, put together in the order they are written."""

from collections.abc import Iterator
from typing import NamedTuple

from srbench.catalog import BACKBONES, BLOCKS
from srbench.catalog.options import Option
from srbench.claims.naming.words import Head, Inserted, Mark, Meaning, Network, Options, Setting

# What papers call an option, besides its name and its symbol.
_CALLED = {
    "alpha": "width",
    "\u03b1": "width",
    "widthmultiplier": "width",
    "ratio": "reduction",
    "reductionratio": "reduction",
    "reductionrate": "reduction",
    "kernelsize": "kernel",
    "rate": "p",
    "dropoutrate": "p",
    "dropout": "p",
}
_NETWORK = -1  # the place of the network among the parts; blocks have theirs in `Parts.blocks`


class Parts(NamedTuple):
    """What the words so far mean. ``last`` is the part that an option behind them belongs to."""

    network: Network | None = None
    options: Options = ()
    blocks: tuple[tuple[str, Options], ...] = ()
    head: str = ""
    marks: frozenset[Mark] = frozenset()
    last: int | None = None
    after: Meaning | None = None  # the word before


def with_word(parts: Parts, meaning: Meaning) -> Parts | None:
    """The parts with one word more; None where it cannot stand there."""
    if parts.after is Mark.PLUS and not isinstance(meaning, Network | Inserted | Head):
        return None  # what follows a plus is put in
    if isinstance(meaning, Mark):
        found = _with_mark(parts, meaning)
    elif isinstance(meaning, Network):
        found = _with_network(parts, meaning)
    elif isinstance(meaning, Inserted):
        found = _with_blocks(parts, meaning)
    elif isinstance(meaning, Head):
        found = None if parts.head else parts._replace(head=meaning.name, last=None)
    else:
        found = _with_setting(parts, meaning)
    return found and found._replace(after=meaning)


def with_option(parts: Parts, written: str, value: str) -> Parts | None:
    """The parts with an option of the last one; None if that has no such option.

    In SE-ResNet-50 (r=8) the only block is meant, as the network has no r.
    """
    if parts.after is Mark.PLUS:
        return None
    for place in _owners(parts):
        if key := _key(written, _options_of(parts, place)):
            return _with_value(parts, place, key, value)
    return None


def _with_mark(parts: Parts, mark: Mark) -> Parts | None:
    if mark is Mark.OF_BLOCK and not isinstance(parts.after, Inserted):
        return None
    if mark is Mark.PLUS and isinstance(parts.after, Head):
        return parts._replace(last=None)
    return parts._replace(marks=parts.marks | {mark})


def _with_network(parts: Parts, network: Network) -> Parts | None:
    joined = parts.head and parts.after is Mark.PLUS and not parts.blocks
    if parts.network or joined:  # DeepLabv3 + ResNet-50 may be DeepLabv3+, another network
        return None
    return parts._replace(
        network=network,
        options=network.options,
        blocks=(*parts.blocks, *((name, ()) for name in network.blocks)),
        last=_NETWORK,
    )


def _with_blocks(parts: Parts, inserted: Inserted) -> Parts | None:
    known = {name for name, _ in parts.blocks}
    if known & {part.name for part in inserted.parts}:
        return None
    added = tuple((p.name, tuple((k, str(v)) for k, v in p.options)) for p in inserted.parts)
    blocks = (*parts.blocks, *added)
    return parts._replace(blocks=blocks, last=len(blocks) - 1)


def _with_setting(parts: Parts, setting: Setting) -> Parts | None:
    keys = {option.name for option in _options_of(parts, _NETWORK) or ()}
    if setting.key not in keys or parts.last != _NETWORK:
        return None
    return _with_value(parts, _NETWORK, setting.key, setting.value)


def _owners(parts: Parts) -> Iterator[int]:
    """The parts that an option may belong to: the last one first."""
    if parts.last is not None:
        yield parts.last
    if parts.last == _NETWORK and len(parts.blocks) == 1:
        yield 0


def _options_of(parts: Parts, place: int) -> tuple[Option, ...] | None:
    """None for a block of one's own, whose options only its module knows."""
    if place != _NETWORK:
        name = parts.blocks[place][0]
        return BLOCKS[name].options if name in BLOCKS else None
    if not parts.network:
        return ()
    name = parts.network.name
    known = BACKBONES.get("wrn28_10" if name.startswith("wrn") else name)
    return known.options if known else ()


def _key(written: str, options: tuple[Option, ...] | None) -> str:
    """The option that is written so; empty if there is none. A symbol's case counts only if there
    are two of the same letter."""
    if options is None:
        return written
    plain = written.lower().replace(" ", "").replace("_", "").replace("-", "")
    names = {option.name for option in options}
    exact = [o.name for o in options if written in (o.name, o.symbol)]
    alike = [o.name for o in options if plain in (o.name, o.symbol.lower())]
    called = [_CALLED[plain]] if _CALLED.get(plain) in names else []
    found = exact or alike or called
    return found[0] if len(found) == 1 else ""


def _with_value(parts: Parts, place: int, key: str, value: str) -> Parts | None:
    given = parts.options if place == _NETWORK else parts.blocks[place][1]
    if any(key == known for known, _ in given):
        return None
    options = (*given, (key, value))
    if place == _NETWORK:
        return parts._replace(options=options)
    blocks = list(parts.blocks)
    blocks[place] = (parts.blocks[place][0], options)
    return parts._replace(blocks=tuple(blocks))
