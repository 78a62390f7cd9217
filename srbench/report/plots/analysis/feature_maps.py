"""Feature maps before and after the block, and where in the image it changes them (figure 3 of the
SR paper)."""

import base64
from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING, Any

from srbench.errors import SrbenchError, one_line
from srbench.records.analysis import Analysis, MemoryBlock
from srbench.report.plots.analysis.figure import (
    SEQUENTIAL,
    WIDTH,
    AnalysisFigure,
    bar_of_colours,
    name,
    picture,
)
from srbench.report.plots.texts import short

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TITLES = ("image", "before", "after", "mean |difference|", "over the image")


def figure(block: MemoryBlock, analysis: Analysis) -> AnalysisFigure:
    """The first image of each class: means over channels of its feature maps."""
    return AnalysisFigure(
        f"{block.name}-features",
        f"{block.name}: the first image of each class before and after the block, means over "
        "channels",
        ("class", "image", "row", "column", "before", "after", "absolute_difference"),
        lambda: _rows(block),
        lambda: _draw(block, analysis),
    )


def _rows(block: MemoryBlock) -> Iterator[tuple[object, ...]]:
    for example in block.examples:
        lines = zip(example.before, example.after, example.difference, strict=True)
        for row, cells in enumerate(lines):
            for column, three in enumerate(zip(*cells, strict=True)):
                yield example.name, example.number, row, column, *three


def _draw(block: MemoryBlock, analysis: Analysis) -> "Figure":
    from matplotlib.figure import Figure

    count = len(block.examples)
    figure = Figure(figsize=(WIDTH, 1.25 * count + 0.4), layout="constrained")
    axes = figure.subplots(count, len(TITLES), squeeze=False)
    drawn = []
    for line, example in zip(axes, block.examples, strict=True):
        image = _image(analysis.pictures[example.name])
        values = [*example.before, *example.after]
        alike: dict[str, Any] = {
            "cmap": SEQUENTIAL,
            "vmin": min(map(min, values)),
            "vmax": max(map(max, values)),
        }
        height, width = image.shape[:2]
        extent = (0, width, height, 0)
        picture(line[0], image, cmap="gray")
        line[0].set_ylabel(short(example.name, 18), fontsize=7)
        drawn.append(
            [
                picture(line[1], example.before, **alike),
                picture(line[2], example.after, **alike),
                picture(line[3], example.difference, cmap="magma", vmin=0),
            ]
        )
        picture(line[4], image, cmap="gray", extent=extent)
        line[4].imshow(
            example.difference,
            cmap="magma",
            vmin=0,
            alpha=0.55,
            extent=extent,
            interpolation="bilinear",
        )
        bar_of_colours(figure, drawn[-1][1], line[2], "")
        bar_of_colours(figure, drawn[-1][2], line[3], "")
    for panel, title in zip(axes[0], TITLES, strict=True):
        name(panel, title)
    return figure


def _image(text: str) -> Any:
    """A picture of the record. Raises SrbenchError if it is none."""
    from matplotlib.image import imread

    try:
        return imread(BytesIO(base64.b64decode(text, validate=True)), format="png")
    except (ValueError, OSError, SyntaxError) as error:
        raise SrbenchError(
            f"a picture in the record is damaged: {one_line(error)}", "analyze the weights again"
        ) from error
