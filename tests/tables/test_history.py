"""The steps of tables in real repositories, against what was committed there, written by hand."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from support.records import counted, printed, timed, trained
from support.repositories import Repo, leave_alone, more

from srbench.conditions import Setup
from srbench.errors import SrbenchError
from srbench.records import jsonl
from srbench.records.steps import Step, have_changed
from srbench.tables import git
from srbench.tables.git import NoHistoryError
from srbench.tables.history import History, histories, require_committed

BASE, SE, SR = (counted(f"resnet18{block}", 1000 + n) for n, block in enumerate(("", "+se", "+sr")))
MACHINE = "nvidia-h100"


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    leave_alone(monkeypatch)


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path / "repo")


def history(repo: Repo, name: str = "small") -> History:
    (found,) = histories(repo.tables, [name])
    return found


def told(step: Step) -> tuple[str, str, str, str, str]:
    """Date, first line of the commit's message, spec, kind and reason."""
    commit = step.commit
    return commit.date, commit.subject, step.track.row.spec, step.kind, step.reason


def steps(repo: Repo, name: str = "small") -> list[tuple[str, str, str, str, str]]:
    return [told(step) for step in history(repo, name).steps]


def test_every_change_is_a_step_with_its_own_reason(repo: Repo) -> None:
    repo.put("First", [BASE, SE], day=1)
    accepted = more(SE, 5, "SE has biases")
    repo.put("Count again", [BASE, accepted], day=2)
    repo.put(
        "Format",
        [replace(one, fingerprint="f2", made="2026-03-01T00:00:00Z") for one in (BASE, accepted)],
        day=3,
    )
    repo.put("By hand", [BASE, more(accepted, 7), SR], day=4)
    repo.put("Drop SE", [BASE, SR], day=5)
    found = history(repo).steps
    assert [told(step) for step in found] == [
        ("2026-01-05", "Drop SE", "resnet18+se", "gone", ""),
        ("2026-01-04", "By hand", "resnet18+se", "changed", ""),  # not the reason of day 2
        ("2026-01-04", "By hand", "resnet18+sr", "new", ""),
        ("2026-01-02", "Count again", "resnet18+se", "changed", "SE has biases"),
        ("2026-01-01", "First", "resnet18", "new", ""),
        ("2026-01-01", "First", "resnet18+se", "new", ""),
    ]
    assert [step.count("params") for step in found] == [
        *((1013, None), (1006, 1013), (None, 1002)),
        *((1001, 1006), (None, 1000), (None, 1001)),
    ]
    assert found[0].commit.hash == repo.git("rev-parse", "HEAD")
    assert found[0].commit.short == repo.git("rev-parse", "--short", "HEAD")
    assert have_changed(found)


def test_a_reason_stands_beside_the_change_that_it_was_given_for(repo: Repo) -> None:
    """Not beside a revert; and beside two changes if the same words were given twice."""
    one = replace(more(SE, 5, "wider"), made="2026-01-02T00:00:00Z")
    two = replace(more(SE, 9, "wider"), made="2026-01-03T00:00:00Z")
    for day, records in enumerate([[SE], [one], [two], [one], [], [one]], start=1):
        repo.put(f"Day {day}", [BASE, *records], day=day)
    found = [told(step)[1:] for step in history(repo).steps if step.track.row.spec == SE.spec]
    assert found == [
        ("Day 6", "resnet18+se", "new", ""),
        ("Day 5", "resnet18+se", "gone", ""),
        ("Day 4", "resnet18+se", "changed", ""),
        ("Day 3", "resnet18+se", "changed", "wider"),
        ("Day 2", "resnet18+se", "changed", "wider"),
        ("Day 1", "resnet18+se", "new", ""),
    ]


def test_a_change_that_only_a_reason_tells_is_a_step(repo: Repo) -> None:
    repo.put("First", [BASE])
    assert BASE.counts
    other = replace(BASE, counts=replace(BASE.counts, buffers=11), reason="A buffer more")
    repo.put("Accept", [other], day=2)
    repo.put("Reword", [replace(other, reason="One buffer more")], day=3)
    assert steps(repo)[0] == ("2026-01-02", "Accept", "resnet18", "changed", "A buffer more")
    assert len(steps(repo)) == 2


