"""Text from somebody else's record stays in its cell, in every format and every output."""

import csv
import io
import json
import re
import subprocess
import sys
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.records import counted, printed, timed

from srbench.check.findings import Checked, Finding
from srbench.check.formats.github import annotations
from srbench.check.outcomes import counted_results, timed_results
from srbench.check.report import checked_report
from srbench.check.verdicts import Verdict
from srbench.cli import messages
from srbench.cli.app import run
from srbench.conditions import Setup
from srbench.records import jsonl
from srbench.records.counts import ModuleCounts
from srbench.records.join import rows_of
from srbench.records.printable import printable, printable_json
from srbench.records.record import Record
from srbench.report.formats import FORMATS
from srbench.report.formats.html import Section, page
from srbench.report.overview import rows_report
from srbench.report.plots import panel_files
from srbench.report.plots.points import Panel, Point, Series
from srbench.report.plots.svg import chart

HOSTILE = (
    "::error::made up \x1b[2J\n::error::made up\r=1+1\x85##[error]made up\u202e\x9b\u2028\n```\n"
    "\0\t\x7f\u200b\U000e0001\n  ::warning::made up\r\n~~~ & &#x202e; | \\ <b>"
)
HARMLESS = "ß×–√ é 字 \u00a0\u2009±"


def untamed(text: str) -> list[str]:
    """The lines that have characters that are not printable, or are a command to a CI."""
    return [
        line
        for line in text.split("\n")
        if not all(c.isprintable() or unicodedata.category(c) == "Zs" for c in line)
        or line.lstrip().startswith("::")
    ]


def hostile_records(more: int = 0) -> list[Record]:
    """Counts, times and a publication of one row, in which every text is hostile."""
    plain = counted(HOSTILE, 1000 + more, environment={"torch": HOSTILE, HOSTILE: HOSTILE})
    counts = replace(
        plain.counts,
        unknown={HOSTILE: 1},
        uncounted={HOSTILE: 1},
        modules=(ModuleCounts(HOSTILE, HOSTILE, HOSTILE, (1, 2, 3), 1, 2, 3),),
        parameters={HOSTILE: HOSTILE + "x" * more},
        operators={HOSTILE: 1 + more},
        convention=HOSTILE,
    )
    said = {"settings": {HOSTILE: HOSTILE}, "status": f"failed: {HOSTILE}", "reason": HOSTILE}
    said |= {"baseline": HOSTILE, "environment": plain.environment}
    times = timed("resnet18", [0.1, 0.2 + more] * 4, setup=Setup(device=HOSTILE))
    paper = printed("resnet18", HOSTILE, HOSTILE, params="1.0", macs="2.0", top1_error="29.60")
    return [
        replace(plain, counts=counts, **said),
        replace(times, spec=HOSTILE, timing=replace(times.timing, notes=(HOSTILE,)), **said),
        replace(
            paper, spec=HOSTILE, published=replace(paper.published, convention=HOSTILE), **said
        ),
    ]


