"""The command line: one module per command. Nothing here imports torch before a model is built."""

import sys

from srbench.errors import OUR_FAULT, ended_by


def main() -> None:
    """Run the command line and exit with its code."""
    from srbench.cli import streams

    streams.prepare()
    sys.exit(_run())


def _run() -> int:
    try:
        from srbench.cli import app, signals  # here, so that Ctrl-C is handled from the start

        signals.listen()
        return app.run()
    except KeyboardInterrupt as error:
        return ended_by(error)
    except Exception as error:  # such as an incomplete installation
        print(f"error: srbench cannot start: {type(error).__name__}: {error}", file=sys.stderr)
        print("hint: reinstall srbench in a fresh environment", file=sys.stderr)
        return OUR_FAULT
