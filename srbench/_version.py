"""The version of srbench."""

__version__ = "0.2.0"
