"""Is everything said that a release says? Exit code 1 and a line for each thing that is not.

python .ci/release.py v1.2.3 OWNER/REPOSITORY
"""

import runpy
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def problems(tag: str, repository: str, root: Path = ROOT) -> Iterator[str]:
    """What keeps the code in a folder from being released as this tag of this repository."""
    version = runpy.run_path(str(root / "srbench" / "_version.py"))["__version__"]
    if tag != f"v{version}":
        yield f"the tag is {tag}, but srbench/_version.py says {version}"
    if not has_section((root / "CHANGELOG.md").read_text(encoding="utf-8"), version):
        yield f"CHANGELOG.md has no section {version}"
    project = runpy.run_path(str(root / "srbench" / "_project.py"))
    owner, name = project["OWNER"], project["REPOSITORY"]
    if owner == project["UNKNOWN"]:
        yield "srbench/_project.py does not say who OWNER is"
    elif f"{owner}/{name}" != repository:
        yield f"the repository is {repository}, but srbench/_project.py says {owner}/{name}"


def has_section(changelog: str, version: str) -> bool:
    """Whether a section is of this version, as in ``## 1.2.3 - 2026-01-31``."""
    titles = [line.split() for line in changelog.splitlines() if line.startswith("## ")]
    return any(words[1:2] == [version] for words in titles)


if __name__ == "__main__":
    found = list(problems(*sys.argv[1:]))
    print("\n".join(found) or "ready to be released")
    sys.exit(bool(found))
