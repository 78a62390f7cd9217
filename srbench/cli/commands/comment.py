"""``srbench comment``: the result of checks as the one comment of a pull request."""

import os
from pathlib import Path
from typing import Annotated

import typer

from srbench.cli.messages import tell
from srbench.cli.pull_requests import CommentError, PullRequest
from srbench.errors import SrbenchError
from srbench.files import same_file


def comment(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A file of Markdown.", show_default=False)
    ],
) -> None:
    """Write a file as a comment on the pull request of a workflow, and update it in place.

    For workflows of GitHub: the step needs GITHUB_TOKEN, with the permission pull-requests: write.
    Without the permission, as in a pull request from a fork, and in other events, the text goes to
    the job summary.

    [bold]Examples[/bold]

      srbench comment "$GITHUB_STEP_SUMMARY"
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SrbenchError(f"cannot read {file}: {error}", "name a file of Markdown") from error
    pull_request = PullRequest.of_workflow()
    if pull_request is None:
        tell("note: this is no pull request: the result is in the job summary")
        _summarize(file, text)
        return
    try:
        tell(pull_request.say(text))
    except CommentError as error:
        tell(f"note: no comment, the result is in the job summary: {error}")
        _summarize(file, text)


def _summarize(file: Path, text: str) -> None:
    """Append the text to the job summary, unless it is from there."""
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary and not same_file(file, Path(summary)):
        with Path(summary).open("a", encoding="utf-8", newline="\n") as out:
            out.write(text)
