"""What a figure was measured with: the versions that can change it."""

import platform
from importlib.metadata import version

from srbench import __version__

PACKAGES = ("torch", "torchvision", "fvcore")


def versions() -> dict[str, str]:
    """Versions of srbench, Python and the packages that build and count the models."""
    return {
        "srbench": __version__,
        "python": platform.python_version(),
        **{package: version(package) for package in PACKAGES},
    }
