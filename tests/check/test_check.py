"""`srbench check` on a table that was true: every planted change is found and named."""

import inspect
import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support.records import LAYOUT, write_layout
from torch import nn

from srbench.blocks import squeeze_excitation, squeeze_remember
from srbench.cli.app import run
from srbench.models import sites
from srbench.records import jsonl
from srbench.runner import resume


@pytest.fixture(scope="module")
def true_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("true") / "tables"
    write_layout(folder)
    assert run(["table", "--folder", str(folder)]) == 0
    return folder


@pytest.fixture
def tables(true_tables: Path, tmp_path: Path) -> Path:
    """A copy of them to plant a change in."""
    return shutil.copytree(true_tables, tmp_path / "tables")


Check = Callable[..., dict]


@pytest.fixture
def check(tables: Path, capsys: pytest.CaptureFixture) -> Check:
    """Runs the gate, and returns its findings by row."""

    def check(code: int = 1) -> dict:
        capsys.readouterr()
        assert run(["check", str(tables), "--format", "json"]) == code
        found = [f for table in json.loads(capsys.readouterr().out) for f in table["findings"]]
        return {finding["row"] or Path(finding["file"]).name: finding for finding in found}

    return check


def test_unchanged_tables_pass(tables: Path, capsys: pytest.CaptureFixture) -> None:
    assert run(["check", str(tables)]) == 0
    assert capsys.readouterr().out.splitlines()[2].split() == ["small", "3", "ok"]


