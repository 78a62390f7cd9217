"""The rows of a paper's table as records, each with its verdicts."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from srbench.claims.judging import Row as Asked
from srbench.claims.judging import judge
from srbench.claims.naming import Recognised, Unrecognised, recognise
from srbench.claims.networks import Network, Tallying
from srbench.claims.paper import PaperTable, Row
from srbench.errors import SrbenchError, one_line, require_failure
from srbench.records import environment
from srbench.records.claim import Claim
from srbench.records.record import Record
from srbench.spec.cases import Case
from srbench.spec.parse import parse

if TYPE_CHECKING:
    from srbench.runner.tallies import Tally

UNRECOGNISED = "skipped: not recognised: "
_ADDS = re.compile(r"\s*(\+|w/|with\b)", re.IGNORECASE)
Say = Callable[[str], object]


def judged(
    table: PaperTable,
    given: Mapping[str, str],
    tallying: Tallying,
    say: Say = lambda name: None,
) -> list[Record]:
    """A record for each row of a table, but for those that ``given`` names leave out.

    ``tallying`` counts a case, and is told of each network with ``say`` before.

    Raises SpecError for a given name whose spec is wrong.
    """
    answers = _answers(table.rows, given)
    kept = [
        (row, answer)
        for row, answer in zip(table.rows, answers, strict=True)
        if isinstance(answer, Recognised) or not answer.is_left_out
    ]

    @cache
    def told(case: Case) -> "Tally":
        say(str(case.spec))
        return tallying(case)

    networks = [_Counted(row, answer, told) for row, answer in kept]
    asked = [Asked(row.cells, one.network) for (row, _), one in zip(kept, networks, strict=True)]
    verdicts = judge(table.columns, asked)
    facts, made = environment.facts(), environment.now()
    return [
        Record(
            **one.row,
            counts=None,
            environment=facts,
            status=one.status,
            made=made,
            claim=Claim(table.title, row.line, row.name, tuple(figures), one.notes),
        )
        for (row, _), one, figures in zip(kept, networks, verdicts, strict=True)
    ]


def _answers(rows: Sequence[Row], given: Mapping[str, str]) -> list[Recognised | Unrecognised]:
    """What each row's name means; ``+ SE`` alone is about the network of a row above."""
    found: list[Recognised | Unrecognised] = []
    above = ""
    for row in rows:
        answer = recognise(row.name, row.section, given)
        if isinstance(answer, Recognised) and "+" not in answer.spec:
            above = row.name if recognise(row.name, "", given) == answer else ""
        elif isinstance(answer, Unrecognised) and above and _ADDS.match(row.name):
            answer = recognise(row.name, above, given)
        found.append(answer)
    return found


class _Counted:
    """The network of a row, if it has a known one that can be counted, and the row's record."""

    def __init__(self, row: Row, answer: Recognised | Unrecognised, tallying: Tallying) -> None:
        self.network: Network | None = None
        self.status = "ok"
        self.notes: tuple[str, ...] = ()
        self.row: dict[str, Any] = {
            "spec": row.name,
            "baseline": row.name,
            "input": None,
            "num_classes": None,
        }
        if isinstance(answer, Unrecognised):
            self.status = f"{UNRECOGNISED}{answer.hint}"
            return
        self.notes = answer.notes
        try:
            spec = parse(answer.spec)
        except SrbenchError as error:  # of a network of another library, which was not looked up
            self.status = f"{UNRECOGNISED}{error}"
            return
        try:
            network = Network(spec, tallying, row.input_size, row.num_classes)
            network.own("macs")
            self.network = network
            self.row = network.case.key._asdict() | {"baseline": str(spec.baseline)}
        except BaseException as error:  # of any kind: of a network that is not ours
            require_failure(error)
            reason = one_line(error)
            self.status = f"failed: {reason}"
            self.row["spec"] = self.row["baseline"] = answer.spec
