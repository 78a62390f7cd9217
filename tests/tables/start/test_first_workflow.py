"""The workflow that `srbench init` writes, the lines for git, and files that are all or none."""

import re
from pathlib import Path
from typing import Any

import pytest

from srbench.errors import SrbenchError
from srbench.tables.start import attributes, workflow
from srbench.tables.start.action import Action
from srbench.tables.start.writing import is_there, write_new

yaml = pytest.importorskip("yaml")
COMMIT = "0123456789abcdef0123456789abcdef01234567"
HERE = Action("someone/srbench", COMMIT)
UNKNOWN = Action("OWNER/srbench")
IS_PULL = "${{ github.event_name == 'pull_request' }}"


def loaded(text: str) -> dict[str, Any]:
    found: dict[Any, Any] = yaml.safe_load(text)
    found["on"] = found.pop(True)  # YAML 1.1 reads on as true; GitHub does not
    return found


def test_the_workflow_checks_the_tables_and_the_times() -> None:
    found = loaded(workflow.workflow(HERE, is_timed=True))
    (job,) = found.pop("jobs").values()
    assert found == {
        "name": "srbench",
        "on": {"pull_request": None, "push": None},
        "permissions": {"contents": "read", "pull-requests": "write"},
    }
    assert job.pop("timeout-minutes") <= 60
    assert job == {
        "if": "${{ github.event_name == 'pull_request' || "
        "github.ref_name == github.event.repository.default_branch }}",
        "runs-on": "ubuntu-latest",
        "steps": [
            {"uses": "actions/checkout@v4", "with": {"fetch-depth": 2}},
            {"if": IS_PULL, "run": "git worktree add base HEAD^1"},
            {
                "uses": f"someone/srbench@{COMMIT}",
                "with": {
                    "tables": "tables",
                    "time-against": "${{ github.event_name == 'pull_request' && 'base' || '' }}",
                    "install": "",
                },
            },
        ],
    }


def test_without_times_nothing_is_checked_out_to_time_against() -> None:
    text = workflow.workflow(HERE, is_timed=False)
    (job,) = loaded(text)["jobs"].values()
    assert job["steps"] == [
        {"uses": "actions/checkout@v4"},
        {"uses": f"someone/srbench@{COMMIT}", "with": {"tables": "tables", "install": ""}},
    ]
    assert "slower" not in text


@pytest.mark.parametrize("is_timed", [True, False])
@pytest.mark.parametrize("action", [HERE, UNKNOWN])
def test_it_ends_with_a_line_end_and_names_no_package(is_timed: bool, action: Action) -> None:
    text = workflow.workflow(action, is_timed)
    assert text.endswith("'\n")
    assert "\n\n\n" not in text
    assert not re.search(r"install\s+srbench", text)
    assert "[[" not in text
    assert "[%" not in text
    assert max(len(line) for line in text.splitlines() if "if:" not in line) <= 100


def test_the_line_of_the_owner_is_the_one_to_fill_in() -> None:
    text = workflow.workflow(UNKNOWN, is_timed=True)
    line = workflow.line_of_owner(text)
    assert line is not None
    assert text.splitlines()[line - 1].strip() == "- uses: OWNER/srbench@main"
    assert workflow.line_of_owner(workflow.workflow(HERE, is_timed=True)) is None


def test_what_the_code_needs_is_read_off_its_files(tmp_path: Path) -> None:
    assert workflow.own_requirements(tmp_path) == ""
    (tmp_path / "pyproject.toml").touch()
    assert workflow.own_requirements(tmp_path) == ""
    (tmp_path / "requirements.txt").touch()
    assert workflow.own_requirements(tmp_path) == "-r requirements.txt"
    (tmp_path / "src").mkdir()
    assert workflow.own_requirements(tmp_path) == "-e ."
    assert loaded(workflow.workflow(HERE, True, "-r requirements.txt"))["jobs"]["tables"]["steps"][
        -1
    ]["with"]["install"] == ("-r requirements.txt")


def test_only_missing_lines_for_git_are_named() -> None:
    assert attributes.missing("") == ["tables/* text eol=lf", "tables/*.jsonl diff=srbench"]
    assert attributes.missing("tables/*\ttext  eol=lf\n") == ["tables/*.jsonl diff=srbench"]
    assert attributes.missing(attributes.TEXT) == []
    assert 'git config diff.srbench.textconv "srbench records"' in attributes.TEXT


# --- writing


def test_files_are_written_with_their_folders(tmp_path: Path) -> None:
    write_new({tmp_path / "a/b/c.txt": "é\n", tmp_path / "d.txt": "x\n"})
    assert (tmp_path / "a/b/c.txt").read_bytes() == "é\n".encode()
    assert (tmp_path / "d.txt").read_bytes() == b"x\n"


def test_a_file_that_is_there_is_not_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    (tmp_path / "d.txt").write_text("mine")
    with pytest.raises(SrbenchError, match=r"d\.txt: it is there already"):
        write_new({tmp_path / "a/b/c.txt": "x", tmp_path / "d.txt": "x"})
    assert [path.name for path in tmp_path.iterdir()] == ["d.txt"]
    assert (tmp_path / "d.txt").read_text() == "mine"


def test_a_link_to_nothing_is_there(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "nothing")
    assert is_there(tmp_path / "link")
    with pytest.raises(SrbenchError, match="it is there already"):
        write_new({tmp_path / "link": "x"})
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_an_error_in_between_leaves_nothing(
    error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.mkdir

    def fails(path: Path, *arguments: Any) -> None:
        if path.name == "second":
            raise error
        real(path, *arguments)

    monkeypatch.setattr(Path, "mkdir", fails)
    (tmp_path / "kept").mkdir()
    files = {tmp_path / "first/a": "x", tmp_path / "kept/b": "x", tmp_path / "second/c": "x"}
    with pytest.raises((SrbenchError, KeyboardInterrupt)):
        write_new(files)
    assert [path.name for path in tmp_path.rglob("*")] == ["kept"]
