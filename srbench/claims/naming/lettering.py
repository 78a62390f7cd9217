"""A name with its spelling evened out, so that ``ResNet-50`` and ``resnet 50`` are the same.

Letters are small, and what separates words is left out, except between two numbers: WRN-28-10 is
not WRN-281-0. A plus stays, and so does any character that has no meaning here, which then makes
the name unrecognised. Superscripts stay what they are: ResNet-10¹ is not ResNet-101.
"""

import re
from dataclasses import dataclass

from srbench.claims.naming.remarks import without_remarks
from srbench.claims.naming.written_options import Written, as_written, without_options

_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2212"
_MINUS = "\u2212"  # in an evened name: a dash that separates nothing, and may mean "without"
_CHARACTERS = str.maketrans(
    {**dict.fromkeys(_DASHES, "-"), "×": "x", "\u00a0": " ", "\u2009": " ", "&": "+", "$": " "}
)
_LATEX = {r"\times": "×", r"\alpha": "\u03b1", "~": " ", "\\,": " ", r"\_": "_", r"\&": "&"}
_WITH = re.compile(r"(?i)\bw/(?!o)|\bw\.?(?=\s)")
_OTHER_DEEPLAB = re.compile(r"(?i)(deeplab[ -]?v3)\+")  # DeepLabv3+ is not DeepLabv3
_SEPARATORS = " \t\n\r_()[],;:"
_WORD = re.compile(r"[^\s+()\[\],]+")


@dataclass(frozen=True)
class Lettering:
    """An evened name, ``letters``; ``ends`` are the places in it where a word may end.

    Every option such as r=8 is one character of the letters, and ``options`` has it by that.
    ``is_ours`` says that the mark (ours) was left out.
    """

    letters: str
    ends: tuple[int, ...]
    options: dict[str, Written]
    is_ours: bool
    _text: str
    _places: tuple[int, ...]

    def word(self, place: int) -> str:
        """The word at a place of the letters, as it was written; a number has its word before."""
        letter, start = self.letters[place], self._places[place]
        if letter == "+" or letter in self.options:
            return as_written(letter, self.options)
        while not _is_letter(letter) and start and _WORD.match(self._text[start - 1]):
            start -= 1
        found = _WORD.match(self._text, start)
        return as_written(found[0] if found else self._text[start], self.options)


def lettering(name: str) -> Lettering:
    """The name with its spelling evened out."""
    text = name
    for written, meant in _LATEX.items() if "\\" in name or "~" in name else ():
        text = text.replace(written, meant)
    text = _WITH.sub(" + ", text.translate(_CHARACTERS))
    text, is_ours = without_remarks(_OTHER_DEEPLAB.sub("\\1\u207a", text))
    text, options = without_options(text)
    letters, places, starts = _letters(text)
    ends = tuple(
        place
        for place in range(1, len(letters) + 1)
        if place == len(letters)
        or place in starts
        or not _go_together(letters[place - 1], letters[place])
    )
    return Lettering(letters, ends, options, is_ours, text, places)


def evened(name: str) -> str:
    """The letters of a name."""
    return lettering(name).letters


def _letters(text: str) -> tuple[str, tuple[int, ...], set[int]]:
    """The letters, the place of each in the text, and those that something separates from the one
    before."""
    letters: list[str] = []
    places: list[int] = []
    starts: set[int] = set()
    is_apart = False
    for place, character in enumerate(text):
        if _separates(text, place):
            is_apart = True
            continue
        letter = _evened(character)
        if is_apart and letters:
            starts.add(len(letters))
            if _is_number(letters[-1]) and _is_number(letter):
                letters.append("-")
                places.append(place)
        is_apart = False
        letters.append(letter)
        places.append(place)
    return "".join(letters), tuple(places), starts


def _separates(text: str, place: int) -> bool:
    """Whether a character only separates words: a dash only directly behind one of them."""
    character, before, after = text[place], text[place - 1 : place], text[place + 1 : place + 2]
    if character == ".":
        return bool(before.strip()) and not after.isdigit()
    if character == "-":
        return bool(before.strip()) and before not in "([+-" and bool(after)
    return character in _SEPARATORS


def _evened(character: str) -> str:
    if character == "-":
        return _MINUS
    return character.lower() if character.isascii() else character


def _go_together(letter: str, following: str) -> bool:
    """Whether two characters are of one word, or of one number."""
    return (_is_letter(letter) and _is_letter(following)) or (
        _is_number(letter) and _is_number(following)
    )


def _is_letter(character: str) -> bool:
    return character.isascii() and character.isalpha()


def _is_number(character: str) -> bool:
    return character.isascii() and (character.isdigit() or character == ".")