def test_published_figures_and_trainings_are_no_steps(repo: Repo) -> None:
    repo.put("First", [BASE, printed("resnet18", params="1.0"), trained("resnet18", 0, 50)])
    assert len(steps(repo)) == 1
    assert not have_changed(history(repo).steps)


def test_times_are_followed_by_machine_and_pass(repo: Repo) -> None:
    repo.put("First", [BASE])
    repo.write(timed("resnet18", [0.5, 0.6, 0.7]), machine=MACHINE)
    repo.commit("Time it", 2)
    repo.write(timed("resnet18", [0.4, 0.5, 0.6]), machine=MACHINE)
    repo.write(timed("resnet18", [4.0]), machine="cpu")
    repo.commit("Time it again", 3)
    repo.write(timed("resnet18", [9.0], setup=Setup(batch=8)), machine="cpu")
    (repo.tables / f"small.{MACHINE}.jsonl").unlink()
    repo.commit("Another batch", 4)
    told = []
    for step in history(repo).steps[:-1]:
        before, after = step.seconds
        ends = [one and (one.low, one.value, one.high) for one in (before, after)]
        told.append((step.commit.date, step.track.machine, step.track.pass_name, *ends))
    assert told == [
        ("2026-01-04", "cpu", "forward", None, (9.0, 9.0, 9.0)),
        ("2026-01-04", "cpu", "forward", (4.0, 4.0, 4.0), None),  # batches of 1
        ("2026-01-04", MACHINE, "forward", (0.4, 0.5, 0.6), None),
        ("2026-01-03", "cpu", "forward", None, (4.0, 4.0, 4.0)),
        ("2026-01-03", MACHINE, "forward", (0.5, 0.6, 0.7), (0.4, 0.5, 0.6)),
        ("2026-01-02", MACHINE, "forward", None, (0.5, 0.6, 0.7)),
    ]


def test_a_renamed_table_keeps_its_history(repo: Repo) -> None:
    others = [counted(f"resnet18+sr:memories={p}") for p in range(1, 9)]
    (repo.path / "old").mkdir()
    first = repo.path / "old" / "first.jsonl"
    first.write_bytes(b"".join(map(jsonl.line, [BASE, *others])))
    repo.commit("Elsewhere", 1)
    repo.git("mv", "old/first.jsonl", "tables/second.jsonl")
    repo.commit("Into tables", 2)
    repo.git("mv", "tables/second.jsonl", "tables/small.jsonl")
    repo.write(more(BASE, 1), *others)
    repo.commit("Rename it, and count", 3)
    found = steps(repo)
    assert found[0] == ("2026-01-03", "Rename it, and count", "resnet18", "changed", "")
    assert {one[:2] for one in found[1:]} == {("2026-01-01", "Elsewhere")}
    assert len(found) == 1 + 9


def test_a_copied_table_begins_with_the_copy(repo: Repo) -> None:
    others = [counted(f"resnet18+sr:memories={p}") for p in range(1, 9)]
    repo.put("First", [BASE, *others], day=1)
    repo.write(BASE, *others, name="copy")
    repo.commit("Copy", 2)
    assert {one[0] for one in steps(repo, "copy")} == {"2026-01-02"}


def test_a_branch_is_one_step_of_its_merge(repo: Repo) -> None:
    repo.put("First", [BASE], day=1)
    repo.git("checkout", "-q", "-b", "side")
    repo.put("Try", [more(BASE, 1)], day=2)
    repo.put("Try again", [more(BASE, 2, "wider")], day=3)
    repo.git("checkout", "-q", "main")
    (repo.path / "other").write_text("x")
    repo.commit("Meanwhile", 4)
    noon = "2026-01-05T12:00:00+00:00"
    repo.git("merge", "-q", "--no-ff", "side", "-m", "Land it", date=noon)
    assert steps(repo) == [
        ("2026-01-05", "Land it", "resnet18", "changed", "wider"),
        ("2026-01-01", "First", "resnet18", "new", ""),
    ]
    assert history(repo).steps[0].count("params") == (1000, 1002)