_LINE = json.loads(jsonl.line(counted("resnet34")))
DAMAGED = json.dumps(_LINE | {HOSTILE: HOSTILE}).encode() + b"\n"


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Two files of such records, each with one line that is not a record."""
    paths = [tmp_path / name for name in ("a.jsonl", "b.jsonl")]
    for more, path in enumerate(paths):
        path.write_bytes(b"".join(map(jsonl.line, hostile_records(more))) + DAMAGED)
    return [str(path) for path in paths]


@pytest.mark.parametrize("form", FORMATS)
def test_compare_makes_hostile_text_printable(
    form: str, files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert run(["compare", *files, "--format", form]) == 4
    stdout, stderr = capsys.readouterr()
    assert run(["compare", *files, "--format", form, "--output", str(tmp_path / "x")]) == 4
    assert (tmp_path / "x").read_bytes() == stdout.encode()
    assert untamed(stdout) == untamed(stderr) == []
    assert [line.partition(":")[0] for line in stderr.splitlines()] == ["error", "hint"] * 2
    if form == "csv":
        header, *rows = csv.reader(io.StringIO(stdout))
        assert [len(row) for row in rows] == [len(header)] * 2
    if form in ("json", "jsonl"):
        found = json.loads(stdout if form == "json" else f"[{','.join(stdout.splitlines())}]")
        assert [one["spec"] for one in found] == [HOSTILE] * 2
    if form == "text":
        assert len([line for line in stdout.splitlines() if "1,001" in line]) == 1


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_makes_hostile_records_printable(form: str) -> None:
    records = hostile_records()
    text = FORMATS[form](rows_report(HOSTILE, rows_of(records), HOSTILE))
    assert untamed(text) == []
    if form == "csv":
        (row,) = csv.DictReader(io.StringIO(text))
        assert row["source"] == printable(HOSTILE)
    if form == "json":
        found = json.loads(text)
        assert found[0]["environment"] == records[0].environment
        assert found[1]["device"] == found[2]["published"]["source"] == HOSTILE
    if form == "jsonl":
        assert [jsonl.parse(line.encode()) for line in text.splitlines()] == records


def test_a_report_makes_hostile_text_printable(
    files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    output = tmp_path / "report.html"
    assert run(["report", *files, "--output", str(output), "--title", HOSTILE]) == 4
    assert untamed(output.read_text(encoding="utf-8")) == untamed(capsys.readouterr().err) == []


def _toml(text: str) -> str:
    return '"' + "".join(f"\\U{ord(c):08x}" for c in text) + '"'


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """A table with a hostile publication, hostile times, and a row that has changed."""
    folder = tmp_path / "tables"
    folder.mkdir()
    (folder / "small.toml").write_text(
        f"caption = {_toml(HOSTILE)}\n"
        'columns = ["input", "params", "published_name", "published_params", "top1_error"]\n'
        'device_columns = ["device", "forward"]\n'
        f"[[rows]]\npublished = {_toml(HOSTILE)}\n"
        '[[rows]]\nmodels = ["resnet18"]\ninput_size = 64\n'
        f"[names]\n{_toml(HOSTILE)} = {_toml(HOSTILE)}\n"
    )
    counts, times, paper = hostile_records()
    changed = replace(counts, spec="resnet18", baseline="resnet18")
    jsonl.write(folder / "small.jsonl", [counts, paper, changed])
    jsonl.write(folder / "small.machine.jsonl", [times])
    return folder


def test_a_table_makes_hostile_text_printable(tables: Path, capsys: pytest.CaptureFixture) -> None:
    assert run(["table", "--folder", str(tables), "--render-only"]) == 0
    stdout, stderr = capsys.readouterr()
    assert untamed(stdout) == untamed(stderr) == []
    for stem in ("small", "small.machine"):
        for suffix in (".md", ".tex", ".csv"):
            text = (tables / (stem + suffix)).read_bytes().decode()
            assert untamed(text) == []
        rows = list(csv.reader(io.StringIO(text)))
        assert [len(row) for row in rows] == [len(rows[0])] * 3


NAMED = {".md": b"ResNet-18", ".tex": b"ResNet-18", ".csv": b"resnet18"}


@pytest.mark.parametrize("form", ["text", "json", "github", "markdown", "csv", "html"])
def test_check_makes_hostile_text_printable(
    form: str,
    tables: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    run(["table", "--folder", str(tables), "--render-only"])
    for suffix in (".md", ".tex", ".csv"):
        path = tables / f"small{suffix}"
        path.write_bytes(path.read_bytes().replace(NAMED[suffix], HOSTILE.encode()))
    damaged = form == "markdown"  # then only the lines that are not records are reported
    if damaged:
        with (tables / "small.jsonl").open("ab") as file:
            file.write(DAMAGED)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    capsys.readouterr()
    assert run(["check", str(tables), "--format", form]) == (2 if damaged else 1)
    stdout, stderr = capsys.readouterr()
    assert untamed(stderr) == []
    if form == "github":
        lines = stdout.splitlines()
        assert len(lines) == 5
        assert all(re.match(r"::error (file|title)=[^:]+::[^:]", line) for line in lines)
        assert untamed(stdout.replace("::error ", "")) == []
        stdout = (tmp_path / "summary.md").read_bytes().decode()
    assert untamed(stdout) == []
    if form in ("github", "markdown"):
        table, first, inside, second, after = re.split(r"(?m)^(`{3,})$", stdout)
        assert first == second not in inside
        assert "made up" in inside
        assert "made up" not in table + after
    if form == "json":
        (table,) = json.loads(stdout)
        rows = {finding["row"] for finding in table["findings"]}
        assert {f"{HOSTILE} at 64×64", "resnet18 at 64×64"} <= rows


def test_fences_are_longer_than_any_fence_inside() -> None:
    finding = Finding("changed", "`" * 5, HOSTILE, ("`" * 7, "```"), "```", row=HOSTILE)
    text = FORMATS["markdown"](checked_report([Checked("a", ("r",), (finding,))]))
    fences = [line for line in text.splitlines() if re.fullmatch("`{3,}", line)]
    assert fences == ["`" * 8] * 2


def test_each_annotation_is_one_line() -> None:
    finding = Finding("changed", HOSTILE, HOSTILE, (HOSTILE,), HOSTILE, HOSTILE, Path(HOSTILE), 3)
    verdict = Verdict(HOSTILE, HOSTILE, "failed", 0.05, HOSTILE)
    (line,), (of_time,) = (
        annotations(counted_results([Checked("t", (), (finding,))])).splitlines(),
        annotations(timed_results([verdict], Path("tables"))).splitlines(),
    )
    for text in (line, of_time):
        assert untamed(text.removeprefix("::error ")) == []
    assert line.count("%0A") == 2


def test_pages_and_plots_make_hostile_text_printable(tmp_path: Path) -> None:
    name = "a\x1b\u202e\n::error::b"
    panel = Panel(name, name, name, (Series(name, (Point(1, 2, HOSTILE), Point(2, 3, HOSTILE))),))
    parts = [Section(HOSTILE, (), [chart(panel)], [(HOSTILE, HOSTILE)])]
    assert untamed(page(HOSTILE, [*parts, *parts])) == []
    panel_files.plot_panels([panel], tmp_path / "x.svg")
    assert untamed((tmp_path / "x.svg").read_text(encoding="utf-8")) == []


def test_errors_are_two_lines(capsys: pytest.CaptureFixture) -> None:
    for arguments in (["compare", HOSTILE, "b"], ["flops", HOSTILE], ["flops", f"--{HOSTILE}"]):
        assert run(arguments) == 2
        stderr = capsys.readouterr().err
        assert untamed(stderr) == []
        assert [line.partition(":")[0] for line in stderr.splitlines()] == ["error", "hint"]
    assert run(["--debug", "compare", HOSTILE, "b"]) == 2
    assert untamed(capsys.readouterr().err) == []


class _Full(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize("stderr", [_Full(), None])
def test_a_command_works_without_a_usable_stderr(
    stderr: io.StringIO | None, files: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", stderr)
    messages.tell("unheard")
    assert run(["compare", *files]) == 4


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_stderr_does_not_stop_the_command(files: list[str]) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "srbench", "compare", *files], stdout=-1, stderr=full
        )
    assert done.returncode == 4
    assert b"1,001" in done.stdout


def test_a_terminal_gets_its_colours(
    capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    messages.tell("a\x1b[2J", "error", "red")
    assert capsys.readouterr().err == "\x1b[31m\x1b[1merror\x1b[0m: a\\x1b[2J\n"


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_becomes_one_line(text: str) -> None:
    shown = printable(text)
    assert untamed(shown) == []
    assert "\n" not in shown
    assert printable(shown) == shown
    assert "##" not in shown


@pytest.mark.parametrize("text", [HARMLESS, "", "a::b", "aten::mul", r"C:\new", "🙂", "a # b"])
def test_printable_text_is_unchanged(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b\n\r\0\t\x7f", r"\x1b\n\r\x00\t\x7f"),
        ("\x85\x9b\u2028\u202e\ufeff", r"\x85\x9b\u2028\u202e\ufeff"),
        ("\ud800", r"\ud800"),
        ("\U000e0001", r"\U000e0001"),
        ("::a", r"\x3a:a"),
        ("\u00a0 ::a", "\u00a0 \\x3a:a"),
        ("a ##[b]", r"a #\x23[b]"),
    ],
)
def test_characters_that_are_not_printable_become_visible(text: str, shown: str) -> None:
    assert printable(text) == shown


json_values = st.recursive(
    st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(json_values)
def test_printable_json_has_the_same_value(value: object) -> None:
    text = printable_json(json.dumps(value, ensure_ascii=False, indent=2))
    assert untamed(text) == []
    assert json.loads(text) == value


@given(st.text())
def test_a_record_with_any_text_is_read_as_it_was_written(text: str) -> None:
    record = counted("resnet18", reason=text, settings={text: text})
    line = jsonl.line(record)
    assert untamed(line[:-1].decode()) == []
    assert jsonl.parse(line) == record


COMMITTED = sorted((Path(__file__).parents[2] / "tables").glob("*.jsonl"))


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_committed_files_are_unchanged_to_the_byte(path: Path) -> None:
    text = path.read_bytes().decode()
    assert printable_json(text) == text
    record = counted("resnet18", reason=HARMLESS)
    assert HARMLESS.encode() in jsonl.line(record)
