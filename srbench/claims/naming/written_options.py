"""Options as papers write them: r=8, reduction ratio 8, layer3/layer4 and after layer4.1."""

import re
from functools import cache

from srbench.catalog import BACKBONES, BLOCKS
from srbench.catalog.options import Integer, Number

Written = tuple[str, str]  # its key and its value

_FIRST = 0xE000
_MARKS = re.compile("[\ue000-\uf8ff]")  # for private use: no text has them
_VALUE = r"\d+(?:\.\d+)?e-\d+|[\w*.]+(?:/[\w*.]+)*"


def without_options(text: str) -> tuple[str, dict[str, Written]]:
    """The text with one character in the place of every option, and the options by them."""
    options: dict[str, Written] = {}

    def marked(found: re.Match[str]) -> str:
        mark = chr(_FIRST + len(options))
        options[mark] = _option(found)
        return mark

    return _pattern().sub(marked, _MARKS.sub("\ufffd", text)), options


def as_written(text: str, options: dict[str, Written]) -> str:
    """The text with the options in their places."""
    return "".join("=".join(options[one]) if one in options else one for one in text)


@cache
def _pattern() -> re.Pattern[str]:
    networks, blocks = BACKBONES.values(), BLOCKS.values()
    every = [o for one in networks for o in one.options] + [o for b in blocks for o in b.options]
    words = {o.name for o in every if isinstance(o, Integer | Number) and len(o.name) > 1}
    stages = {re.escape(stage) for one in networks for stage in one.stage_names}
    stage = f"(?:{'|'.join(sorted(stages))})"
    more = r"(?:[ _-](?:ratio|size|rate|multiplier))?"
    return re.compile(
        rf"(?<![A-Za-z])(?P<key>[A-Za-z]+{more}|\u03b1)\s*=\s*(?P<value>{_VALUE})"
        rf"|(?<![A-Za-z])(?P<word>(?i:{'|'.join(sorted(words))}){more})\s+"
        rf"(?P<number>\d[\d.]*)(?![\w.])"
        rf"|(?<![A-Za-z])after\s+(?P<after>{_VALUE})"
        rf"|(?<!\w)(?P<stage>{stage}(?:/{stage})*)(?![\w/])",
        re.ASCII,
    )


def _option(found: re.Match[str]) -> Written:
    groups = found.groupdict()
    for place in ("after", "stage"):
        if groups[place]:
            return place, groups[place]
    return groups["key"] or groups["word"], groups["value"] or groups["number"]
