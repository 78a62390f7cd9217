"""Pictures of what was measured."""

from pathlib import Path

from srbench.errors import SrbenchError
from srbench.records import Profile

FORMATS = (".pdf", ".png", ".svg")
COLOURS = {False: "#3b6ea5", True: "#c8553d"}  # parts, and inserted blocks


def require_picture(path: Path) -> None:
    """Raises SrbenchError for a name that ends in no format for pictures."""
    if path.suffix.lower() not in FORMATS:
        raise SrbenchError(f"{path} is no picture's name", f"end it in {', '.join(FORMATS)}")


def plot_roofline(profile: Profile, path: Path) -> None:
    """Draw every part below the machine's roof: MACs/s over MACs per byte, both logarithmic.

    Raises OSError where the file cannot be written.
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
    # Neighbours have their names above and below, so that they do not lie on each other.
    for rank, index in enumerate(sorted(range(len(parts)), key=intensities.__getitem__)):
        part, intensity = parts[index], intensities[index]
        achieved = part.macs / part.seconds.value
        axes.plot(intensity, achieved, "o", color=COLOURS[part.is_block], markersize=5)
        name = f"{part.stage} {part.name}" if part.is_block else part.name
        axes.annotate(
            name,
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
        title=f"{profile.spec} on {profile.setup.device}: "
        f"{profile.bandwidth / 1e9:.0f} GB/s, {profile.rate / 1e9:.0f} GMAC/s",
    )
    axes.grid(which="major", linewidth=0.3)
    figure.savefig(path, dpi=200)
