"""Pictures of what was measured, drawn by matplotlib."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from warnings import catch_warnings, filterwarnings

from srbench.errors import SrbenchError, alternatives
from srbench.files import write_whole
from srbench.records.profile import Profile
from srbench.report.plots.texts import plain

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = (".pdf", ".png", ".svg")
SMALL = 7  # points
LETTERS: Any = (
    dict.fromkeys(("font.size", "axes.titlesize", "axes.labelsize"), 8)
    | dict.fromkeys(("legend.fontsize", "xtick.labelsize", "ytick.labelsize"), SMALL)
    | {"lines.linewidth": 1.2, "axes.linewidth": 0.6, "mathtext.fontset": "stix"}
)
# The colour-blind can distinguish these: M. Okabe, K. Ito, Color Universal Design, 2008.
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
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


@contextmanager
def in_style(style: str) -> Iterator[None]:
    """Draws in the letters and sizes that papers of a style have."""
    from matplotlib import rc_context

    with rc_context(LETTERS | ({"font.family": "STIXGeneral"} if style != "plain" else {})):
        yield


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
