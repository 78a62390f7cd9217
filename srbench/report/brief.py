"""What a reader must know of a table, in one line: the rest of its notes may be left out."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from srbench.errors import alternatives, several
from srbench.records.memory_use import OPTIMIZERS, MemoryUse
from srbench.records.overhead import Overhead
from srbench.records.record import Record
from srbench.records.runs import Runs
from srbench.records.training import SCORES
from srbench.report.columns import needs
from srbench.report.labels import Label
from srbench.report.names import PLACES, block_title, symbol_of
from srbench.report.notes import chip, modes, runs_on
from srbench.report.problems import problems
from srbench.report.undecided_note import reaching
from srbench.spec.matching import omitted
from srbench.spec.parse import read_or_none

MEANINGS = {
    "none": "none: the interval contains 0 and reaches at most {reach} to either side",
    "undecided": "undecided: it contains 0 and reaches further than {reach}",
    "no interval": "(n=…): too few samples for an interval",
}


# What to do about a warning, which its author has to know, not a reader of the table.
_ADVICE = re.compile(r": [^:]*--[a-z][^:]*$")


def brief_problems(records: Sequence[Record]) -> Iterator[str]:
    """What is wrong with rows, without what could be done about it."""
    yield from (_ADVICE.sub("", one).removesuffix(".") + "." for one in problems(records))


def where(record: Record) -> tuple[str, str]:
    """How a row was timed, and on what."""
    assert record.timing
    threads = record.environment.get("threads")
    if record.timing.setup.device != "cpu" or not isinstance(threads, int):
        return modes(record), chip(record)
    return f"{modes(record)}, {several(threads, 'thread')}", chip(record)


def counts_brief(
    records: Iterable[Record], names: Iterable[str], given: Mapping[str, Label] | None = None
) -> Iterator[str]:
    """What was counted. ``names`` are the names of the columns, ``given`` names of blocks."""
    counted = [record for record in records if record.counts]
    names = list(names)
    if not counted:
        return
    per = runs_on(counted, "Per image", "Per call")
    has_macs = any(name.startswith(("macs", "here_macs", "deviation_macs")) for name in names)
    yield f"{per}{'; MACs: multiply-adds' if has_macs else ''}."
    yield from _memory_brief([one.counts.memory for one in counted if one.counts], names)
    yield from options_brief(counted, given)


def _memory_brief(memories: Sequence[MemoryUse | None], names: Iterable[str]) -> Iterator[str]:
    """What peaks are, where a column shows them."""
    if "memory" in needs(names):
        trained = dict.fromkeys(OPTIMIZERS[one.optimizer] for one in memories if one)
        how = f", training with {alternatives(trained)}" if trained else ""
        yield f"Memory: bytes of tensors, from shapes, without workspaces{how}."


def times_brief(
    records: Sequence[Record],
    shown: Sequence[Overhead],
    given: Mapping[str, Label] | None = None,
) -> Iterator[str]:
    """On what and how the rows were timed. ``shown`` are the overheads that the table has,
    ``given`` names of blocks."""
    measured = [record for record in records if record.timing and record.timing.passes]
    if not measured:
        return
    places: dict[str, dict[str, None]] = {}
    for record in measured:
        assert record.timing
        ran = ", on ".join(where(record))
        places.setdefault(ran, {})[str(record.timing.setup.batch)] = None
    how = "; ".join(f"batch {alternatives(sizes)}, {text}" for text, sizes in places.items())
    yield f"{runs_on(measured, 'Images', 'Calls')}, {how}."
    yield f"{'; '.join(_how_sure(measured, shown))}."
    yield from options_brief(measured, given)


def _how_sure(measured: Sequence[Record], shown: Sequence[Overhead]) -> Iterator[str]:
    """What times and overheads are, and what the words in cells mean."""
    passes = [found for one in measured if one.timing for found in one.timing.passes.values()]
    has_intervals = any(found.seconds.low is not None for found in passes)
    paired = ", overheads paired with the baseline" if shown else ""
    yield f"Medians{' with 95 % intervals' if has_intervals else ''}{paired}"
    verdicts = {one.verdict for one in shown}
    if not shown and any(found.seconds.low is None for found in passes):
        verdicts = {"no interval"}
    reach = reaching(one.precision for one in shown) if shown else ""
    yield from (said.format(reach=reach) for key, said in MEANINGS.items() if key in verdicts)


def training_brief(runs: Sequence[Runs], names: Sequence[str]) -> Iterator[str]:
    """What scores and differences are. ``names`` are the scores that the table has."""
    if not runs or not names:
        return
    images = {training.test_images for one in runs for training in one.trainings}
    seeds = {len(one.records) for one in runs}
    data = dict.fromkeys(one.regime.data for one in runs)
    yield (
        f"{', '.join(SCORES[name] for name in names)}: in % of {several(images, 'image')} of "
        f"{alternatives(data)}, mean ± standard deviation over {several(seeds, 'seed')}; Δ in "
        "points, with 95 % intervals."
    )


def options_brief(
    records: Iterable[Record], given: Mapping[str, Label] | None = None
) -> Iterator[str]:
    """The options of blocks that the names of models leave out, by the paper's symbols."""
    found: dict[str, _Options] = {}
    for record in records:
        spec = read_or_none(record.spec) if record.subject == "spec" else None
        for part in spec.blocks if spec else ():
            known = found.setdefault(part.name, _Options())
            for key, value in omitted(record, part).items():
                known.usual.setdefault(key, {})[value] = None
                known.usual_in.setdefault(key, set()).add(record.baseline)
            for key, _ in part.options:
                known.written_in.setdefault(key, set()).add(record.baseline)
    said = [
        f"{block_title(name, given)}: {', '.join(texts)}"
        for name, options in found.items()
        if (texts := list(options.texts(name)))
    ]
    if said:
        yield f"{'; '.join(said)}."


@dataclass
class _Options:
    """The values of a block's options that specs leave out, and the baselines whose variants leave
    an option out or give it: if some do both, the names of all show it."""

    usual: dict[str, dict[str, None]] = field(default_factory=dict)
    usual_in: dict[str, set[str]] = field(default_factory=dict)
    written_in: dict[str, set[str]] = field(default_factory=dict)

    def texts(self, block: str) -> Iterator[str]:
        """The options in words."""
        for key, values in self.usual.items():
            written = self.written_in.get(key, set())
            if self.usual_in[key] <= written:
                continue
            value = alternatives(values)
            text = f"after {value}" if key == "after" else value
            shown = text if key in PLACES else f"{symbol_of(block, key) or key}={value}"
            yield f"{shown} unless named" if written else shown
