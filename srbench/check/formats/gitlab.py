"""GitLab's code quality report, a JSON list that a merge request shows."""

import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from srbench.check.outcomes import Level, Result
from srbench.records.printable import printable

SEVERITIES: dict[Level, str] = {"failure": "major", "error": "critical", "warning": "minor"}


def to_gitlab(results: Sequence[Result]) -> str:
    """Everything that did not pass, as JSON. The fingerprint of a finding does not depend on its
    figures, so that the merge request shows it as one that is there before and after."""
    found = [_issue(result) for result in results if result.level in SEVERITIES]
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def _issue(result: Result) -> dict[str, Any]:
    identity = "\n".join((result.table, result.name, result.kind, _path(result.file)))
    return {
        "description": printable(f"{result.title}: {'. '.join(result.lines)}"),
        "check_name": f"srbench-{result.kind}",
        "fingerprint": sha256(identity.encode(errors="backslashreplace")).hexdigest(),
        "severity": SEVERITIES[result.level],
        "location": {"path": _path(result.file), "lines": {"begin": result.line or 1}},
    }


def _path(file: Path | None) -> str:
    """A file's path from the working directory, as GitLab wants it."""
    if file is None:
        return "."
    here = Path.cwd().resolve()
    real = file.resolve()
    path = real.relative_to(here) if real.is_relative_to(here) else file
    return printable(path.as_posix())
