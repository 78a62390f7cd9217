"""The command line: one module a command. Nothing here imports torch before a model is built."""

import sys

from srbench.errors import INTERRUPTED


def main() -> None:
    """Run the command line and exit with its code."""
    try:
        from srbench.cli import app  # here, so that Ctrl-C is understood from the first moment

        app.main()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
