"""What PyPI shows: there the README is not among the files that it links to, so that its links and
pictures need whole addresses. They are known once srbench/_project.py names the owner."""

import re
import runpy
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from hatchling.metadata.plugin.interface import MetadataHookInterface

ADDRESS = re.compile(
    r"(?P<code>(?<!`)(`+)(?!`).*?(?<!`)\2(?!`))"  # in a line or a block: it stays as it is
    r"|(?P<picture>!\[[^]]*\]\(|<(?:img|source)\b[^>]*?\bsrc=[\"'])(?P<file>[^\s)\"']+)"
    r"|(?P<link>\]\(|^\[[^]\n]+\]:[ ]+|<a\b[^>]*?\bhref=[\"'])(?P<page>[^\s)\"']+)",
    re.DOTALL | re.MULTILINE,
)


class PyPIMetadata(MetadataHookInterface):
    """Sets the README, and the project's addresses."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Called by hatchling, when the version is known already."""
        text = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        project = runpy.run_path(str(Path(self.root) / "srbench" / "_project.py"))
        if project["OWNER"] != project["UNKNOWN"]:
            repository, tag = (
                f"{project['OWNER']}/{project['REPOSITORY']}",
                f"v{metadata['version']}",
            )
            text = with_addresses(text, repository, tag)
            metadata["urls"] = urls(repository, tag)
        metadata["readme"] = {"content-type": "text/markdown", "text": text}


def with_addresses(text: str, repository: str, tag: str) -> str:
    """Markdown whose links and pictures work anywhere; those in code, and anchors, are left."""
    files = f"https://raw.githubusercontent.com/{repository}/{tag}/"
    pages = f"https://github.com/{repository}/blob/{tag}/"

    def whole(found: re.Match[str]) -> str:
        if found["file"]:
            return found["picture"] + urljoin(files, found["file"])
        if found["page"] and not found["page"].startswith("#"):
            return found["link"] + urljoin(pages, found["page"])
        return found[0]

    return ADDRESS.sub(whole, text)


def urls(repository: str, tag: str) -> dict[str, str]:
    """The project's addresses as PyPI lists them."""
    source = f"https://github.com/{repository}"
    return {
        "Source": source,
        "Documentation": f"{source}/tree/{tag}/docs",
        "Changelog": f"{source}/blob/{tag}/CHANGELOG.md",
        "Issues": f"{source}/issues",
    }
