"""Where GitHub finds srbench's action: the repository that the installed srbench is from."""

import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from srbench._project import BRANCH, DISTRIBUTION, OWNER, REPOSITORY, UNKNOWN
from srbench.errors import SrbenchError

_REPOSITORY = r"(?P<owner>[A-Za-z0-9][A-Za-z0-9-]{0,38})/(?P<name>[A-Za-z0-9._-]{1,100}?)"
_WRITTEN = re.compile(rf"{_REPOSITORY}(?:@(?P<ref>[A-Za-z0-9_][\w./+-]{{0,200}}))?", re.ASCII)
_URL = re.compile(
    r"(?:(?:git\+)?(?:https?|ssh|git)://(?:[^@/\s]+@)?(?:www\.)?github\.com(?::\d+)?/"
    rf"|(?:[^@/\s]+@)?github\.com:/?){_REPOSITORY}(?:\.git)?/?",
    re.ASCII | re.IGNORECASE,
)
_SECONDS = 10  # for git to answer


@dataclass(frozen=True)
class Action:
    """A repository on GitHub, ``owner/name``, and a commit, a branch or a tag in it."""

    repository: str
    ref: str = BRANCH

    def __str__(self) -> str:
        return f"{self.repository}@{self.ref}"

    @property
    def is_placeholder(self) -> bool:
        """Whether the owner still has to be filled in."""
        return self.repository.startswith(f"{UNKNOWN}/")


USUAL = Action(f"{OWNER}/{REPOSITORY}")  # if nobody says, and no installer has noted it


def parsed(text: str) -> Action:
    """The action from ``OWNER/NAME``, ``OWNER/NAME@REF`` or the address of its repository.

    Without REF it is the commit of the installed srbench, if that is from the same repository.
    Raises SrbenchError for anything else.
    """
    found = _WRITTEN.fullmatch(text.strip()) or _URL.fullmatch(text.strip())
    if not found or found["name"] in (".", ".."):
        raise SrbenchError(
            f"{text!r} is not a repository on GitHub",
            "write OWNER/NAME, or OWNER/NAME@REF for a branch, a tag or a commit",
        )
    repository = f"{found['owner']}/{found['name']}"
    if ref := found.groupdict().get("ref"):
        return Action(repository, ref)
    known = installed_from()
    is_same = known is not None and known.repository.lower() == repository.lower()
    return Action(repository, known.ref if known and is_same else BRANCH)


def installed_from() -> Action | None:
    """Where the installed srbench is from, by what the installer noted (PEP 610); None if that is
    not on GitHub, or nothing was noted."""
    noted = _noted()
    address = str(noted.get("url", ""))
    if (commit := noted.get("vcs_info", {}).get("commit_id")) and (
        repository := github_repository(address)
    ):
        return Action(repository, str(commit))
    if address.startswith("file:"):
        return _of_checkout(Path(url2pathname(urlsplit(address).path)))
    return None


def github_repository(address: str) -> str:
    """``owner/name`` of an address on GitHub, by https or ssh; empty for any other.

    >>> github_repository("git@github.com:someone/srbench.git")
    'someone/srbench'
    >>> github_repository("https://example.org/someone/srbench")
    ''
    """
    found = _URL.fullmatch(address.strip())
    return f"{found['owner']}/{found['name']}" if found else ""


def _noted() -> dict[str, Any]:
    from importlib.metadata import PackageNotFoundError, distribution  # slow to import

    try:
        noted = json.loads(distribution(DISTRIBUTION).read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, OSError, ValueError):
        return {}
    return noted if isinstance(noted, dict) else {}


def _of_checkout(folder: Path) -> Action | None:
    """The repository of a checkout, and its commit."""
    top = _git(folder, "rev-parse", "--show-toplevel")
    if not top or Path(top).resolve() != folder.resolve():
        return None  # no checkout, or a copy of srbench in somebody else's
    repository = github_repository(_git(folder, "remote", "get-url", "origin"))
    commit = _git(folder, "rev-parse", "HEAD")
    return Action(repository, commit) if repository and commit else None


def _git(folder: Path, *arguments: str) -> str:
    """What git prints; empty if it fails or is not installed."""
    # A hook of git sets variables that would name its own repository.
    own = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            env=own,
            timeout=_SECONDS,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
