"""Completes names of networks, blocks and tables, and the options of a spec.

No module is imported for this, so options are completed only for srbench's own networks and blocks.
"""

import glob
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import typer

from srbench.catalog import BACKBONES, BLOCKS, plugins
from srbench.catalog.lookup import find_backbone, find_block, is_ours
from srbench.catalog.options import Option, Stages
from srbench.spec.cases import DEFAULT_MODEL
from srbench.spec.parse import read
from srbench.tables import FOLDER

Candidate = tuple[str, str]  # the text, and its help

# Names that no shell interprets and no command reads as an option. A folder may hold any names.
_PLAIN = re.compile(r"(?!-)[\w@%+=:,./-]+")


def complete_spec(incomplete: str) -> list[Candidate]:
    """Complete a spec: a backbone, after ``+`` a block, after ``:`` an option."""
    done, plus, last = incomplete.rpartition("+")
    if plus:
        return _behind(f"{done}+", _block(last, _stages([done])))
    name, colon, options = last.partition(":")
    if colon:
        return _behind(f"{name}:", _options(options, _of_backbone(name), ()))
    known = [*BACKBONES, *plugins.names(plugins.BACKBONE_GROUP)]
    return _starting([(name, "") for name in known], last)


def complete_blocks(context: typer.Context, incomplete: str) -> list[Candidate]:
    """Complete a ``--block``: a block, after ``:`` an option."""
    return _block(incomplete, _stages(_specs(context)))


def complete_variant(context: typer.Context, incomplete: str) -> list[Candidate]:
    """Complete a ``--variant``: several blocks, joined by ``+``."""
    done, plus, last = incomplete.rpartition("+")
    return _behind(f"{done}{plus}", complete_blocks(context, last))


def complete_stages(context: typer.Context, incomplete: str) -> list[Candidate]:
    """Complete stages of the given model, separated by commas; ``/`` joins several into one."""
    done, comma, last = incomplete.rpartition(",")
    return _behind(f"{done}{comma}", _values(last, Stages(), _stages(_specs(context))))


def complete_vary(context: typer.Context, incomplete: str) -> list[Candidate]:
    """Complete options of the given model (``sr.hidden=``), and their comma-separated values."""
    specs = _specs(context)
    spec = read(specs[0])
    parts = [(spec.backbone.name, _of_backbone(spec.backbone.name))]
    parts += [(block.name, _of_block(block.name)) for block in spec.blocks]
    known = {f"{part}.{option.name}": option for part, options in parts for option in options}
    key, equals, values = incomplete.partition("=")
    if not equals:
        return _starting([(f"{name}=", option.help) for name, option in known.items()], key)
    done, comma, last = values.rpartition(",")
    return _behind(f"{key}={done}{comma}", _values(last, known[key], _stages(specs)))


def complete_tables(context: typer.Context, incomplete: str) -> list[Candidate]:
    """Complete tables in the given folder."""
    folder = Path(context.params.get("folder") or FOLDER)
    names = sorted(path.stem for path in folder.glob("*.toml"))
    return _starting([(name, "") for name in names], incomplete)


def complete_tables_or_all(context: typer.Context, incomplete: str) -> list[Candidate]:
    """Complete tables in the given folder, and ``all``."""
    found = complete_tables(context, incomplete)
    return _starting([("all", ""), *found], incomplete)


def complete_records(incomplete: str) -> list[Candidate]:
    """Complete names of tables, and files of records."""
    tables = sorted(path.stem for path in FOLDER.glob("*.jsonl"))
    files = sorted(glob.glob(f"{glob.escape(incomplete)}*.jsonl"))
    return _starting([(name, "") for name in (*tables, *files)], incomplete)


def _specs(context: typer.Context) -> Sequence[str]:
    """The given models, or the default model if none is given."""
    return context.params.get("specs") or [context.params.get("spec") or DEFAULT_MODEL]


def _stages(specs: Iterable[str]) -> tuple[str, ...]:
    """The names of the stages of these models."""
    names = [spec.partition("+")[0].partition(":")[0] for spec in specs]
    found = [find_backbone(name).stage_names for name in names if is_ours(name)]
    return tuple(dict.fromkeys(stage for stages in found for stage in stages))


def _of_backbone(name: str) -> tuple[Option, ...]:
    return find_backbone(name).options if is_ours(name) else ()


def _of_block(name: str) -> tuple[Option, ...]:
    return find_block(name).options if is_ours(name) else ()


def _block(text: str, stages: tuple[str, ...]) -> list[Candidate]:
    name, colon, options = text.partition(":")
    if colon:
        return _behind(f"{name}:", _options(options, _of_block(name), stages))
    others = [(each, "") for each in plugins.names(plugins.BLOCK_GROUP) if each not in BLOCKS]
    return _starting([*((block.name, block.summary) for block in BLOCKS.values()), *others], name)


def _options(text: str, known: Iterable[Option], stages: tuple[str, ...]) -> list[Candidate]:
    """``key=value``, separated by commas: the keys that are not given yet, or the last value."""
    done, comma, last = text.rpartition(",")
    key, equals, value = last.partition("=")
    given = {assignment.partition("=")[0] for assignment in done.split(",")}
    left = {option.name: option for option in known if option.name not in given}
    if not equals:
        found = _starting([(f"{name}=", option.help) for name, option in left.items()], key)
    elif key in left:
        found = _behind(f"{key}=", _values(value, left[key], stages))
    else:
        found = []
    return _behind(f"{done}{comma}", found)


def _values(text: str, option: Option, stages: tuple[str, ...]) -> list[Candidate]:
    done, slash, last = text.rpartition("/") if isinstance(option, Stages) else ("", "", text)
    left = [(word, "") for word in option.words(stages) if word not in done.split("/")]
    return _behind(f"{done}{slash}", _starting(left, last))


def _behind(front: str, candidates: Iterable[Candidate]) -> list[Candidate]:
    return [(f"{front}{text}", told) for text, told in candidates]


def _starting(candidates: Iterable[Candidate], text: str) -> list[Candidate]:
    """Those that begin with the text, once each, without characters that a shell interprets."""
    found = {name: told for name, told in candidates if name.startswith(text)}
    return [(name, told) for name, told in found.items() if _PLAIN.fullmatch(name)]
