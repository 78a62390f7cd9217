"""`srbench comment`: one comment on a pull request, updated in place, against a fake API."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.github import BOT, FakeGitHub, serving

from srbench.cli import pull_requests
from srbench.cli.app import run
from srbench.cli.pull_requests import LONGEST, MARK, shortened

Say = Callable[..., int]


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGitHub]:
    monkeypatch.setattr(pull_requests, "PAUSE", 0)
    with serving() as github:
        yield github


@pytest.fixture
def say(github: FakeGitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Say:
    """Runs the command with a text, in a workflow; returns its exit code."""

    def say(text: str, event: object = None) -> int:
        for name, value in github.variables(tmp_path, event).items():
            monkeypatch.setenv(name, value)
        path = tmp_path / "result.md"
        path.write_text(text, encoding="utf-8")
        return run(["comment", str(path)])

    return say


def bodies(github: FakeGitHub) -> list[str]:
    return [comment["body"] for comment in github.comments]


def test_the_comment_is_written_once_and_then_updated(github: FakeGitHub, say: Say) -> None:
    github.add("a remark of a person", {"login": "ada", "type": "User"})
    assert say("red: 3 × 2 ≠ 7\n") == 0
    assert bodies(github)[1:] == [f"{MARK}\nred: 3 × 2 ≠ 7\n"]
    assert say("green\n") == 0
    assert bodies(github) == ["a remark of a person", f"{MARK}\ngreen\n"]
    assert github.tokens == {"Bearer secret"}
    assert [one.split()[0] for one in github.asked].count("PATCH") == 1


def test_the_same_text_is_not_written_again(github: FakeGitHub, say: Say) -> None:
    say("green\n")
    github.comments[0]["body"] = github.comments[0]["body"].replace("\n", "\r\n")
    say("green\n")
    assert not any(one.startswith("PATCH") for one in github.asked)


def test_our_comment_is_found_on_a_later_page(github: FakeGitHub, say: Say) -> None:
    for number in range(230):
        github.add(f"remark {number}", {"login": "ada", "type": "User"})
    say("red")
    say("green")
    assert bodies(github)[230:] == [f"{MARK}\ngreen"]


def test_a_comment_of_someone_else_with_our_mark_is_left_alone(
    github: FakeGitHub, say: Say
) -> None:
    github.add(f"{MARK}\nmine", {"login": "mallory", "type": "User"})
    github.add(f"quoted: {MARK}", BOT)
    say("green")
    assert bodies(github) == [f"{MARK}\nmine", f"quoted: {MARK}", f"{MARK}\ngreen"]


def test_a_token_of_a_person_finds_its_own_comment(github: FakeGitHub, say: Say) -> None:
    github.login = "ada"
    github.add(f"{MARK}\nof the bot")
    say("red")
    say("green")
    assert bodies(github) == [f"{MARK}\nof the bot", f"{MARK}\ngreen"]


def test_without_permission_the_text_goes_to_the_job_summary(
    github: FakeGitHub, say: Say, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    github.refusals["POST"] = [403]
    assert say("red\n") == 0
    assert (tmp_path / "summary.md").read_text() == "red\n"
    said = capsys.readouterr().err
    assert "no comment, the result is in the job summary: GitHub answers 403, Resource not" in said
    assert "secret" not in said


def test_the_job_summary_itself_is_not_written_twice(
    github: FakeGitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    github.refusals["POST"] = [403]
    for name, value in github.variables(tmp_path).items():
        monkeypatch.setenv(name, value)
    summary = tmp_path / "summary.md"
    summary.write_text("red\n")
    assert run(["comment", str(summary)]) == 0
    assert summary.read_text() == "red\n"


@pytest.mark.parametrize(
    "event", [{}, {"pull_request": None}, {"pull_request": "text"}, {"push": 1}, []]
)
def test_other_events_have_only_the_job_summary(
    event: object, github: FakeGitHub, say: Say, tmp_path: Path
) -> None:
    assert say("green\n", event) == 0
    assert github.asked == []
    assert (tmp_path / "summary.md").read_text() == "green\n"


def test_a_busy_server_is_asked_again(github: FakeGitHub, say: Say) -> None:
    github.refusals["POST"] = [502, 503]
    say("green")
    assert bodies(github) == [f"{MARK}\ngreen"]


@pytest.mark.parametrize("codes", [[500, 500, 500], [307], [422], [404]])
def test_other_answers_leave_the_result_in_the_summary(
    codes: list[int], github: FakeGitHub, say: Say, tmp_path: Path
) -> None:
    github.refusals["POST"] = list(codes)
    assert say("green\n") == 0
    assert (tmp_path / "summary.md").read_text() == "green\n"
    assert not any("elsewhere" in one for one in github.asked), "the token stays with the API"


@pytest.mark.parametrize(
    "answer", [[], {}, "text", 5, None, [1, {"id": "7"}, {"id": 1, "user": "x", "body": 5}]]
)
def test_odd_answers_are_no_failure_of_srbench(
    answer: object, github: FakeGitHub, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(github, "answer", lambda *_: (200, answer))
    assert say("green") == 0


def test_a_token_is_never_printed(
    github: FakeGitHub, say: Say, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    variables = github.variables
    for token, code in (("ghp_SECRET\r\nX", 2), (" ghp_SECRET\n", 0), ("ghp_SECRÉT", 2)):
        monkeypatch.setattr(
            github,
            "variables",
            lambda *given, token=token: variables(*given) | {"GITHUB_TOKEN": token},
        )
        assert say("green") == code
        assert "SECR" not in "".join(capsys.readouterr())
    assert github.tokens == {"Bearer ghp_SECRET"}


def test_a_server_that_is_not_there_is_no_failure_of_the_check(
    github: FakeGitHub, say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    github.address = "http://127.0.0.1:9"
    assert say("green\n") == 0
    assert (tmp_path / "summary.md").read_text() == "green\n"


def test_a_long_text_is_cut_at_a_line_and_its_block_is_closed() -> None:
    text = "### Counts\n\n````\n" + "a line of a finding ×\n" * 5000 + "````\n"
    short = shortened(text)
    assert len(f"{MARK}\n{short}") <= 65_536
    lines = short.splitlines()
    assert lines[-4:] == ["a line of a finding ×", "````", "", "The rest is in the job summary."]
    assert shortened("a" * LONGEST) == "a" * LONGEST
    assert shortened("a" * 70_000).startswith("a" * LONGEST)


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({}, "this is not a workflow of GitHub"),
        ({"GITHUB_API_URL": "file:///etc"}, "give an address that begins with https://"),
        ({"GITHUB_EVENT_PATH": "/nowhere"}, "cannot read /nowhere"),
    ],
)
def test_outside_a_workflow_it_says_so(
    variables: dict[str, str],
    message: str,
    github: FakeGitHub,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    for name in github.variables(tmp_path):
        monkeypatch.delenv(name, raising=False)
    for name, value in (github.variables(tmp_path) | variables if variables else {}).items():
        monkeypatch.setenv(name, value)
    (tmp_path / "result.md").write_text("green")
    assert run(["comment", str(tmp_path / "result.md")]) == 2
    assert message in capsys.readouterr().err
    assert run(["comment", str(tmp_path / "none.md")]) == 2
