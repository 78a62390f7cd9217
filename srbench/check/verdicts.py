"""The time gate's verdict on one model, and the exit code of several verdicts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from srbench.errors import GATE_FAILED, INCONCLUSIVE, ROWS_FAILED
from srbench.records.timing import Estimate

Outcome = Literal["pass", "regression", "inconclusive", "new", "failed"]
MEANINGS: dict[Outcome, str] = {
    "regression": "slower than tolerated, also in reversed order; the other version is steady",
    "inconclusive": "the machine is too noisy, or the difference too near the tolerance, to decide",
    "new": "the other version has no such model, so there is nothing to compare with",
    "failed": "one of the versions cannot run it",
}
EXIT_CODES: dict[Outcome, int] = {
    "regression": GATE_FAILED,
    "failed": ROWS_FAILED,
    "inconclusive": INCONCLUSIVE,
}


@dataclass(frozen=True)
class Verdict:
    """The verdict on one model's time against the other version's, and what it is based on.

    ``ratio`` is this version's time over the other's, ``again`` the same in the confirmation, and
    ``control`` the other version's time over its own, each over fresh processes.
    """

    table: str
    spec: str
    outcome: Outcome
    tolerance: float
    why: str = ""
    ratio: Estimate | None = None
    again: Estimate | None = None
    control: Estimate | None = None


def timing_exit_code(verdicts: Sequence[Verdict]) -> int:
    """The exit code of the most serious outcome."""
    outcomes = {verdict.outcome for verdict in verdicts}
    return next((code for outcome, code in EXIT_CODES.items() if outcome in outcomes), 0)
