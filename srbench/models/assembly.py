"""A built model, and what was put into it."""

from dataclasses import dataclass

from torch import nn

from srbench.records.record import MadeOf
from srbench.spec.parse import Part


@dataclass(frozen=True)
class Inserted:
    """One block in a built model: its stage, its name there, its spec and its input (C, H, W)."""

    stage: str
    module: str
    block: Part
    shape: tuple[int, int, int]


@dataclass(frozen=True)
class Assembly:
    """A built model, the blocks that were put into it, in the spec's order, the fingerprint of the
    code that they are made of, and what each part of the spec is."""

    model: nn.Module
    inserted: tuple[Inserted, ...]
    fingerprint: str
    parts: tuple[MadeOf, ...]
