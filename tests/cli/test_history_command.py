"""`srbench history`, and the history in `srbench report`."""

import csv
import io
import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from support.records import counted, timed
from support.repositories import Repo, leave_alone, more

from srbench.cli.app import run

BASE, SE, SR = (counted(f"resnet18{block}", 1000 + n) for n, block in enumerate(("", "+se", "+sr")))
NASTY = "\x1b[2J <script>alert(1)</script> $x$ \\input{y} a|b `c` &amp; \u202e"
FORMULA = '=HYPERLINK("http://x")'


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    leave_alone(monkeypatch)


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    made = Repo(tmp_path / "repo")
    monkeypatch.chdir(made.path)
    return made


@pytest.fixture
def changed(repo: Repo) -> Repo:
    repo.put("First", [BASE, SE, SR], day=1)
    repo.write(more(BASE, 1), more(SE, 200, "SE has biases"), SR)
    repo.write(timed("resnet18", [0.5, 0.6, 0.7]), machine="h100")
    repo.commit("Count and time", 2)
    repo.write(timed("resnet18", [0.4, 0.5, 0.6]), machine="h100")
    repo.commit("Time again", 3)
    repo.write(more(BASE, 1), more(SE, 200, "SE has biases"))
    return repo


def test_steps_stand_beside_their_reasons(changed: Repo, capsys: pytest.CaptureFixture) -> None:
    assert run(["history", "small"]) == 0
    stdout, stderr = capsys.readouterr()
    heads, rule, *lines = stdout.partition("\n\nNewest first")[0].splitlines()
    assert heads.split() == ["Date", "Commit", "Model", "Change", "Reason", "Commit", "says"]
    assert set(rule) == {"─"}
    assert stderr == ""
    short = changed.git("rev-parse", "--short", "HEAD^")
    text = [" ".join(line.split()) for line in lines]
    assert text == [
        "not committed resnet18+sr at 64×64 gone – –",
        "",
        "2026-01-03 " + changed.git("rev-parse", "--short", "HEAD") + " resnet18 at 64×64 forward "
        "on h100: 600.0 [500.0, 700.0] ms → 500.0 [400.0, 600.0] ms (-16.7 %) – Time again",
        "",
        f"2026-01-02 {short} resnet18 at 64×64 params 1,000 → 1,001 (+1) – Count and time",
        f"2026-01-02 {short} resnet18+se at 64×64 params 1,001 → 1,201 (+200) SE has biases –",
        f"2026-01-02 {short} resnet18 at 64×64 new: forward on h100: 600.0 [500.0, 700.0] ms – "
        "Count and time",
        "",
        *(
            f"2026-01-01 {changed.git('rev-parse', '--short', 'HEAD~2')} {spec} at 64×64 new: "
            f"params {params:,}; macs 5,000; flops 5,007 – First"
            for spec, params in (("resnet18", 1000), ("resnet18+se", 1001), ("resnet18+sr", 1002))
        ),
    ]


