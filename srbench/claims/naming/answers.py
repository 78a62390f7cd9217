"""The two answers about a name."""

from dataclasses import dataclass

ASK = "write its spec in [names]"


@dataclass(frozen=True)
class Recognised:
    """The spec that a name means, in its canonical form, and what a reader should know about it.

    The spec of a network that is not srbench's own is not canonical: nothing is imported for it.
    """

    spec: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unrecognised:
    """A name without a spec, and why, or what to do. ``is_left_out`` says that [names] wants it."""

    name: str
    hint: str
    is_left_out: bool = False
