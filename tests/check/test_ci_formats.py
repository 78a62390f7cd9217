"""A check for CI services: JUnit, GitLab's code quality and a badge, as their readers want it."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from support.records import counted, write_layout

from srbench.check.findings import Checked, Finding
from srbench.check.formats import written
from srbench.check.outcomes import Result, counted_results, timed_results
from srbench.check.verdicts import Verdict
from srbench.cli.app import run
from srbench.records import jsonl
from srbench.records.timing import Estimate

HOSTILE = 'a\x1b[2J\x00 "&<]]>\n::error::b \ufffe\udc80'
CHANGED = Finding(
    "changed", "small", "params 1 → 2", ("parameter w: 1 → 2",), "undo it", "resnet18 at 64×64",
    Path("tables/small.jsonl"), 3,
)  # fmt: skip
RENDERING = Finding(
    "rendering", "small", "small.md differs", remedy="srbench table", file=Path("tables/small.md")
)
TABLES = [
    Checked("small", ("resnet18 at 64×64", "resnet18+se at 64×64"), (CHANGED, RENDERING)),
    Checked("good", ("resnet34 at 64×64",)),
    Checked("bad", (), (Finding("unreadable", "bad", "not TOML", file=Path("tables/bad.toml")),)),
]
RATIO = Estimate(1.2, 1.19, 1.21, 6)
VERDICTS = [
    Verdict("small", "resnet18", "pass", 0.05, ratio=Estimate(1.0, 0.99, 1.01, 6)),
    Verdict("small", "resnet18+se", "regression", 0.05, ratio=RATIO),
    Verdict("small", "bench:f", "inconclusive", 0.05, "the interval contains the tolerance", RATIO),
    Verdict("small", "bench:g", "new", 0.05, "SpecError: there is no bench:g"),
    Verdict("small", "bench:h", "failed", 0.05, "RuntimeError: broken"),
]


def results(kind: str) -> list[Result]:
    return {
        "counts": counted_results(TABLES),
        "times": timed_results(VERDICTS, Path("tables")),
    }[kind]


def test_junit_has_a_case_for_each_row_and_its_counts_add_up() -> None:
    root = ElementTree.fromstring(written("junit", results("counts")))
    cases = {
        (case.get("classname"), case.get("name")): [one.tag for one in case]
        for case in root.iter("testcase")
    }
    assert cases == {
        ("small", "resnet18+se at 64×64"): [],
        ("small", "resnet18 at 64×64"): ["failure"],
        ("small", "tables/small.md"): ["failure"],
        ("good", "resnet34 at 64×64"): [],
        ("bad", "tables/bad.toml"): ["error"],
    }
    for suite in (root, *root.iter("testsuite")):
        found = [[one.tag for one in case] for case in suite.iter("testcase")]
        assert int(suite.get("tests")) == len(found)
        assert int(suite.get("failures")) == found.count(["failure"])
        assert int(suite.get("errors")) == found.count(["error"])
        assert int(suite.get("skipped")) == found.count(["skipped"])
    (failure, _) = root.iter("failure")
    assert failure.get("message") == "params 1 → 2"
    assert failure.text.splitlines() == [
        *("params 1 → 2", "parameter w: 1 → 2", "tables/small.jsonl line 3", "undo it")
    ]


def test_junit_skips_what_is_inconclusive() -> None:
    root = ElementTree.fromstring(written("junit", results("times")))
    found = {case.get("name"): [one.tag for one in case] for case in root.iter("testcase")}
    assert found == {
        "resnet18": [],
        "resnet18+se": ["failure"],
        "bench:f": ["skipped"],
        "bench:g": ["skipped"],
        "bench:h": ["error"],
    }
    (failure,) = root.iter("failure")
    assert failure.get("message").startswith("time +20.0 [+19.0, +21.0] %, tolerated are 5 %; slow")


def test_gitlab_gets_what_did_not_pass_at_its_place() -> None:
    first, second, third = json.loads(written("gitlab", results("counts")))
    assert first["location"] == {"path": "tables/small.jsonl", "lines": {"begin": 3}}
    assert second["location"] == {"path": "tables/small.md", "lines": {"begin": 1}}
    assert [one["severity"] for one in (first, second, third)] == ["major", "major", "critical"]
    assert first["description"].startswith("small: resnet18 at 64×64: params 1 → 2. parameter w")
    assert len({one["fingerprint"] for one in (first, second, third)}) == 3
    allowed = {"info", "minor", "major", "critical", "blocker"}
    found = json.loads(written("gitlab", results("times")))
    assert {one["severity"] for one in found} <= allowed
    assert len(found) == 4


def test_a_finding_keeps_its_fingerprint_when_its_figures_change() -> None:
    def fingerprint(message: str) -> str:
        finding = Finding("changed", "small", message, row="resnet18 at 64×64")
        (found,) = json.loads(
            written("gitlab", counted_results([Checked("small", (), (finding,))]))
        )
        return found["fingerprint"]

    assert fingerprint("params 1 → 2") == fingerprint("params 1 → 3")


def test_gitlab_gets_paths_from_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    inside, outside = tmp_path / "tables" / "t.jsonl", Path("/elsewhere/t.jsonl")
    found = [Finding("missing", "t", "m", file=path) for path in (inside, outside)]
    paths = [
        one["location"]["path"]
        for one in json.loads(written("gitlab", counted_results([Checked("t", (), tuple(found))])))
    ]
    assert paths == ["tables/t.jsonl", "/elsewhere/t.jsonl"]


@pytest.mark.parametrize(
    ("found", "message", "colour"),
    [
        (results("counts"), "3 of 5 failing", "red"),
        (results("counts")[3:4], "passing", "brightgreen"),
        (results("times")[:1], "passing", "brightgreen"),
        (results("times")[2:3], "inconclusive", "yellow"),
        (results("times")[3:4], "passing", "brightgreen"),
        (results("times")[4:], "1 of 1 failing", "red"),
        ([], "passing", "brightgreen"),
    ],
)
def test_a_badge_says_whether_all_is_well(found: list[Result], message: str, colour: str) -> None:
    badge = json.loads(written("badge", found))
    assert (badge["message"], badge["color"]) == (message, colour)
    assert (badge["schemaVersion"], badge["label"]) == (1, "srbench")


@pytest.mark.parametrize("form", ["junit", "gitlab", "badge", "github"])
def test_hostile_text_stays_text(form: str) -> None:
    finding = Finding(
        "changed", HOSTILE, HOSTILE, (HOSTILE,), HOSTILE, HOSTILE, Path("tables/a\nb.jsonl"), 1
    )
    verdict = Verdict("small", HOSTILE, "failed", 0.05, HOSTILE)
    checked = counted_results([Checked(HOSTILE, (HOSTILE, HOSTILE + "2"), (finding,))])
    for found in (checked, timed_results([verdict], Path("tables"))):
        text = written(form, found)
        text.encode()
        assert not {"\x1b", "\x00", "\ufffe"} & {*text}
        if form == "junit":
            assert [*ElementTree.fromstring(text).iter("testcase")]
        elif form != "github":
            json.loads(text)
        else:
            assert len(text.splitlines()) == 1


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose only table has an edited figure: nothing has to be counted to see that."""
    monkeypatch.chdir(tmp_path)
    text = 'caption = "C."\ncolumns = ["params"]\n[[rows]]\nmodels = ["cifar_resnet20"]\n'
    write_layout(tmp_path / "tables", text + "input_size = 64\nnum_classes = 1000\n")
    jsonl.write(tmp_path / "tables" / "small.jsonl", [counted("cifar_resnet20")])
    return tmp_path


