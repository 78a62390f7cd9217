"""Completion of names in the shell: backbones, blocks, and the keys of their options."""

from srbench import plugins
from srbench.catalog import BACKBONES, BLOCKS
from srbench.options import Option


def complete_spec(incomplete: str) -> list[str]:
    """What a spec may go on with: a backbone, after ``+`` a block, after ``:`` an option."""
    done, plus, last = incomplete.rpartition("+")
    if plus:
        return [f"{done}+{end}" for end in complete_blocks(last)]
    own = {name: backbone.options for name, backbone in BACKBONES.items()}
    return _part(last, dict.fromkeys(plugins.names(plugins.BACKBONE_GROUP), ()) | own)


def complete_variant(incomplete: str) -> list[str]:
    """What a ``--variant`` may go on with."""
    done, plus, last = incomplete.rpartition("+")
    return [f"{done}{plus}{end}" for end in complete_blocks(last)]


def complete_blocks(incomplete: str) -> list[str]:
    """Blocks, or the options of the one that is named already."""
    known: dict[str, tuple[Option, ...]] = {name: block.options for name, block in BLOCKS.items()}
    return _part(incomplete, dict.fromkeys(plugins.names(plugins.BLOCK_GROUP), ()) | known)


def _part(text: str, known: dict[str, tuple[Option, ...]]) -> list[str]:
    name, colon, options = text.partition(":")
    if not colon:
        return [candidate for candidate in known if candidate.startswith(name)]
    done, comma, key = options.rpartition(",")
    given = {assignment.partition("=")[0] for assignment in done.split(",")}
    return [
        f"{name}:{done}{comma}{option.name}="
        for option in known.get(name, ())
        if option.name.startswith(key) and option.name not in given
    ]