def test_one_more_memory_is_named(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = squeeze_remember.SqueezeRemember.__init__

    def one_more(self, channels, height, width, memories=10, **others):
        plain(self, channels, height, width, memories=memories + 1, **others)

    one_more.__signature__ = inspect.signature(plain)
    monkeypatch.setattr(squeeze_remember.SqueezeRemember, "__init__", one_more)
    (row, finding), *others = check().items()
    assert row == "resnet18+sr at 64×64"
    # one memory of 512x2x2, and one more unit with its bias in the FCN's second layer
    assert f"(+{512 * 2 * 2 + 64 + 1:,})" in finding["message"]
    assert "parameter layer4.2.memory: 10x512x2x2 → 11x512x2x2" in finding["details"]
    assert "parameter layer4.2.fcn.3.weight: 10x64 → 11x64" in finding["details"]
    assert any(line.startswith("operator layer4.2 addmm:") for line in finding["details"])
    assert "--update --reason" in finding["remedy"]
    assert finding["line"] == 3
    assert others == []


def test_a_lost_bias_is_named(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    class WithoutBias(squeeze_excitation.SqueezeExcitation):
        def __init__(self, channels: int, reduction: int = 16) -> None:
            super().__init__(channels, reduction)
            self.excitation[3] = nn.Linear(channels // reduction, channels, bias=False)

    monkeypatch.setattr(squeeze_excitation, "SqueezeExcitation", WithoutBias)
    (finding,) = check().values()
    lost = 2 * (64 + 128 + 256 + 512)
    assert f"(-{lost:,})" in finding["message"]
    assert (
        "parameter layer1.0.bn2.1.excitation.3.bias: gone, it was 64 (and 1 more alike)"
        in finding["details"]
    )


def test_a_moved_block_is_named(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind the first norm of a basic block instead of the second: the same figures."""
    plain = sites.find_sites

    def moved(*arguments: object) -> list[tuple[str, str]]:
        return [(stage, site.replace("bn2", "bn1")) for stage, site in plain(*arguments)]

    module = sys.modules["srbench.models.build"]  # srbench.models has a function of this name
    monkeypatch.setattr(module, "find_sites", moved)
    (finding,) = check().values()
    assert finding["row"] == "resnet18+se at 64×64"
    assert finding["message"] == "the same figures, from other operators or blocks"
    assert any(
        line.startswith("block layer1.0.bn1.1: new, se on 64×16×16") for line in finding["details"]
    )
    assert any(line.startswith("block layer1.0.bn2.1: gone") for line in finding["details"])


def test_another_version_is_named(
    check: Check, tables: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tables / "small.jsonl"
    records = jsonl.read(path).records
    old = replace(
        records[1],
        counts=replace(records[1].counts, flops=records[1].counts.flops - 1),
        environment=dict(records[1].environment) | {"torch": "2.0.0"},
    )
    jsonl.write(path, [records[0], old, records[2]])
    findings = check()
    assert any(
        line.startswith("version torch: 2.0.0 →")
        for line in findings["resnet18+se at 64×64"]["details"]
    )


@pytest.mark.parametrize("column", ["params", "macs", "flops", "trainable", "buffers"])
def test_a_hand_edited_record_is_named(column: str, check: Check, tables: Path) -> None:
    path = tables / "small.jsonl"
    records = jsonl.read(path).records
    counts = replace(records[0].counts, **{column: getattr(records[0].counts, column) + 1})
    jsonl.write(path, [replace(records[0], counts=counts), *records[1:]])
    findings = check()
    finding = findings["resnet18 at 64×64"]
    assert finding["kind"] == "changed"
    assert "the record itself was edited" in finding["details"][0]
    for suffix in ("md", "tex", "csv"):  # rendering a wrong record again is not the remedy
        assert "correct the records first" in findings.get(f"small.{suffix}", finding)[
            "remedy"
        ] or (f"small.{suffix}" not in findings)
    assert f"{column} " in finding["message"]
    assert "(-1)" in finding["message"]


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [
        (b'"baseline":"resnet18"', b'"baseline":"resnet18+se"', "baseline"),
        (b'"macs_fvcore":', b'"macs_fvcore":1', "macs_fvcore"),
        (b'"unknown":{}', b'"unknown":{"einsum":3}', "einsum"),
        (b'"uncounted":{', b'"uncounted":{"tanh":99,', "by convention not counted"),
        (b'"sr":"memories=10', b'"sr":"memories=99', "settings"),
        (b'"status":"ok"', b'"status":"failed: x"', "status"),
        (b'"convention":"one', b'"convention":"two', "convention"),
        (b'"layer4.2.memory":"10x', b'"layer4.2.memory":"12x', "parameter layer4.2.memory"),
        (b'"conv1 conv":', b'"conv1 conv":1', "operator conv1 conv"),
    ],
)
def test_every_field_of_a_record_is_checked(
    before: bytes, after: bytes, word: str, check: Check, tables: Path
) -> None:
    """Even if the files are rendered again from the edited record."""
    path = tables / "small.jsonl"
    *others, last = path.read_bytes().splitlines(keepends=True)
    plain = json.dumps(json.loads(jsonl.plain(jsonl.parse(last))), separators=(",", ":")).encode()
    assert before in plain
    path.write_bytes(b"".join([*others, plain.replace(before, after, 1), b"\n"]))
    assert run(["table", "--folder", str(tables), "--render-only"]) == 0
    findings = check()
    said = json.dumps(findings["resnet18+sr at 64×64"], ensure_ascii=False)
    assert word in said


def test_times_among_counts_are_a_finding(check: Check, tables: Path) -> None:
    from support.records import timed

    record = replace(timed("resnet18", [0.1] * 6), num_classes=10)
    jsonl.append(tables / "small.jsonl", record)
    assert "separate file for each machine" in check()["resnet18 at 64×64"]["message"]
    arguments = ["--update", "--reason", "times do not belong here"]
    assert run(["table", "--folder", str(tables), *arguments]) == 0
    assert check(code=0) == {}


def test_a_cell_that_is_not_valid_csv_is_named(check: Check, tables: Path) -> None:
    path = tables / "small.csv"
    path.write_bytes(path.read_bytes().replace(b"resnet18+se", b"resnet18\r+se", 1))
    assert check()["small.csv"]["line"] == 3


@pytest.mark.parametrize("suffix", [".md", ".tex", ".csv"])
def test_a_hand_edited_cell_is_named(suffix: str, check: Check, tables: Path) -> None:
    path = tables / f"small{suffix}"
    text = path.read_text()
    assert text.count("89,080") or text.count("89080")
    path.write_text(text.replace("89,080", "89,081").replace("89080", "89081"))
    (finding,) = check().values()
    line = next(n for n, line in enumerate(text.splitlines(), 1) if "89" in line and "080" in line)
    assert (finding["kind"], finding["line"]) == ("rendering", line)
    (detail,) = finding["details"]
    assert ("resnet18+se" if suffix == ".csv" else "ResNet-18 + SE") in detail
    assert suffix == ".tex" or "Δ" in detail or "params_delta" in detail
    assert "81" in detail.partition("should be")[0]
    assert "80" in detail.partition("should be")[2]


@pytest.mark.parametrize("suffix", [".md", ".tex", ".csv"])
def test_a_renamed_column_is_named(suffix: str, check: Check, tables: Path) -> None:
    path = tables / f"small{suffix}"
    text = path.read_text()
    path.write_text(text.replace("MACs", "GFLOPs", 1) if suffix != ".csv" else "x" + text)
    (finding,) = check().values()
    assert finding["kind"] == "rendering"
    assert any("GFLOPs" in line or "xspec" in line for line in finding["details"])


def test_an_extra_byte_is_found(check: Check, tables: Path) -> None:
    path = tables / "small.md"
    path.write_bytes(path.read_bytes() + b"\n")
    assert check()["small.md"]["details"] == ["more lines than there should be"]
    path.write_bytes(path.read_bytes()[:-1].replace(b"\n", b"\r", 1))
    assert check()["small.md"]["kind"] == "rendering"


def test_other_line_endings_are_not_a_difference(check: Check, tables: Path) -> None:
    """Git writes such files if core.autocrlf is set."""
    for path in tables.iterdir():
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert check(code=0) == {}
    before = {path.name: path.read_bytes() for path in tables.iterdir()}
    assert run(["table", "--folder", str(tables)]) == 0
    assert {path.name: path.read_bytes() for path in tables.iterdir()} == before
    path = tables / "small.csv"
    path.write_bytes(path.read_bytes().replace(b"resnet18+se", b"resnet18+SE", 1))
    finding = check()["small.csv"]
    assert finding["line"] == 3
    assert "“resnet18+SE”, should be “resnet18+se”" in finding["details"][0]


@pytest.mark.parametrize("suffix", [".toml", ".jsonl"])
def test_a_file_in_utf_16_cannot_be_read(suffix: str, check: Check, tables: Path) -> None:
    path = tables / f"small{suffix}"
    path.write_text(path.read_text(encoding="utf-8"), encoding="utf-16")
    assert check(code=2)["small.toml"]["message"] == f"{path} is UTF-16"


def test_missing_and_extra_rows_are_named(check: Check, tables: Path) -> None:
    path = tables / "small.jsonl"
    records = jsonl.read(path).records
    extra = replace(records[1], spec="resnet18+se:reduction=8")
    jsonl.write(path, [records[0], extra, records[2]])
    findings = check()
    assert findings["resnet18+se at 64×64"]["kind"] == "missing"
    assert findings["resnet18+se at 64×64"]["remedy"] == "srbench table small"
    assert findings["resnet18+se:reduction=8 at 64×64"]["kind"] == "extra"
    assert findings["resnet18+se:reduction=8 at 64×64"]["line"] == 2


def test_missing_and_orphaned_files_are_named(check: Check, tables: Path) -> None:
    (tables / "small.tex").unlink()
    (tables / "other.md").write_text("left over")
    findings = check()
    assert findings["small.tex"]["message"] == "small.tex is missing"
    assert findings["other.md"]["kind"] == "extra"


@pytest.fixture
def uncounted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails a test in which anything is counted."""
    monkeypatch.setattr(resume.Counter, "__call__", lambda *_: pytest.fail("counted"))


@pytest.mark.usefixtures("uncounted")
def test_a_damaged_line_is_named_and_nothing_is_counted(check: Check, tables: Path) -> None:
    path = tables / "small.jsonl"
    first, second, third = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + second[:100] + b"\n" + third)
    (finding,) = check(code=2).values()
    assert (finding["kind"], finding["line"]) == ("unreadable", 2)


@pytest.mark.usefixtures("uncounted")
def test_everything_that_cannot_be_read_is_named_and_nothing_is_counted(
    tables: Path, capsys: pytest.CaptureFixture
) -> None:
    write_layout(tables, LAYOUT.replace('"macs"', '"gmacs"'), name="bad")
    write_layout(tables, LAYOUT.replace("[[rows]]", "[[rows"), name="worse")
    assert run(["check", str(tables)]) == 2
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[2:4]] == ["bad", "worse"]
    assert any("unknown column 'gmacs'" in line for line in lines)
    assert any("is not TOML" in line for line in lines)


def test_a_row_that_cannot_be_built_fails_alone(
    check: Check, tables: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def boom(*_: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr(squeeze_excitation.SqueezeExcitation, "forward", boom)
    (finding,) = check(code=4).values()
    assert (finding["kind"], finding["row"]) == ("failed", "resnet18+se at 64×64")
    assert "boom" in finding["message"]
    path = tables / "small.jsonl"  # a figure that differs outweighs it
    path.write_bytes(path.read_bytes().replace(b'"params":111', b'"params":112', 1))
    assert {finding["kind"] for finding in check(code=1).values()} >= {"failed", "changed"}


def test_a_row_of_a_newer_version_fails_alone(
    check: Check, tables: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A published record may name what this version cannot build."""
    from support.records import printed

    write_layout(tables, 'caption = "P"\ncolumns = ["published_params"]\n[[rows]]\n'
                 'published = "A paper, Table 1"\n', name="paper")  # fmt: skip
    newer = replace(printed("resnet18"), spec="hypernet900", baseline="hypernet900")
    jsonl.write(tables / "paper.jsonl", [newer])
    found = check()["hypernet900 at 64×64"]
    assert found["kind"] == "failed"
    assert found["message"] == "unknown model 'hypernet900'"


def test_github_gets_annotations_and_a_summary(
    tables: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    path = tables / "small.md"
    path.write_text(path.read_text().replace("+ SE |", "+ SE 100% |"))
    summary = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    capsys.readouterr()
    assert run(["check", str(tables), "--format", "github"]) == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(f"::error file={path},line=")
    assert "100%25" in line
    assert "%0A" in line
    assert "| small | 3 | 1 finding |" in summary.read_text()


def test_the_option_only_limits_the_check_to_some_tables(
    tables: Path, capsys: pytest.CaptureFixture
) -> None:
    write_layout(tables, LAYOUT, name="empty")
    assert run(["check", str(tables), "--only", "small"]) == 0
    assert run(["check", str(tables), "--only", "nothing"]) == 2
    assert "the tables are empty, small" in capsys.readouterr().err


def test_a_folder_without_tables_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert run(["check", str(tmp_path)]) == 2
    stdout, stderr = capsys.readouterr()
    assert stdout == ""
    assert "there are no tables" in stderr
    assert "hint: " in stderr
