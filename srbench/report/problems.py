"""What is wrong with the rows of a table: each problem once, with the rows that have it."""

import re
from collections.abc import Callable, Container, Hashable, Iterable, Iterator, Sequence

from srbench.conditions import PASSES
from srbench.errors import several
from srbench.records.join import Row
from srbench.records.record import Key, Record
from srbench.report.notes import model_name

SHOWN = 6  # names; the rest are counted
MEASURED = ("counted", "timed", "trained")
# A number that stands alone; one inside conv2d, cuda:0 or a/3/b is part of a name.
_NUMBER = re.compile(
    r"(?:(?<=[\s(\[])|(?<=[\s(\[]×)|(?<=^×)|^)"
    r"[-+−]?[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?"
    r"(?=(?:%|[mµn]?s)?(?:[\s)\];]|[.,:](?:\s|$)|$))"
)
_Words = tuple[str, ...]


def problems(records: Sequence[Record]) -> Iterator[str]:
    """Why rows failed, and their warnings, one line for each."""
    yield from (f"* {line}." for line in (*failures(records), *warnings(records)))


def failures(records: Sequence[Record], of: Container[Key] | None = None) -> Iterator[str]:
    """Why rows failed or were skipped: all such rows, or only those with a key in ``of``."""
    for kind, every in _kinds(records):
        told = [
            (number, record.status)
            for number, record in enumerate(kind)
            if record.status != "ok" and (of is None or record.key in of)
        ]
        yield from _once(told, Names(kind, every))


def remarks(records: Sequence[Record]) -> Iterator[str]:
    """What a reader should know about rows with which nothing is wrong, one line for each."""
    yield from (f"{line}." for line in _lines(records, lambda record: record.notes))


def warnings(records: Sequence[Record]) -> Iterator[str]:
    """The warnings of the rows. Those that differ only in numbers share a line, with the range of
    each number, and so do those that several passes of the same rows have."""
    yield from _lines(records, lambda record: record.warnings)


def _lines(records: Sequence[Record], said: Callable[[Record], Sequence[str]]) -> Iterator[str]:
    for kind, every in _kinds(records):
        found: dict[tuple[_Words, tuple[int, ...]], dict[str, list[str]]] = {}
        for pass_name, numbers, texts in _alike(kind, said):
            found.setdefault((_words(texts[0]), numbers), {})[pass_name] = texts
        names = Names(kind, every)
        for (_, numbers), texts_of in found.items():
            passes = ", ".join(filter(None, texts_of))
            text = merged([text for texts in texts_of.values() for text in texts])
            yield ": ".join(filter(None, (names(numbers), passes, text)))


def doubts(rows: Sequence[Row]) -> Iterator[str]:
    """Why rows are not comparable with others, one line for each reason."""
    known = [row for row in rows if row.records]
    told = [(number, doubt) for number, row in enumerate(known) for doubt in row.doubts]
    names = Names([row.timing or row.records[0] for row in known])
    yield from (f"* {line}." for line in _once(told, names))


class Names:
    """Names rows of a table in short: all of them, whole comparisons by their baseline, or one by
    one, with the conditions that differ within the table."""

    def __init__(self, records: Sequence[Record], every: str = "all rows") -> None:
        self._records = records
        self._every = every
        said: dict[str, set[str]] = {}
        for record in records:
            for pass_name, text in _conditions(record).items():
                said.setdefault(pass_name, set()).add(text)
        self._differing = {pass_name for pass_name, texts in said.items() if len(texts) > 1}
        self._groups: dict[Hashable, list[int]] = {}
        for number, record in enumerate(records):
            self._groups.setdefault(_comparison(record), []).append(number)

    def __call__(self, numbers: Iterable[int]) -> str:
        """The names of the rows with these numbers."""
        told = set(numbers)
        if len(told) == len(self._records) > 2:
            return self._every
        listed: dict[str, None] = {}
        for comparison in dict.fromkeys(_comparison(self._records[n]) for n in sorted(told)):
            group = self._groups[comparison]
            first = self._records[group[0]]
            if len(group) > 2 and told.issuperset(group):
                listed[f"{first.baseline} and its variants{self._where(first)}"] = None
            else:
                members = [self._records[number] for number in group if number in told]
                listed |= {f"{model_name(one)}{self._where(one)}": None for one in members}
        return shortened(list(listed))

    def _where(self, record: Record) -> str:
        conditions = _conditions(record).items()
        return "".join(f" {text}" for pass_name, text in conditions if pass_name in self._differing)


