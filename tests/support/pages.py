"""The pages of the documentation, and the files and transcripts that they show."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = (ROOT / "README.md", *sorted(DOCS.rglob("*.md")))
CONSOLE = re.compile(r"```console\n(.*?)```", re.DOTALL)
# A file that a page shows, with its name in the first line; it is written where the commands run.
FILE = re.compile(r"```(?:python|toml|csv)\n# ([\w/]+\.(?:py|toml|csv))\n(.*?)```", re.DOTALL)
# The only line of counts that differs from machine to machine.
VERSIONS = re.compile(r"Counted with srbench [^<\n]*")


def text(page: Path) -> str:
    """A page as it is written."""
    return page.read_text(encoding="utf-8")


def files() -> dict[str, str]:
    """The files that pages show, by name. Raises ValueError if two pages show it differently."""
    found: dict[str, str] = {}
    for page in PAGES:
        for name, code in FILE.findall(text(page)):
            if found.setdefault(name, code) != code:
                raise ValueError(f"{page.name} shows another {name} than a page before it")
    return found
