"""Pictures of times: overheads with their intervals, and all samples."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from srbench.conditions import PASSES
from srbench.files import named_file
from srbench.records.join import rows_of
from srbench.records.overhead import overhead
from srbench.records.record import Record
from srbench.records.results import Results
from srbench.report.look import PLAIN, Look
from srbench.report.names import Names, named_row
from srbench.report.paper_styles import STYLES, PaperStyle
from srbench.report.plots.matplotlib import PALETTE, SMALL, in_style, save
from srbench.report.plots.panel_files import MARKERS, POINTS, plot_panels
from srbench.report.plots.panels import batch_panels
from srbench.report.plots.texts import plain
from srbench.report.units import measured_scale

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = dict(zip(PASSES, PALETTE, strict=False))
SHAPES = dict(zip(PASSES, MARKERS, strict=False))
BAND = 0.6  # the share of a model's height that its passes use


def plot_times(results: Results, path: Path, look: Look = PLAIN) -> list[Path]:
    """Draw overheads with their intervals: against the batch size if there are several, or else
    beside the samples of every model, each placement in memory on a line of its own.

    Returns the files, none if there was nothing to draw. Raises SrbenchError where one cannot be
    written.
    """
    timed = [record for record in results if record.timing and record.timing.passes]
    if not timed:
        return []
    if panels := batch_panels(rows_of(timed), look.names):
        return plot_panels(panels, path, look.style, look.wide)
    path = named_file(path, "times")
    with in_style(look.style):
        save(_figure(timed, Names(timed, look.names), STYLES[look.style]), path)
    return [path]


def _figure(timed: Sequence[Record], named: Names, style: PaperStyle) -> "Figure":
    """Two plots for every comparison, as wide as the text."""
    from matplotlib.figure import Figure

    comparisons = [list(group) for _, group in groupby(timed, key=_comparison)]
    heights = [0.9 + 0.34 * len(records) for records in comparisons]
    figure = Figure(figsize=(style.text / POINTS, sum(heights)), layout="constrained")
    axes = figure.subplots(len(comparisons), 2, squeeze=False, height_ratios=heights)
    for records, (left, right) in zip(comparisons, axes, strict=True):
        _overheads(left, records, named)
        _samples(right, records, named)
    return figure


def _comparison(record: Record) -> tuple[object, ...]:
    assert record.timing
    return record.timing.setup, record.baseline, record.row[1:]


def _overheads(axes: "Axes", records: Sequence[Record], named: Names) -> None:
    compared = [record for record in records if record.timing and record.timing.role != "baseline"]
    has_hollow = False
    for row, record in enumerate(compared):
        for pass_name, y in _places(record, row):
            assert record.timing
            found = overhead(record.timing, pass_name)
            if found is None:
                continue
            low, high = found.ratio.low, found.ratio.high
            filled = "none" if low is None else "full"
            has_hollow |= low is None
            axes.plot(
                _percent(found.ratio.value),
                y,
                SHAPES[pass_name],
                color=COLOURS[pass_name],
                markersize=4,
                fillstyle=filled,
            )
            if low is not None and high is not None:
                ends = [_percent(low), _percent(high)]
                axes.plot(ends, [y, y], color=COLOURS[pass_name], linewidth=1.5)
    axes.axvline(0, color="black", linewidth=0.8)
    if compared:
        _name(axes, compared, named)
    else:
        axes.set_yticks([])
    hollow = "\n(hollow: too few samples for one)" if has_hollow else ""
    axes.set_xlabel(f"overhead in %, with its 95 % interval{hollow}")
    first = records[0]
    assert first.timing
    where = f"{named(first.baseline)} at {first.row.size} on {first.timing.setup.device}"
    axes.set_title(plain(where))


def _percent(ratio: float) -> float:
    return 100 * (ratio - 1)


def _samples(axes: "Axes", records: Sequence[Record], named: Names) -> None:
    timings = [record.timing for record in records if record.timing]
    scale = measured_scale(
        [found.seconds.value for timing in timings for found in timing.passes.values()]
    )
    for row, (record, timing) in enumerate(zip(records, timings, strict=True)):
        for pass_name, y in _places(record, row):
            found = timing.passes[pass_name]
            placements = [one for process in found.by_placement for one in process]
            height = BAND / len(timing.passes) * 0.8
            for number, taken in enumerate(placements):
                line = y + height * ((number + 0.5) / len(placements) - 0.5)
                axes.plot(
                    [seconds / scale.divisor for seconds in taken],
                    [line] * len(taken),
                    ".",
                    color=COLOURS[pass_name],
                    markersize=2,
                    alpha=0.5,
                )
            middle = found.seconds.value / scale.divisor
            axes.plot(
                [middle, middle], [y - height / 2, y + height / 2], color="black", linewidth=1
            )
    _name(axes, records, named)
    axes.set_xscale("log")
    low, high = axes.get_xlim()
    is_wide = high > 10 * low
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(
        lambda x, _: "" if is_wide and _digit(x) not in "25" else f"{x:g}"
    )
    axes.tick_params(axis="x", which="minor", labelsize=SMALL)
    axes.set_xlabel(f"time per call in {scale.prefix}s, medians in black")
    passes = [
        pass_name for pass_name in PASSES if any(pass_name in timing.passes for timing in timings)
    ]
    for pass_name in passes:
        axes.plot(
            [], [], SHAPES[pass_name], color=COLOURS[pass_name], label=pass_name, markersize=4
        )
    axes.legend(  # above the plot, where there are no samples
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=len(passes),
        frameon=False,
        handletextpad=0,
    )


def _digit(x: float) -> str:
    """The first that is not zero."""
    return f"{x:e}"[0]


def _places(record: Record, row: int) -> list[tuple[str, float]]:
    """The passes of a model that were timed, each with its y coordinate."""
    assert record.timing
    passes = [pass_name for pass_name in PASSES if pass_name in record.timing.passes]
    step = BAND / len(passes)
    return [
        (pass_name, row + step * (number - (len(passes) - 1) / 2))
        for number, pass_name in enumerate(passes)
    ]


def _name(axes: "Axes", records: Sequence[Record], named: Names) -> None:
    """Write the models' names on the axis, from top to bottom."""
    names = [plain(str(named_row(record, named))) for record in records]
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.grid(axis="x", linewidth=0.3)
