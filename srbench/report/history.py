"""The steps of committed tables: which figures changed, with which commit, and why."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from srbench.records.counts import COMPARED
from srbench.records.explain import figures, summary
from srbench.records.record import RowKey
from srbench.records.results import where
from srbench.records.steps import COUNTS, Step
from srbench.records.timing import Estimate
from srbench.report.cells import duration_texts
from srbench.report.columns import raw
from srbench.report.formats import Report
from srbench.report.labels import Name
from srbench.report.look import PLAIN, Look
from srbench.report.names import Names
from srbench.report.notes import modes
from srbench.report.table import Column, Table

UNCOMMITTED = "not committed"
CAPTION = "How the figures have changed, commit by commit."
NOTES = (
    "Newest first, along the first parents of the current commit: what a branch brought is dated "
    "by its merge.",
    "Reason: that with which a change was accepted, by srbench table --update --reason. Where none "
    "was given, the commit's own first line is in the next column.",
)
HELD = "There before: the clone is shallow, and lacks the commits that made these figures."
OF_TIMES = (
    "Times of two commits are of two runs: their difference includes what the machine did between "
    "them."
)
KINDS = {"new": "new: ", "held": "there before: ", "gone": "gone: ", "changed": ""}


@dataclass(frozen=True)
class Past:
    """A table's steps, the newest first, and what a reader must know of them."""

    name: str
    steps: Sequence[Step]
    problems: Sequence[str] = field(default=())


class Labels:
    """What readers are told of the rows and of how they were timed: no more than it takes to tell
    them apart."""

    def __init__(self, steps: Iterable[Step], look: Look = PLAIN) -> None:
        steps = list(steps)
        records = [one for step in steps for one in (step.before, step.after) if one]
        self._named = Names(records, look.names)
        rows = {step.track.row for step in steps}
        self._has_sizes = len({row.size for row in rows}) > 1
        self._has_classes = len({str(row) for row in rows}) < len(rows)
        self._has_ways = len({step.track.setup for step in steps if step.track.setup}) > 1

    def __call__(self, row: RowKey) -> Name:
        """A row: its model at its size."""
        return self._named(row.spec) + f" at {row.size}{self._classes(row)}"

    def short(self, row: RowKey) -> str:
        """The same in a plot, with the size only where there are several."""
        size = f" at {row.size}" if self._has_sizes else ""
        return f"{self._named(row.spec)}{size}{self._classes(row)}"

    def timed(self, step: Step) -> str:
        """The pass of a step and its machine, and how it was run where several ways occur."""
        track, setup = step.track, step.track.setup
        way = f", batch {setup.batch}, {modes(step.record)}" if setup and self._has_ways else ""
        return f"{track.pass_name} on {track.machine}{way}"

    def _classes(self, row: RowKey) -> str:
        return f", {row.num_classes} classes" if self._has_classes and row.num_classes else ""


def history_report(pasts: Sequence[Past], look: Look = PLAIN) -> Report:
    """The steps of tables in one table, the newest first, with the reason beside each."""
    told = sorted(
        ((past.name, step) for past in pasts for step in past.steps),
        key=lambda one: -one[1].commit.place,
    )
    steps = [step for _, step in told]
    labels = Labels(steps, look)
    shown: dict[Column, list[Any]] = {
        Column("Table", "name"): [name for name, _ in told],
        Column("Date", "name"): [step.commit.date for step in steps],
        Column("Commit", "name"): [step.commit.short or UNCOMMITTED for step in steps],
        Column("Model", "model"): [labels(step.track.row) for step in steps],
        Column("Change", "text"): [changed(step, labels) for step in steps],
        Column("Reason", "text"): [step.reason or None for step in steps],
        Column("Commit says", "text"): [_subject(step) for step in steps],
    }
    spare = {"Table"} if len(pasts) == 1 else set()
    spare |= {one.title for one, cells in shown.items() if one.hint == "text" and not any(cells)}
    kept = {column: cells for column, cells in shown.items() if column.title not in spare}
    commits = enumerate(pairwise(step.commit for step in steps), start=1)
    problems = [f"Not read: {problem}." for past in pasts for problem in past.problems]
    table = Table(
        "history",
        tuple(kept),
        tuple(zip(*kept.values(), strict=True)),
        look.caption or CAPTION,
        (*problems, *_notes(steps)),
        frozenset(number for number, (before, now) in commits if before != now),
        brief=tuple(problems),
        look=look,
    )
    rows = [_raw(name, step) for name, step in told]
    header = tuple(_raw("", steps[0])) if steps else ("table",)
    return Report((table,), header, rows, rows)


def changed(step: Step, labels: Labels) -> str:
    """What a step changed: counts to the integer, or medians with their intervals."""
    begin = KINDS[step.kind]
    if step.track.machine != COUNTS:
        return f"{begin}{labels.timed(step)}{_times(step)}"
    if step.before and step.after:
        is_figure = any(before != after for before, after in map(step.count, COMPARED))
        changes = figures(step.before, step.after) if is_figure else ()
        return "; ".join(changes) or summary(step.before, step.after)
    counts = [(metric, step.count(metric)[1]) for metric in COMPARED]
    said = "; ".join(f"{name} {count:,}" for name, count in counts if count is not None)
    return f"{begin}{said}" if said else step.kind


def _times(step: Step) -> str:
    before, after = step.seconds
    if after is None:
        return ""
    if before is None:
        return f": {duration_texts([after])[0]}"
    texts = duration_texts([before, after])
    return f": {' → '.join(texts)} ({100 * (after.value / before.value - 1):+.1f} %)"


def _subject(step: Step) -> str | None:
    """The first line of the commit's message, where the step has no reason of its own."""
    return None if step.reason or step.kind == "held" else step.commit.subject or None


def _notes(steps: Sequence[Step]) -> Iterator[str]:
    yield from NOTES
    if any(step.kind == "held" for step in steps):
        yield HELD
    if any(step.track.machine != COUNTS for step in steps):
        yield OF_TIMES


def _raw(name: str, step: Step) -> dict[str, Any]:
    """A step in base units, for CSV and JSON; what identifies the row comes last."""
    found: dict[str, Any] = {
        "table": name,
        "date": step.commit.date or None,
        "commit": step.commit.hash or None,
        "spec": step.track.row.spec,
        "change": step.kind,
    }
    of_times = step.track.machine != COUNTS
    for metric in COMPARED:
        before, after = (None, None) if of_times else step.count(metric)
        found |= {f"{metric}_before": before, f"{metric}_after": after}
    found |= {"machine": step.track.machine or None, "pass": step.track.pass_name or None}
    seconds: tuple[Estimate | None, Estimate | None] = step.seconds if of_times else (None, None)
    for when, estimate in zip(("before", "after"), seconds, strict=True):
        found |= raw(f"s_{when}", "duration", estimate)
    setup = step.track.setup
    found |= {"reason": step.reason or None, "commit_says": _subject(step)}
    return found | where(step.track.row) | {"batch": setup.batch if setup else None}
