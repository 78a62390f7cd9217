"""What the time gate says of one model, and the exit code of several."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from srbench.errors import GATE_FAILED, INCONCLUSIVE, ROWS_FAILED
from srbench.records.timing import Estimate

Outcome = Literal["pass", "regression", "inconclusive", "new", "failed"]
EXIT_CODES: dict[Outcome, int] = {
    "regression": GATE_FAILED,
    "failed": ROWS_FAILED,
    "inconclusive": INCONCLUSIVE,
}


@dataclass(frozen=True)
class Verdict:
    """What is said of one model's time beside the other version's, and from what.

    ``ratio`` is this version's time over the other's, ``again`` that of the confirmation, and
    ``control`` that of the other version over itself, each over fresh processes.
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
    """The gravest outcome's."""
    outcomes = {verdict.outcome for verdict in verdicts}
    return next((code for outcome, code in EXIT_CODES.items() if outcome in outcomes), 0)
