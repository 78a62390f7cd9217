"""What a check shows, and the files for CI services that it writes beside."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from srbench.check.formats import FORMATS as CI_FORMATS
from srbench.check.formats import written
from srbench.check.outcomes import Result
from srbench.cli.messages import tell
from srbench.cli.output import Output, destination, require_beside
from srbench.errors import SrbenchError
from srbench.report.formats import FORMATS, Report

GITHUB = "github"
ALL = (*FORMATS, *CI_FORMATS)


class CheckOutput:
    """Where the result of a check goes: to the terminal or a file, and to others as well."""

    def __init__(
        self, title: str, output: Output, also: Sequence[str], reads: Iterable[Path]
    ) -> None:
        """``title`` says what is checked, and ``also`` are other files, each written
        ``FORMAT=FILE``.

        Raises SrbenchError for an unknown format, or for a file that cannot be written.
        """
        self._title = title
        reads = list(reads)
        beside = [_beside(one, output.overwrite) for one in also]
        require_beside(output, [one.path for one in beside if one.path], reads)
        self._targets = [
            destination(one, reads, must_show=False, others=CI_FORMATS) for one in (output, *beside)
        ]

    def write(self, report: Report, results: Sequence[Result]) -> None:
        """Write the report in the formats for people, and the results in those for CI services."""
        for target in self._targets:
            if target.form in CI_FORMATS:
                target.put(written(target.form, results))
            else:
                target.write(report)
        if self._targets[0].form == GITHUB:
            _summarize(self._title, report)


def _beside(text: str, overwrite: bool) -> Output:
    form, equals, path = text.partition("=")
    if not (equals and path):
        raise SrbenchError(
            f"--write {text!r} names no file", "write FORMAT=FILE, such as junit=srbench.xml"
        )
    return Output(Path(path), form, overwrite)


def _summarize(title: str, report: Report) -> None:
    """Append to the job summary, the file that GitHub names."""
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        try:
            with Path(summary).open("a", encoding="utf-8", newline="\n") as file:
                file.write(f"### {title}\n\n{FORMATS['markdown'](report)}\n")
        except OSError as error:  # the result of the check matters more
            tell(f"warning: cannot write the job summary: {error.strerror}")
