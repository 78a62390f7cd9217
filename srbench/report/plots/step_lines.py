"""Counts and times of a table over its commits: a step line for each row that changed."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

from srbench.records.counts import COMPARED, TITLES
from srbench.records.steps import COUNTS, Commit, Step
from srbench.records.timing import Estimate
from srbench.report.arranging import number_of
from srbench.report.cells import duration_texts
from srbench.report.history import UNCOMMITTED, Labels, Past
from srbench.report.look import PLAIN, Look
from srbench.report.plots.points import Mark, Panel, Point, Series
from srbench.report.units import column_scale, measured_scale

MOST_LINES = 7  # as many as there are colours
VISIBLE = 0.04  # of the height: a smaller step could be overlooked
LEGIBLE = 0.01  # of a value: with less between the axis' ends, its numbers have too many digits
_Value = int | Estimate | None  # a count, or a time in seconds; None where there is none


class _Stage(NamedTuple):
    """What a row has from a commit on, which is given by its place in the plot, and the same in
    words."""

    x: int
    value: int | Estimate
    label: str

    @property
    def number(self) -> float:
        number = number_of(self.value)
        assert number is not None
        return number


@dataclass(frozen=True)
class _Line:
    """The values of a row without a gap, and the place where the last one ends; ``more`` rows have
    the same line."""

    name: str
    stages: Sequence[_Stage]
    until: int
    more: int = 0

    @property
    def numbers(self) -> list[float]:
        return [stage.number for stage in self.stages]

    @property
    def is_time(self) -> bool:
        return isinstance(self.stages[0].value, Estimate)

    @property
    def growth(self) -> float:
        """How many times as large as the smallest value the largest is."""
        return max(self.numbers) / (min(self.numbers) or 1)

    def from_first(self, is_relative: bool) -> float:
        """What is subtracted from the values where they are drawn as changes."""
        return self.numbers[0] if is_relative else 0

    def shape(self, is_relative: bool) -> tuple[object, ...]:
        """What lines have in common that would hide each other."""
        zero = self.from_first(is_relative)
        return (self.until, *((stage.x, stage.number - zero) for stage in self.stages))

    def __str__(self) -> str:
        return f"{self.name} and {self.more} more" if self.more else self.name


def history_panels(pasts: Sequence[Past], look: Look = PLAIN) -> list[Panel]:
    """A panel for every count, and for each pass and machine, of every table in which rows have
    changed.

    Commits are equally far apart, whether minutes or years lie between them. Values are shown as
    they are or, where the smallest step could not be seen or read off, as changes since the row's
    first commit.
    Rows with the same line share it. Commits whose change has a reason are marked with its number,
    which is the same in all panels, as are the colours.
    """
    numbers: dict[str, int] = {}
    found = []
    for past in pasts:
        begin = f"{past.name}: " if len(pasts) > 1 else ""
        panels = _panels(past, numbers, look)
        found += [replace(panel, title=f"{begin}{panel.title}") for panel in panels]
    return found


def _panels(past: Past, numbers: dict[str, int], look: Look) -> Iterator[Panel]:
    steps = sorted(past.steps, key=lambda step: step.commit.place)
    commits = list(dict.fromkeys(step.commit for step in steps))
    read = _read(steps, commits, Labels(steps, look))
    found = {title: list(_lines(rows, len(commits) - 1)) for title, rows in read.items()}
    found = {title: lines for title, lines in found.items() if lines}
    marks = tuple(_marks(steps, commits, numbers)) if found else ()
    names = tuple((place, _name(commit)) for place, commit in enumerate(commits))
    colours: dict[str, int] = {}
    for title, lines in found.items():
        yield replace(_panel(title, lines, colours), x_names=names, marks=marks)


def _read(
    steps: Iterable[Step], commits: Sequence[Commit], labels: Labels
) -> dict[str, dict[str, list[tuple[int, _Value, str]]]]:
    """The values, by what they are and by the row that has them, each with its place."""
    places = {commit: place for place, commit in enumerate(commits)}
    found: dict[str, dict[str, list[tuple[int, _Value, str]]]] = {}
    for step in steps:
        name = labels.short(step.track.row)
        when = f"{name}, {step.commit.date} {step.commit.short or UNCOMMITTED}"
        for title, before, after in _readings(step, labels):
            if before != after:
                value = (places[step.commit], after, f"{when}: {_said(before, after)}")
                found.setdefault(title, {}).setdefault(name, []).append(value)
    return found


def _readings(step: Step, labels: Labels) -> Iterator[tuple[str, _Value, _Value]]:
    """What the step is about, with the values before and after it."""
    if step.track.machine != COUNTS:
        yield labels.timed(step), *step.seconds
        return
    for metric in COMPARED:
        yield TITLES[metric], *step.count(metric)


def _said(before: _Value, after: _Value) -> str:
    if isinstance(after, Estimate):
        return duration_texts([after])[0]
    if after is None:
        return "none"
    return f"{after:,}" + (f" ({after - before:+,})" if isinstance(before, int) else "")


def _lines(rows: dict[str, list[tuple[int, _Value, str]]], last: int) -> Iterator[_Line]:
    """The lines of the rows that changed; one that was gone for a while has several."""
    for name, values in rows.items():
        lives: list[list[_Stage]] = [[]]
        ends = []
        for x, value, label in values:
            if value is None:
                ends.append(x)
                lives.append([])
            else:
                lives[-1].append(_Stage(x, value, label))
        known = [(life, end) for life, end in zip(lives, [*ends, last], strict=True) if life]
        if sum(len(life) for life, _ in known) > 1:
            for number, (life, end) in enumerate(known):
                yield _Line(f"{name} (again)" if number else name, life, end)


def _panel(title: str, lines: Sequence[_Line], colours: dict[str, int]) -> Panel:
    is_relative = not _are_visible(lines)
    merged = _merged(lines, is_relative)
    drawn = sorted(merged, key=lambda line: line.growth, reverse=True)[:MOST_LINES]
    drawn = [line for line in merged if line in drawn]
    scale, unit = _unit(drawn, is_relative)
    quantity = "time" if drawn[0].is_time else title
    since = " since the first commit" if is_relative else ""
    most = f", the {len(drawn)} of {len(merged)} lines that changed most"
    return Panel(
        f"{title}{since}{most if len(drawn) < len(merged) else ''}",
        "commit",
        f"{'Δ ' if is_relative else ''}{quantity}{f' ({unit})' if unit else ''}",
        tuple(
            Series(
                str(line),
                tuple(_points(line, scale, is_relative)),
                "step",
                colours.setdefault(line.name, len(colours)),
                line.until,
            )
            for line in drawn
        ),
        has_zero=is_relative,
    )


def _merged(lines: Iterable[_Line], is_relative: bool) -> list[_Line]:
    """The lines, without those that others hide."""
    found: dict[tuple[object, ...], _Line] = {}
    for line in lines:
        first = found.setdefault(line.shape(is_relative), line)
        if first is not line:
            found[line.shape(is_relative)] = replace(first, more=first.more + 1)
    return list(found.values())


def _are_visible(lines: Iterable[_Line]) -> bool:
    """Whether every step can be seen, and read, where values are drawn as they are."""
    lines = list(lines)
    every = [number for line in lines for number in line.numbers]
    sizes = [abs(b - a) for line in lines for a, b in pairwise(line.numbers)]
    height = max(every) - min(every)
    return height >= LEGIBLE * max(every) and all(one >= VISIBLE * height for one in sizes)


def _unit(lines: Sequence[_Line], is_relative: bool) -> tuple[float, str]:
    """What the values are divided by, and the unit that they then have."""
    every = [n - line.from_first(is_relative) for line in lines for n in line.numbers]
    is_time = lines[0].is_time
    scale = measured_scale(every) if is_time else column_scale(every)
    return scale.divisor, scale.prefix + ("s" if is_time else "")


def _points(line: _Line, divisor: float, is_relative: bool) -> Iterator[Point]:
    zero = line.from_first(is_relative)
    more = f" (and {line.more} more)" if line.more else ""
    for stage in line.stages:
        value, ends = stage.value, None
        if isinstance(value, Estimate) and value.low is not None and value.high is not None:
            ends = ((value.low - zero) / divisor, (value.high - zero) / divisor)
        y = (stage.number - zero) / divisor
        is_hollow = line.is_time and ends is None
        yield Point(stage.x, y, f"{stage.label}{more}", False, ends, line.name, is_hollow)


def _marks(
    steps: Iterable[Step], commits: Sequence[Commit], numbers: dict[str, int]
) -> Iterator[Mark]:
    """The commits with reasons; each reason is numbered when it first occurs."""
    told = dict.fromkeys(
        (step.commit, step.reason) for step in steps if step.reason and step.kind != "held"
    )
    for commit, reason in told:
        number = numbers.setdefault(reason, len(numbers) + 1)
        yield Mark(commits.index(commit), number, reason)


def _name(commit: Commit) -> str:
    """The date and the hash of a commit, in two lines."""
    return f"{commit.date}\n{commit.short}" if commit.short else UNCOMMITTED.replace(" ", "\n")
