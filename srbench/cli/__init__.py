"""The command line: one module a command. Nothing here imports torch before a model is built."""

from srbench.cli.app import main

__all__ = ["main"]