def test_files_are_written_beside_what_is_shown(
    folder: Path, capsys: pytest.CaptureFixture
) -> None:
    files = ["--write", "junit=j.xml", "--write", "gitlab=g.json", "--write", "badge=b.json"]
    code = run(["check", *files, "--write", "markdown=m.md", "--format", "github"])
    stdout, _ = capsys.readouterr()
    assert code == 1
    assert stdout.startswith("::error file=tables/")
    assert ElementTree.parse("j.xml").getroot().get("name") == "srbench"
    assert json.loads(Path("g.json").read_text())
    assert json.loads(Path("b.json").read_text())["color"] == "red"
    assert Path("m.md").read_text().startswith("| Table")


def test_a_format_goes_to_the_terminal_or_to_output(
    folder: Path, capsys: pytest.CaptureFixture
) -> None:
    assert run(["check", "--format", "junit"]) == 1
    assert ElementTree.fromstring(capsys.readouterr().out).tag == "testsuites"
    assert run(["check", "--format", "gitlab", "--output", "out.json"]) == 1
    assert capsys.readouterr().out == ""
    assert isinstance(json.loads(Path("out.json").read_text()), list)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--write", "junit"], "names no file"),
        (["--write", "junit="], "names no file"),
        (["--write", "junti=a.xml"], "did you mean junit"),
        (["--write", "junit=a", "--write", "badge=a"], "two outputs go to one file"),
        (["--write", "junit=a", "--output", "a", "--format", "csv"], "two outputs go to one file"),
        (["--write", "junit=no/such/folder.xml"], "no/such"),
        (["--write", "junit=tables/small.jsonl"], "tables/small.jsonl"),
        (["--format", "junti"], "did you mean junit"),
    ],
)
def test_a_bad_file_is_refused_before_anything_is_counted(
    arguments: list[str], message: str, folder: Path, capsys: pytest.CaptureFixture
) -> None:
    before = (folder / "tables" / "small.jsonl").read_bytes()
    assert run(["check", *arguments]) == 2
    assert message in capsys.readouterr().err
    assert (folder / "tables" / "small.jsonl").read_bytes() == before
