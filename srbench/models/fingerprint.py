"""The fingerprint of the code that a model is made of: if it differs, so does the model."""

from collections.abc import Iterable, Iterator, Sequence

from torch import nn

from srbench.catalog.lookup import find_backbone, find_block
from srbench.catalog.options import format_value
from srbench.catalog.plugins import BACKBONE_GROUP
from srbench.catalog.plugins.entry_points import target as entry_target
from srbench.catalog.source_code.definitions import Definitions, definition_path, module_name
from srbench.catalog.source_code.imports import Path
from srbench.catalog.source_code.sources import NoSource, read_imported
from srbench.catalog.source_code.user_code import UserCode
from srbench.models.assembly import Inserted
from srbench.models.model_code import attribute_code, classes, patched_code
from srbench.records.record import UNKNOWN, MadeOf
from srbench.spec.parse import Part, Spec, values_of_all

LENGTH = 16  # 64 bits in hexadecimal: a chance collision takes billions of models

PLUGIN = "srbench.catalog.plugins.backbones:build"
# What fingerprints say for a target that has moved: those of older records stay valid.
MOVED = {"srbench.catalog.plugins.timm_models:build": "srbench.plugins.timm_models:build"}

_known: dict[UserCode, Definitions] = {}


def fingerprint(spec: Spec, model: nn.Module, inserted: Sequence[Inserted]) -> str:
    """The first 16 hexadecimal digits of a SHA-256 of the code of a built model.

    The code is the syntax trees of the functions and classes that build the backbone and the
    blocks, of those in the model, and of everything that they are defined from in modules that are
    not installed or that are in the same packages. If such a module is not plain (see
    `srbench.catalog.source_code.plain_modules`), all of these modules count as a whole. The
    options' values and the blocks' sites are included; file names, comments, docstrings and the
    input size are not. Nothing is imported or run.

    ``"unknown"`` if a part of the code cannot be read.
    """
    try:
        return _digest(_options_and_sites(spec, inserted), _paths(spec), model)
    except (NoSource, RecursionError):
        return UNKNOWN


def module_fingerprint(model: nn.Module) -> str:
    """The same of a module that was given: of its classes, and of what it prints of itself.

    ``"unknown"`` if a part of the code cannot be read, as in a notebook.
    """
    try:
        return _digest([repr(model)], (), model)
    except Exception:  # printing runs the module's own code
        return UNKNOWN


def made_of(spec: Spec) -> tuple[MadeOf, ...]:
    """What a record stores of the spec's backbone and blocks: their options, and a digest of the
    code that builds them, which does not depend on the options."""
    parts = zip((spec.backbone, *spec.blocks), _paths(spec), values_of_all(spec), strict=True)
    return tuple(MadeOf(part.name, options, _code(path)) for part, path, options in parts)


def _code(path: Path) -> str:
    own = UserCode(frozenset({path[0].partition(".")[0]}))
    try:
        return _definitions(own).digest((), [path])[:LENGTH]
    except (NoSource, RecursionError):
        return UNKNOWN


def _digest(lines: Iterable[str], paths: Sequence[Path], model: nn.Module) -> str:
    kinds = classes(model)
    modules = [*(module for module, _ in paths), *map(module_name, kinds)]
    own = UserCode(frozenset(module.partition(".")[0] for module in modules))
    read_imported(own)  # including what a constructor imported
    code = [*kinds, *attribute_code(model), *patched_code(kinds)]
    roots = [*paths, *(definition_path(one) for one in code if own.has(module_name(one)))]
    return _definitions(own).digest(lines, roots)[:LENGTH]


def _paths(spec: Spec) -> list[Path]:
    """Where the code that builds the backbone and each block is defined."""
    blocks = (find_block(part.name).target for part in spec.blocks)
    return [_path(target) for target in (_target(spec.backbone), *blocks)]


def _target(part: Part) -> str:
    """The ``module:attribute`` that builds a backbone."""
    row = find_backbone(part.name)
    if row.target != PLUGIN:
        return MOVED.get(row.target, row.target)
    return part.name if ":" in part.name else entry_target(BACKBONE_GROUP, part.name)


def _path(target: str) -> Path:
    module, _, names = target.partition(":")
    return module, tuple(names.split("."))


def _definitions(own: UserCode) -> Definitions:
    """The known definitions, if they are still the code that runs; else new ones."""
    found = _known.get(own)
    if found is None or found.are_stale:
        found = _known[own] = Definitions(own)
    return found


def _options_and_sites(spec: Spec, inserted: Sequence[Inserted]) -> Iterator[str]:
    """Each part's option values, and each block's place with the number of its part."""
    for options in values_of_all(spec):
        for name, value in options.items():
            yield f"{name}={format_value(value)}\n"
        yield "\n"
    for block in inserted:
        yield f"{block.module}:{spec.blocks.index(block.block)}\n"
