"""Overheads in words, for a rebuttal or a paper: no more than their intervals say."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from srbench.conditions import PASSES
from srbench.errors import together
from srbench.records.overhead import Overhead, overhead
from srbench.records.record import Record
from srbench.report.brief import brief_problems, options_brief, where
from srbench.report.cells import overhead_texts
from srbench.report.labels import Label, Name
from srbench.report.names import Names, named_row
from srbench.report.undecided_note import reaching

IN_A = {
    "forward": "in a forward pass",
    "backward": "in a backward pass",
    "train": "in a training step",
}
INTERVALS = (
    "In brackets: 95 % confidence intervals in %, each by itself, of paired ratios of times that "
    "were measured in turns."
)
NONE = (
    "Not distinguishable from zero: the interval contains 0 and reaches at most {} to either side "
    "of the estimate."
)
TOO_FEW = "(n=…): so many samples, which are too few for an interval; nothing is claimed."


def in_words(
    records: Sequence[Record], named: Names, given: Mapping[str, Label] | None = None
) -> tuple[str, ...]:
    """Where the rows were timed, a sentence for each variant over all passes and batch sizes, the
    blocks' options, what the intervals are, and what is wrong with rows; nothing without a variant.

    ``given`` are names of blocks.
    """
    timed = [record for record in records if record.timing and record.timing.passes]
    said: list[str] = []
    for _, group in groupby(sorted(timed, key=_place), key=_place):
        compared = [one for one in group if one.timing and one.timing.role != "baseline"]
        if all(one.timing and one.timing.role == "aa" for one in compared):
            continue
        said.append(_where(compared[0], named))
        for name in dict.fromkeys(named_row(record, named) for record in compared):
            said.append(_sentence([r for r in compared if named_row(r, named) == name], name))
    if not said:
        return ()
    doubts = [named.titles(one.removeprefix("* ")) for one in brief_problems(records)]
    return (*said, *options_brief(timed, given), *_meaning(timed, said), *doubts)


def _place(record: Record) -> tuple[str, ...]:
    """Where and how it ran, but for the batch size."""
    facts, setup = record.environment, record.timing.setup if record.timing else None
    at = setup and (setup.device, facts.get("threads"), setup.seed, facts.get("torch"))
    return (*map(str, (*where(record), at, record.baseline, *record.row[1:])),)


def _where(record: Record, named: Names) -> str:
    classes = f"{record.num_classes} classes, " if record.num_classes is not None else ""
    inputs = f"{record.row.size} pixels, {classes}" if record.input else ""
    how, chip_name = where(record)
    torch = record.environment.get("torch")
    by = f", torch {torch}" if torch else ""
    return f"Overheads over {named(record.baseline)} on {chip_name} ({inputs}{how}{by})."


def _sentence(records: Sequence[Record], name: Name) -> str:
    """All overheads of a variant."""
    each = [_of_pass(records, pass_name) for pass_name in PASSES]
    return f"{name}: {'; '.join(filter(None, each))}."


def _of_pass(records: Sequence[Record], pass_name: str) -> str:
    """The overheads of a pass, batch by batch; empty if it was not timed."""
    found = [
        (one, record)
        for record in records
        if record.timing and (one := overhead(record.timing, pass_name))
    ]
    texts = overhead_texts([one for one, _ in found])
    each = [
        f"{_claim(one, text)} at {_batch(record)}"
        for (one, record), text in zip(found, texts, strict=True)
    ]
    return f"{IN_A[pass_name]} {together(each)}" if each else ""


def _claim(found: Overhead, text: str) -> str:
    """An overhead as the table has it, with a word that does not claim more than its interval."""
    value, _, interval = text.partition(" ")
    if found.verdict == "different":
        return f"{value} % {interval}"
    if found.verdict == "none":
        return f"not distinguishable from zero {interval}"
    if found.verdict == "undecided":
        return f"undecided {interval}"
    return f"measured with too few samples for an interval {interval}"


def _batch(record: Record) -> str:
    assert record.timing
    size = record.timing.setup.batch
    return f"batch size {size}" if record.input else "one call"


def _meaning(timed: Sequence[Record], said: Sequence[str]) -> Iterator[str]:
    precisions = [record.timing.precision for record in timed if record.timing]
    text = " ".join(said)
    if "[" in text:
        yield INTERVALS
    if " zero [" in text:
        yield NONE.format(reaching(precisions))
    if "(n=" in text:
        yield TOO_FEW
