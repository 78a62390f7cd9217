"""A built model and the blocks inserted into it."""

from dataclasses import dataclass

from torch import nn

from srbench.records.record import MadeOf
from srbench.spec.parse import Part


@dataclass(frozen=True)
class Inserted:
    """One block in a built model: its stage, module name, spec and input shape (C, H, W)."""

    stage: str
    module: str
    block: Part
    shape: tuple[int, int, int]


@dataclass(frozen=True)
class Assembly:
    """A built model, its inserted blocks in the spec's order, the fingerprint of their code, and
    what each part of the spec is made of."""

    model: nn.Module
    inserted: tuple[Inserted, ...]
    fingerprint: str
    parts: tuple[MadeOf, ...]
