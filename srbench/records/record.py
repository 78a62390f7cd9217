"""What was measured, typed: one `Record` per row. No torch here."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

from srbench.catalog.options import Value
from srbench.conditions import LARGEST_SIDE, MOST_CLASSES, Setup
from srbench.errors import SrbenchError
from srbench.records.analysis import Analysis, AnalysisKey
from srbench.records.bounds import require_facts
from srbench.records.claim import Claim, ClaimKey
from srbench.records.counts import Counts
from srbench.records.published import Published
from srbench.records.schema import STRICT, Kind
from srbench.records.timing import Role, Timing
from srbench.records.training import RunKey, Training

UNKNOWN = "unknown"  # the fingerprint or the date of a record that an older srbench made


# What a row's name stands for. Only a spec is ever parsed, and what it names imported.
Subject = Literal["spec", "module", "callable"]


class RowKey(NamedTuple):
    """What a row of a table is about: a spec with one image, or with other ``inputs``, or a module
    or callable that was given with its inputs."""

    spec: str
    input: tuple[int, int, int] | None
    num_classes: int | None
    inputs: tuple[str, ...] = ()
    subject: Subject = "spec"

    @property
    def size(self) -> str:
        """For display: height and width, such as ``224×224``, or the inputs."""
        if self.input:
            return "×".join(map(str, self.input[1:]))
        return ", ".join(self.inputs) or "no input"

    def __str__(self) -> str:
        return f"{self.spec} at {self.size}"


class Key(NamedTuple):
    """What must be unique to a record in a file."""

    row: RowKey
    setup: Setup | None
    role: Role | None
    source: str | None
    run: RunKey | None = None
    analysis: AnalysisKey | None = None
    claim: ClaimKey | None = None


@dataclass(frozen=True)
class MadeOf:
    """The backbone or a block of a spec: its name, the values of all its options, and the digest of
    its code, which does not depend on the options."""

    __pydantic_config__ = STRICT
    name: str
    options: Mapping[str, Value] = field(default_factory=dict)
    code: str = UNKNOWN


@dataclass(frozen=True)
class Record:
    """One row: a spec, how and with what it was measured, and the result, or why there is none.

    ``status`` is ``"ok"``, ``"skipped: why"`` or ``"failed: why"``. ``input`` is (C, H, W), and
    counts are per image; it is None if the model was called once with ``inputs``, each written as
    in `srbench.conditions.Input`. ``num_classes`` is None if the model does not ask for it. A
    ``subject`` that is no spec was given as an object: ``spec`` is then only its name, which is
    never parsed or imported.

    ``settings`` are the blocks' options that the spec leaves out, by the block's name. ``reason``
    is why a committed figure was changed, in the words of the person who accepted it.
    ``fingerprint`` identifies the code that was measured (`srbench.models.fingerprint`), and
    ``made`` is when, in UTC; both are `UNKNOWN` if an older srbench made the record. ``parts`` are
    what the spec's backbone and blocks are made of, in their order, and ``usual`` is the network's
    default side of the input and number of classes: with these, a reader knows what the spec means
    without importing anything.
    """

    __pydantic_config__ = STRICT
    spec: str
    baseline: str
    input: tuple[int, int, int] | None
    num_classes: int | None
    counts: Counts | None
    environment: Mapping[str, Any]
    status: str = "ok"
    settings: Mapping[str, str] = field(default_factory=dict)
    timing: Timing | None = None
    published: Published | None = None
    reason: str = ""
    fingerprint: str = UNKNOWN
    made: str = UNKNOWN
    parts: tuple[MadeOf, ...] = ()
    usual: tuple[int, int | None] | None = None
    inputs: tuple[str, ...] = ()
    subject: Subject = "spec"
    training: Training | None = None
    analysis: Analysis | None = None
    claim: Claim | None = None

    def __post_init__(self) -> None:
        """Raises ValueError for an impossible input, and for numbers out of range."""
        if not all(1 <= side <= LARGEST_SIDE for side in self.input or ()):
            raise ValueError(f"input: each of C, H and W must be from 1 to {LARGEST_SIDE}")
        if self.input and self.inputs:
            raise ValueError("there must be one of input and inputs")
        if self.num_classes is not None and not 1 <= self.num_classes <= MOST_CLASSES:
            raise ValueError(f"num_classes must be from 1 to {MOST_CLASSES}")
        require_facts(self.environment)
        require_facts([value for part in self.parts for value in part.options.values()])

    def is_like(self, other: "Record") -> bool:
        """Whether the two are equal, apart from when they were made."""
        return replace(self, made=other.made) == other

    @property
    def contents(self) -> tuple[Timing | Training | Analysis | Published | Claim | Counts, ...]:
        """What was measured or published; nothing for a row that could not be counted.

        srbench writes one content a record, but reads records of several.
        """
        found = (
            *(self.timing, self.training, self.analysis),
            *(self.published, self.claim, self.counts),
        )
        return tuple(content for content in found if content)

    @property
    def counted(self) -> Counts:
        """The counts. Raises SrbenchError, with the reason, if there are none."""
        if self.counts is None:
            raise SrbenchError(f"{self.row} has no counts: {self._instead('it was timed')}")
        return self.counts

    @property
    def timed(self) -> Timing:
        """The times. Raises SrbenchError, with the reason, if there are none."""
        if self.timing is None:
            raise SrbenchError(f"{self.row} has no times: {self._instead('it was counted')}")
        return self.timing

    def _instead(self, other: str) -> str:
        return other if self.status == "ok" else self.status

    @property
    def kind(self) -> Kind:
        """Whether this is a row's counts, its times, a training, an analysis, its published
        figures, or what was judged of these."""
        return self.contents[0].kind if self.contents else "counted"

    @property
    def row(self) -> RowKey:
        return RowKey(self.spec, self.input, self.num_classes, self.inputs, self.subject)

    @property
    def key(self) -> Key:
        return Key(
            self.row,
            self.timing.setup if self.timing else None,
            self.timing.role if self.timing else None,
            self.published.source if self.published else None,
            self.training.key if self.training else None,
            self.analysis.key if self.analysis else None,
            self.claim.key if self.claim else None,
        )

    @property
    def baseline_row(self) -> RowKey:
        return self.row._replace(spec=self.baseline)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Why this row should not be trusted; ``--strict`` fails on any."""
        return tuple(warning for content in self.contents for warning in content.warnings)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know about a row with which nothing is wrong."""
        return self.counts.notes if self.counts else ()
