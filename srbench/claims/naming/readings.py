"""Every way to understand all words of a name."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

from srbench.claims.naming.assembling import Parts, with_option, with_word
from srbench.claims.naming.lettering import Lettering
from srbench.claims.naming.lexicon import lexicon, sized
from srbench.claims.naming.words import Inserted, Mark, Meaning, Network

_LONGEST = 48  # letters of a word: longer ones are not looked up


@dataclass
class Readings:
    """The readings of a name; ``stuck`` is the first place that none of them gets beyond."""

    name: Lettering
    own: Mapping[str, Inserted]
    stuck: int = 0
    found: list[Parts] = field(default_factory=list)

    @classmethod
    def of(cls, name: Lettering, own: Mapping[str, Inserted]) -> "Readings":
        """The readings of a name; ``own`` are blocks of one's own, by their letters."""
        readings = cls(name, own)
        readings._read(0, Parts())
        return readings

    def _read(self, place: int, parts: Parts) -> None:
        letters = self.name.letters
        if letters[place : place + 1] == "-":  # between two numbers
            place += 1
        if place == len(letters):
            if parts.after is not Mark.PLUS:
                self.found.append(parts)
            return
        self.stuck = max(self.stuck, place)
        if option := self.name.options.get(letters[place]):
            if (more := with_option(parts, *option)) is not None:
                self._read(place + 1, more)
            return
        for end, meaning in self._words(place):
            if (more := with_word(parts, meaning)) is not None:
                self._read(end, more)

    def _words(self, place: int) -> Iterator[tuple[int, Meaning]]:
        """The words that begin at a place, each with its end."""
        ends = [end for end in self.name.ends if place < end <= place + _LONGEST]
        for end in ends:
            if meaning := self._meaning(self.name.letters[place:end]):
                yield end, meaning
        yield from self._glued(place, ends)

    def _glued(self, place: int, ends: list[int]) -> Iterator[tuple[int, Meaning]]:
        """The blocks that are written in one word with the network behind them: SEResNet50."""
        letters = self.name.letters
        word = letters[place : min(ends, default=place)]
        for block in (*self.own, *_blocks()) if word.isalpha() else ():
            middle = place + len(block)
            if len(block) >= len(word) or not word.startswith(block):
                continue
            meaning = self._meaning(block)
            followed = (self._meaning(letters[middle:end]) for end in ends)
            if meaning and any(isinstance(one, Network) for one in followed):
                yield middle, meaning

    def _meaning(self, letters: str) -> Meaning | None:
        return self.own.get(letters) or lexicon().get(letters) or sized(letters)


@cache
def _blocks() -> tuple[str, ...]:
    return tuple(word for word, one in lexicon().items() if isinstance(one, Inserted))