def test_csv_and_json_are_in_base_units(changed: Repo, capsys: pytest.CaptureFixture) -> None:
    assert run(["history", "-f", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert rows[1] | {"commit": ""} == dict.fromkeys(rows[1], "") | {
        "table": "small",
        "date": "2026-01-03",
        "spec": "resnet18",
        "change": "changed",
        "machine": "h100",
        "pass": "forward",
        "s_before": "0.6",
        "s_before_low": "0.5",
        "s_before_high": "0.7",
        "s_after": "0.5",
        "s_after_low": "0.4",
        "s_after_high": "0.6",
        "commit_says": "Time again",
        "input_height": "64",
        "input_width": "64",
        "num_classes": "1000",
        "batch": "1",
    }
    assert rows[1]["commit"] == changed.git("rev-parse", "HEAD")
    assert run(["history", "-f", "json", "--row", "resnet18+se"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(one["params_before"], one["params_after"], one["reason"]) for one in found] == [
        (1001, 1201, "SE has biases"),
        (None, 1001, None),
    ]


def test_several_tables_are_told_apart(repo: Repo, capsys: pytest.CaptureFixture) -> None:
    repo.put("First", [BASE], day=1)
    repo.write(BASE, name="other")
    repo.commit("Second", 2)
    repo.write(BASE, name="draft")
    assert run(["history"]) == 0
    stdout, stderr = capsys.readouterr()
    assert [line.split()[0] for line in stdout.splitlines()[2:5] if line] == ["other", "small"]
    assert stderr == "note: never committed, and left out: draft\n"
    assert run(["history", "draft"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        f"error: no commit has {Path('tables/draft.jsonl')}",
        "hint: commit it: `git add tables`, then `git commit`",
    ]


def test_rows_of_all_sizes_and_classes_are_told_apart(
    repo: Repo, capsys: pytest.CaptureFixture
) -> None:
    repo.put("First", [BASE, replace(BASE, num_classes=10), replace(BASE, input=(3, 32, 32))])
    assert run(["history"]) == 0
    told = capsys.readouterr().out
    for name in ("64×64, 1000 classes", "64×64, 10 classes", "32×32, 1000 classes"):
        assert f"resnet18 at {name}" in told


@pytest.mark.parametrize("name", ["text", "markdown", "latex", "csv", "html", "json", "jsonl"])
def test_hostile_text_stays_in_its_cell(
    repo: Repo, name: str, capsys: pytest.CaptureFixture
) -> None:
    repo.put(FORMULA + NASTY, [BASE], day=1)
    repo.put("Second", [more(BASE, 1, FORMULA + NASTY)], day=2)
    assert run(["history", "-f", name]) == 0
    told = capsys.readouterr().out
    assert "\x1b" not in told
    assert "\u202e" not in told
    if name == "markdown":
        rows = [line for line in told.splitlines() if line.startswith("|")]
        assert len({line.replace("\\|", "").count("|") for line in rows}) == 1
        assert "<script" not in told.replace("\\<", "")
    if name == "latex":
        assert "\\input" not in told
        assert "$x$" not in told
    if name == "html":
        assert "<script>alert" not in told
    if name == "csv":
        rows = list(csv.DictReader(io.StringIO(told)))
        assert [rows[0]["reason"][:2], rows[1]["commit_says"][:2]] == ["'=", "'="]


def test_damaged_lines_are_warned_of_once(repo: Repo, capsys: pytest.CaptureFixture) -> None:
    path = repo.write(BASE)
    repo.commit("First", 1)
    text = path.read_bytes()
    path.write_bytes(b"<<<<<<< HEAD\n" + text)
    repo.commit("Break", 2)
    short = repo.git("rev-parse", "--short", "HEAD")
    path.write_bytes(text)
    repo.commit("Mend", 3)
    assert run(["history"]) == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"warning: {Path('tables/small.jsonl')} in {short} line 1: damaged")
    path.write_bytes(b"{\n" + text)
    assert run(["history"]) == 4  # it can be mended
    assert "error: " + str(Path("tables/small.jsonl")) + " line 1" in capsys.readouterr().err


def test_a_shallow_clone_is_said(
    changed: Repo, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    changed.git("clone", "-q", "--depth", "1", changed.path.as_uri(), str(tmp_path / "clone"))
    assert run(["history", "--folder", str(tmp_path / "clone" / "tables")]) == 0
    stdout, stderr = capsys.readouterr()
    assert stderr.startswith("note: this clone is shallow, and the history begins where")
    assert "there before: params 1,201" in stdout
    assert "SE has biases" in stdout  # the reason of the figures, whenever it was given
    assert "Time again" not in stdout  # is not what made them


def test_wrong_usage_is_refused(
    changed: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    shutil.copytree(changed.tables, tmp_path / "plain")
    (tmp_path / "plot.png").mkdir()
    for arguments, message in (
        (["smal"], "there is no table 'smal' in tables"),
        (["--row", "resnet18+s"], "--row: no commit has a row 'resnet18+s'"),
        (["--folder", str(tmp_path / "plain")], "is not in a git repository"),
        (["--plot", "x.txt"], "x.txt is not the name of a picture"),
        (["--plot", "x.png", "-o", "x.png"], "two outputs go to one file"),
        (["-o", "tables/small.jsonl"], "is read by this command"),
        (["--plot", "x.png", "--row", "resnet18+sr"], "there is nothing to plot"),
    ):
        assert run(["history", *arguments]) == 2
        told = capsys.readouterr()
        error, hint = told.err.splitlines()
        assert message in error
        assert hint.startswith("hint: ")
        assert told.out == ""


def test_plots_are_written(changed: Repo, capsys: pytest.CaptureFixture) -> None:
    for path in ("one.pdf", "one.png"):
        assert run(["history", "--plot", path]) == 0
        assert Path(path).stat().st_size > 5000
    assert run(["history", "--plot", "{}.svg", "-o", "steps.md"]) == 0
    assert sorted(path.name for path in Path().glob("*.svg")) == [
        "forward-on-h100.svg",
        "params-since-the-first-commit.svg",
    ]
    assert "wrote forward-on-h100.svg" in capsys.readouterr().err


HEAVY = ("torch", "torchvision", "fvcore", "scipy", "pandas", "matplotlib")


def test_torch_is_not_loaded(changed: Repo) -> None:
    for arguments, known in (
        (["--help"], set()),
        ([], set()),
        (["--plot", "x.svg"], {"matplotlib"}),
    ):
        code = (
            f"from srbench.cli.app import run; run({['history', *arguments]!r})\n"
            f"import sys; print('\\n' + ' '.join(set({HEAVY!r}) & set(sys.modules)))"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert set(done.stdout.splitlines()[-1].split()) == known


def page(*arguments: str) -> str:
    assert run(["report", *arguments, "-o", "page.html"]) == 0
    return Path("page.html").read_text(encoding="utf-8")


def test_a_report_has_the_history_of_a_table_that_changed(
    changed: Repo, capsys: pytest.CaptureFixture
) -> None:
    text = page("small")
    assert "<h2>History of small</h2>" in text
    assert "SE has biases" in text
    assert "<figcaption>Params since the first commit</figcaption>" in text
    assert 'class="mark"' in text
    assert "<b>1</b> SE has biases" in text
    Path("copy.jsonl").write_bytes((changed.tables / "small.jsonl").read_bytes())
    for files in (["copy.jsonl"], ["tables/small.jsonl"]):
        assert "History of" not in page(*files)
    capsys.readouterr()


def test_a_report_of_fresh_tables_is_as_it_was(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    repo.put("First", [BASE])
    fresh = page("small")
    assert "History of" not in fresh
    told = capsys.readouterr().err
    shutil.rmtree(repo.path / ".git")
    assert page("small") == fresh
    assert capsys.readouterr().err == told
    monkeypatch.setenv("PATH", str(tmp_path))
    assert page("small") == fresh
    assert capsys.readouterr().err == told


def test_tables_and_plots_of_a_report_have_no_history(changed: Repo) -> None:
    assert run(["report", "small", "-o", "report.csv"]) == 0
    before = Path("report.csv").read_text()
    shutil.rmtree(changed.path / ".git")
    assert run(["report", "small", "-o", "report.csv"]) == 0
    assert Path("report.csv").read_text() == before
