"""Output for a GitHub workflow: annotations in its log, and the job summary."""

import os
from collections.abc import Iterable
from pathlib import Path

from srbench.cli.messages import tell
from srbench.cli.streams import show
from srbench.report.formats import FORMATS, Report

GITHUB = "github"


def tell_github(lines: Iterable[str], report: Report) -> None:
    """Print annotations for the log, and append the job summary to the file that GitHub names."""
    show("".join(f"{line}\n" for line in lines), is_data=True)
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        try:
            with Path(summary).open("a", encoding="utf-8", newline="\n") as file:
                file.write(FORMATS["markdown"](report) + "\n")
        except OSError as error:  # the result of the check matters more
            tell(f"warning: cannot write the job summary: {error.strerror}")
