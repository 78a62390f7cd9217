"""Reports why a GPU is present but not used."""

from srbench.cli.messages import tell


def tell_of_unused(device: str | None = None) -> None:
    """Print one line if no device was asked for and torch cannot use the GPU."""
    from srbench.measure.cuda import obstacle  # loads torch

    if device is None and (why := obstacle()):
        tell(f"warning: {why}")
