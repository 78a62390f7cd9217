"""Pictures of what was measured, drawn by matplotlib."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from warnings import catch_warnings, filterwarnings

from srbench.errors import SrbenchError, alternatives
from srbench.files import write_whole
from srbench.records.profile import Profile
from srbench.report.plots.labels import plain
from srbench.report.plots.points import Panel

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = (".pdf", ".png", ".svg")
PANELS_A_ROW = 3
# The colour-blind can distinguish these: M. Okabe, K. Ito, Color Universal Design, 2008.
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
STYLES: dict[str, dict[str, Any]] = {
    "line": {"marker": "o", "linestyle": "-", "markersize": 4},
    "points": {"marker": "o", "linestyle": "none", "markersize": 4},
    "front": {"marker": "o", "linestyle": "--", "markersize": 9, "markerfacecolor": "none"},
}
COLOURS = {False: "#3b6ea5", True: "#c8553d"}  # parts, and inserted blocks


def require_picture(path: Path) -> None:
    """Raises SrbenchError if the file name does not end in a picture format."""
    if path.suffix.lower() not in FORMATS:
        raise SrbenchError(
            f"{path} is not the name of a picture", f"end it in {alternatives(FORMATS)}"
        )


def plot_roofline(profile: Profile, path: Path) -> None:
    """Draw every part below the machine's roof: MACs/s over MACs per byte, both logarithmic.

    Raises SrbenchError where the file cannot be written.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.add_subplot()
    parts = [part for part in profile.parts if part.macs]
    intensities = [part.macs / part.moved for part in parts]
    ridge = profile.rate / profile.bandwidth
    low, high = min([*intensities, ridge]) / 3, max([*intensities, ridge]) * 3
    axes.plot(
        [low, ridge, high],
        [low * profile.bandwidth, profile.rate, profile.rate],
        color="black",
        linewidth=1,
    )
    # Names are above and below in turn, so that those of neighbours do not overlap.
    for rank, index in enumerate(sorted(range(len(parts)), key=intensities.__getitem__)):
        part, intensity = parts[index], intensities[index]
        achieved = part.macs / part.seconds.value
        axes.plot(intensity, achieved, "o", color=COLOURS[part.is_block], markersize=5)
        name = f"{part.stage} {part.name}" if part.is_block else part.name
        axes.annotate(
            plain(name),
            (intensity, achieved),
            (4, (4, -11)[rank % 2]),
            textcoords="offset points",
            fontsize=8,
        )
    axes.set(
        xscale="log",
        yscale="log",
        xlim=(low, high),
        xlabel="MACs per byte moved at least",
        ylabel="MACs/s",
        title=plain(f"{profile.spec} on {profile.setup.device}: ")
        + f"{profile.bandwidth / 1e9:.0f} GB/s, {profile.rate / 1e9:.0f} GMAC/s",
    )
    axes.grid(which="major", linewidth=0.3)
    save(figure, path)


def plot_panels(panels: Sequence[Panel], path: Path) -> None:
    """Draw plots side by side, three in a row.

    Raises SrbenchError where there is nothing to draw, or the file cannot be written.
    """
    from matplotlib.figure import Figure

    if not panels:
        raise SrbenchError(
            "there is nothing to plot", "give an option or --input-size at least two values"
        )
    across = min(len(panels), PANELS_A_ROW)
    down = -(-len(panels) // across)
    figure = Figure(figsize=(4.6 * across, 3.8 * down), layout="constrained")
    for number, panel in enumerate(panels, start=1):
        _draw(figure.add_subplot(down, across, number), panel)
    save(figure, path)


def save(figure: "Figure", path: Path) -> None:
    """Write a picture in the format of its suffix, whole or not at all."""
    write_whole(path, drawn(figure, path.suffix[1:].lower()))


def drawn(figure: "Figure", form: str) -> bytes:
    """A picture as pdf, png or svg: the same bytes for the same picture, so that nothing changes
    in a repository if the numbers have not."""
    from matplotlib import rc_context

    dates = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}
    picture = BytesIO()
    with rc_context({"svg.hashsalt": "srbench", "pdf.fonttype": 42}), catch_warnings():
        filterwarnings("ignore", "Glyph .* missing from")  # the picture shows a box in its place
        figure.savefig(picture, format=form, dpi=200, metadata=dates.get(form))
    return picture.getvalue()


def _draw(axes: "Axes", panel: Panel) -> None:
    for series in panel.series:
        colour = PALETTE[series.colour % len(PALETTE)]
        style = STYLES[series.kind]
        if series.kind == "line" and series.colour >= len(PALETTE):
            style = style | {"linestyle": ":", "marker": "s"}
        xs, ys = [p.x for p in series.points], [p.y for p in series.points]
        axes.plot(xs, ys, color=colour, label=plain(series.name), **style)
    if panel.is_log_x:
        axes.set_xscale("log")
    if panel.x_ticks:
        axes.set_xticks(panel.x_ticks, minor=False)
        axes.xaxis.set_major_formatter("{x:g}")
        axes.minorticks_off()
    axes.set_title(plain(panel.title), fontsize=10)
    axes.set_xlabel(plain(panel.x))
    axes.set_ylabel(plain(panel.y))
    axes.grid(linewidth=0.3)
    axes.legend(fontsize=7)