def shortened(listed: Sequence[str]) -> str:
    """The first few, and how many more there are."""
    more = f", and {len(listed) - SHOWN} more" if len(listed) > SHOWN else ""
    return ", ".join(listed[:SHOWN]) + more


def merged(texts: Sequence[str]) -> str:
    """Texts with the same words as one text, with the range of each number.

    >>> merged(["took 48% of 2", "took 33% of 2"])
    'took 33 to 48% of 2'
    """
    numbers = zip(*(_NUMBER.findall(text) for text in texts), strict=True)
    ranges = iter([_range(set(values)) for values in numbers])
    return _NUMBER.sub(lambda _: next(ranges), texts[0])


def _words(text: str) -> _Words:
    """The text around each number: the same for texts that differ only in their numbers."""
    return tuple(_NUMBER.split(text))


def _range(values: set[str]) -> str:
    ordered = sorted(values, key=lambda value: float(value.replace(",", "").replace("−", "-")))
    return ordered[0] if len(ordered) == 1 else f"{ordered[0]} to {ordered[-1]}"


def _kinds(records: Iterable[Record]) -> list[tuple[list[Record], str]]:
    """The counted, the timed and the trained rows, each with the words for all of them."""
    records = list(records)
    kinds = [([r for r in records if r.kind == called], called) for called in MEASURED]
    return [
        (kind, "all rows" if len(kind) == len(records) else f"all {called} rows")
        for kind, called in kinds
        if kind
    ]


def _once(told: Iterable[tuple[int, str]], names: Names) -> Iterator[str]:
    found: dict[str, list[int]] = {}
    for number, text in told:
        found.setdefault(text, []).append(number)
    yield from (f"{names(numbers)}: {text}" for text, numbers in found.items())


def _alike(
    records: Iterable[Record], said: Callable[[Record], Sequence[str]]
) -> Iterator[tuple[str, tuple[int, ...], list[str]]]:
    """For each text that is said of a record its pass, which may be empty, the numbers of the rows
    that have it, and its wording in each row."""
    found: dict[tuple[str, _Words], list[tuple[int, str]]] = {}
    for number, record in enumerate(records):
        for one in said(record):
            front, _, rest = one.partition(": ")
            pass_name, text = (front, rest) if front in PASSES else ("", one)
            found.setdefault((pass_name, _words(text)), []).append((number, text))
    for (pass_name, _), told in found.items():
        yield pass_name, tuple(number for number, _ in told), [text for _, text in told]


def _comparison(record: Record) -> Hashable:
    setup = record.timing.setup if record.timing else None
    run = record.training.key if record.training else None
    return record.baseline, record.row[1:], setup, run


def _conditions(record: Record) -> dict[str, str]:
    """Everything in which rows of one spec can differ, in words."""
    found = {"size": f"at {record.row.size}"}
    if record.input:
        found["channels"] = f"of {several(record.input[0], 'channel')}"
    if record.num_classes is not None:
        found["num_classes"] = f"with {record.num_classes} classes"
    if record.training:
        run = record.training.key
        return found | {"regime": f"on {run.regime}", "seed": f"with seed {run.seed}"}
    if not record.timing:
        return found
    setup = record.timing.setup
    threads = "torch's choice of" if setup.threads is None else setup.threads
    return found | {
        "batch": f"in batches of {setup.batch}",
        "device": f"on {setup.device}",
        "dtype": f"in {setup.dtype}",
        "amp": _with(setup.amp, "autocast"),
        "channels_last": _with(setup.channels_last, "channels_last"),
        "compile": _with(setup.compile, "torch.compile"),
        "cuda_graph": _with(setup.cuda_graph, "CUDA graphs"),
        "optimizer": f"with {setup.optimizer or 'no optimiser'}",
        "threads": f"with {threads} threads",
        "seed": f"with seed {setup.seed}",
    }


def _with(is_on: bool, pass_name: str) -> str:
    return f"with{'' if is_on else 'out'} {pass_name}"
