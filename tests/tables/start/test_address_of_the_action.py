"""Where srbench's action is: given, noted by the installer, or left to be filled in."""

import json
import subprocess
from pathlib import Path

import pytest

from srbench.errors import SrbenchError
from srbench.tables.start import action
from srbench.tables.start.action import Action

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def noted(monkeypatch: pytest.MonkeyPatch, **what: object) -> Action | None:
    monkeypatch.setattr(action, "_noted", lambda: what)
    return action.installed_from()


@pytest.mark.parametrize(
    "address",
    [
        "https://github.com/some-one/srbench.git",
        "https://github.com/some-one/srbench",
        "https://github.com/some-one/srbench/",
        "https://token:x@github.com/some-one/srbench.git",
        "ssh://git@github.com/some-one/srbench.git",
        "ssh://git@github.com:22/some-one/srbench",
        "git+https://github.com/some-one/srbench",
        "git@github.com:some-one/srbench.git",
        "HTTPS://GitHub.com/some-one/srbench",
    ],
)
def test_an_address_on_github_is_a_repository(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert action.github_repository(address) == "some-one/srbench"
    found = noted(monkeypatch, url=address, vcs_info={"vcs": "git", "commit_id": COMMIT})
    assert str(found) == f"some-one/srbench@{COMMIT}"


@pytest.mark.parametrize(
    "address",
    [
        "https://example.org/some-one/srbench",
        "https://github.com.example.org/some-one/srbench",
        "https://github.com/some-one",
        "https://github.com/some-one/srbench/tree/main",
        "https://github.com/some-one/sr bench",
        "https://example.org/github.com/some-one/srbench",
        "git@example.org:some-one/srbench.git",
        "/home/some-one/srbench",
        "",
    ],
)
def test_any_other_address_is_none(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert action.github_repository(address) == ""
    assert noted(monkeypatch, url=address, vcs_info={"commit_id": COMMIT}) is None


def git(folder: Path, *arguments: str) -> str:
    own = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        ["git", *own, "-C", str(folder), *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_a_checkout_is_known_by_its_remote_and_its_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "a b"
    (folder / "inner").mkdir(parents=True)
    local = {"url": folder.as_uri(), "dir_info": {"editable": True}}
    assert noted(monkeypatch, **local) is None
    git(folder, "init", "-q")
    git(folder, "commit", "-q", "--allow-empty", "-m", "first")
    assert noted(monkeypatch, **local) is None  # it has no remote
    git(folder, "remote", "add", "origin", "git@github.com:some-one/srbench.git")
    assert noted(monkeypatch, **local) == Action(
        "some-one/srbench", git(folder, "rev-parse", "HEAD")
    )
    # A copy of srbench in somebody else's repository is not theirs.
    assert noted(monkeypatch, url=(folder / "inner").as_uri()) is None
    monkeypatch.setenv("GIT_DIR", "/nonexistent")  # as a hook of git may set it
    assert noted(monkeypatch, **local)
    monkeypatch.setenv("PATH", "")
    assert noted(monkeypatch, **local) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "3", json.dumps({"url": 3, "vcs_info": {}})])
def test_a_note_that_says_nothing_is_none(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.metadata as metadata

    class Distribution:
        def read_text(self, name: str) -> str:
            assert name == "direct_url.json"
            return text

    monkeypatch.setattr(metadata, "distribution", lambda name: Distribution())
    assert action.installed_from() is None


def test_srbench_that_is_not_installed_is_from_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(action, "DISTRIBUTION", "no-such-distribution")
    assert action.installed_from() is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("some-one/srbench", "some-one/srbench@main"),
        ("some-one/srbench@v1.2", "some-one/srbench@v1.2"),
        (f"some-one/my.bench@{COMMIT}", f"some-one/my.bench@{COMMIT}"),
        ("https://github.com/some-one/srbench.git", "some-one/srbench@main"),
        ("Known/Srbench", f"Known/Srbench@{COMMIT}"),
    ],
)
def test_a_repository_may_be_written_with_a_version(
    text: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(action, "installed_from", lambda: Action("known/srbench", COMMIT))
    assert str(action.parsed(text)) == expected


@pytest.mark.parametrize(
    "text",
    ["srbench", "a/b/c", "a b/c", "a/b@", "a/b@x y", "a/..", "-a/b", "a/b\n", "a/b@x'", "é/b", "@"],
)
def test_what_is_no_repository_is_an_error(text: str) -> None:
    with pytest.raises(SrbenchError, match=r"is not a repository on GitHub \(write OWNER/NAME"):
        action.parsed(text if text != "a/b\n" else "a/b\nc")


def test_the_placeholder_says_that_it_is_one() -> None:
    assert Action("OWNER/srbench").is_placeholder
    assert not Action("someone/srbench").is_placeholder