def test_the_working_tree_is_the_last_step(repo: Repo) -> None:
    repo.put("First", [BASE, SE])
    repo.write(more(BASE, 3, "not yet"), SE)
    assert steps(repo)[0] == ("", "", "resnet18", "changed", "not yet")
    (repo.tables / "small.jsonl").unlink()
    assert [one[3] for one in steps(repo)[:2]] == ["gone", "gone"]


def test_line_ends_and_a_mark_of_the_encoding_change_nothing(repo: Repo) -> None:
    path = repo.write(BASE, SE)
    repo.commit("First", 1)
    text = path.read_bytes()
    path.write_bytes(b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n"))
    repo.commit("CRLF", 2)
    path.write_bytes(text)
    assert history(repo).problems == []
    assert len(steps(repo)) == 2


MARKERS = b"<<<<<<< HEAD\n%s=======\n%s>>>>>>> side\n"


def test_damaged_lines_are_named_and_the_others_are_used(repo: Repo) -> None:
    path = repo.write(BASE, SE, SR)
    repo.commit("First", 1)
    newer = jsonl.line(SR).replace(b'{"schema":', b'{"schema":9')
    conflict = MARKERS % (jsonl.line(more(BASE, 1)), jsonl.line(more(BASE, 2)))
    path.write_bytes(conflict + jsonl.line(SE)[:100] + b"\n" + newer)
    damaged = repo.commit("Break it", 2)
    repo.commit("Meanwhile", 3)
    path.write_bytes(path.read_bytes() + b"\n")
    repo.commit("Still broken", 4)
    repo.put("Mend it", [more(BASE, 1), SE, SR], day=5)
    found = history(repo)
    assert [told(step)[1:4] for step in found.steps] == [
        ("Break it", "resnet18", "changed"),  # the first of the two; SE and SR are not gone
        *(("First", spec, "new") for spec in ("resnet18", "resnet18+se", "resnet18+sr")),
    ]
    (problem,) = found.problems
    assert problem.startswith(f"{path} in {damaged[:7]} line 1: damaged or cut short")
    assert problem.endswith("(and 4 more lines)")
    assert found.problems_now == []
    path.write_bytes(jsonl.line(more(BASE, 1)) + newer + jsonl.line(SE))
    now = history(repo)
    assert f"{path} line 2: written by a newer srbench" in now.problems_now[0]
    assert now.steps == found.steps


def test_earlier_schemas_are_read(repo: Repo) -> None:
    data = Path(__file__).parents[1] / "data"
    path = repo.write()
    for schema in range(1, 6):
        path.write_bytes((data / f"schema{schema}.jsonl").read_bytes())
        repo.commit(f"Schema {schema}", schema)
    found = history(repo)
    assert found.problems == []
    assert {step.commit.subject for step in found.steps} >= {"Schema 1"}


def test_names_that_are_not_ascii(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "-größe [x] *")
    repo.write(BASE, name="größe_网络")
    repo.write(timed("resnet18", [1.0]), name="größe_网络", machine="µ")
    repo.commit("Größe", 1)
    assert [one[1] for one in steps(repo, "größe_网络")] == ["Größe", "Größe"]
    assert history(repo, "größe_网络").steps[1].track.machine == "µ"


def test_a_folder_that_begins_with_a_hyphen(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.tables = repo.path / "--output=x"
    repo.tables.mkdir()
    repo.put("First", [BASE])
    monkeypatch.chdir(repo.path)
    (found,) = histories(Path("--output=x"), ["small"])
    assert len(found.steps) == 1


def test_hostile_messages_are_read_as_messages(repo: Repo) -> None:
    nasty = ":100644 100644 1234567 1234567 M \x1b[2J =1+1 \\input{x} <b>|`"
    repo.put(nasty, [BASE])
    repo.put("Second", [more(BASE, 1)], day=2)
    assert [one[1] for one in steps(repo)] == ["Second", nasty]


def test_a_shallow_clone_says_where_it_begins(repo: Repo, tmp_path: Path) -> None:
    repo.put("First", [replace(BASE, reason="long ago")], day=1)
    repo.put("Second", [more(BASE, 1)], day=2)
    repo.put("Third", [more(BASE, 1), SE], day=3)
    clone = tmp_path / "clone"
    repo.git("clone", "-q", "--depth", "2", repo.path.as_uri(), str(clone))
    (found,) = histories(clone / "tables", ["small"])
    assert found.begins_shallow
    assert [told(step)[1:4] for step in found.steps] == [
        ("Third", "resnet18+se", "new"),
        ("Second", "resnet18", "held"),
    ]
    assert not history(repo).begins_shallow


def test_user_settings_change_nothing(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.put("First", [BASE])
    repo.put("Second", [more(BASE, 1)], day=2)
    expected = history(repo)
    for key, value in {
        "alias.log": "!false",
        "color.ui": "always",
        "core.quotepath": "on",
        "core.pager": "false",
        "diff.external": "false",
        "diff.relative": "true",
        "format.pretty": "fuller",
        "log.follow": "true",
        "log.showRoot": "false",
        "log.showSignature": "true",
        "log.date": "relative",
        "log.diffMerges": "combined",
        "core.abbrev": "40",
    }.items():
        repo.git("config", key, value)
    monkeypatch.setenv("GIT_DIR", "/nonexistent")  # as in a hook of another repository
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "false")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    assert history(repo) == expected


def test_reading_takes_four_runs_of_git_and_changes_nothing(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("small", "large", "other"):
        repo.write(BASE, name=name)
    repo.commit("First", 1)
    repo.put("Second", [more(BASE, 1)], day=2)
    repo.put("Revert", [BASE], day=3)
    before = {path: path.stat().st_mtime_ns for path in repo.path.rglob("*")}
    runs, parsed = [], []
    start, parse = subprocess.Popen, jsonl.parse
    monkeypatch.setattr(git.subprocess, "Popen", lambda *a, **k: runs.append(a) or start(*a, **k))
    monkeypatch.setattr(jsonl, "parse", lambda line: parsed.append(line) or parse(line))
    found = histories(repo.tables, ["small", "large", "other"])
    assert [len(one.steps) for one in found] == [3, 1, 1]
    assert len(runs) <= 4
    assert len(parsed) <= 4  # BASE of each table at most, and the other line
    assert before == {path: path.stat().st_mtime_ns for path in repo.path.rglob("*")}


def test_without_a_repository_or_git_or_a_commit(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    (tmp_path / "plain").mkdir()
    with pytest.raises(NoHistoryError, match="is not in a git repository"):
        histories(tmp_path / "plain", ["small"])
    repo.write(BASE)
    assert not history(repo).is_committed  # before the first commit of all
    (repo.tables / "small.jsonl").unlink()
    repo.commit("Nothing", 1)
    repo.write(BASE)
    with pytest.raises(SrbenchError, match=r"no commit has .*small\.jsonl"):
        require_committed([history(repo)], repo.tables, are_named=True)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoHistoryError, match="git cannot be run") as error:
        history(repo)
    assert error.value.hint.startswith("install git")


def test_a_repository_that_git_cannot_read(repo: Repo) -> None:
    repo.put("First", [BASE])
    (repo.path / ".git" / "config").write_text("[core\n")
    with pytest.raises(NoHistoryError, match="git cannot read the repository"):
        history(repo)


LACKS = "git lacks its content: the clone is partial, or damaged"


def test_a_damaged_repository(repo: Repo) -> None:
    repo.put("First", [BASE])
    blob = repo.git("rev-parse", "HEAD:tables/small.jsonl")
    path = repo.path / ".git" / "objects" / blob[:2] / blob[2:]
    path.chmod(0o644)
    path.write_bytes(b"nonsense")
    (problem,) = history(repo).problems
    assert problem.endswith(LACKS)


def test_what_a_partial_clone_lacks_is_said(repo: Repo, tmp_path: Path) -> None:
    repo.git("config", "uploadpack.allowFilter", "true")
    repo.put("First", [BASE])
    lost = repo.git("rev-parse", "--short", "HEAD")
    repo.put("Second", [more(BASE, 1)], day=2)
    clone = tmp_path / "clone"
    repo.git("clone", "-q", "--filter=blob:none", repo.path.as_uri(), str(clone))
    shutil.rmtree(repo.path)  # older versions of git would fetch it
    try:
        (found,) = histories(clone / "tables", ["small"])
    except NoHistoryError:
        return  # they say so
    assert found.problems == [f"{clone / 'tables' / 'small.jsonl'} in {lost}: {LACKS}"]
    assert [one.count("params") for one in found.steps] == [(None, 1001)]
