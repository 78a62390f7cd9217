"""What a workflow at GitHub is told: annotations in its log, and its job's summary."""

import os
from collections.abc import Iterable
from pathlib import Path

from srbench.cli.messages import tell
from srbench.cli.streams import show
from srbench.report.formats import FORMATS, Report

GITHUB = "github"


def tell_github(lines: Iterable[str], report: Report) -> None:
    """Annotations for the log, and the job's summary where GitHub says that it goes."""
    show("".join(f"{line}\n" for line in lines), is_data=True)
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        try:
            with Path(summary).open("a", encoding="utf-8", newline="\n") as file:
                file.write(FORMATS["markdown"](report) + "\n")
        except OSError as error:  # the check's own result matters more
            tell(f"warning: no job summary: {error.strerror}")
