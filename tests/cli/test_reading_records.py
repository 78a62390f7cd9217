"""Reading somebody's records runs none of their code."""

import itertools
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import forget_modules
from support.records import counted, timed, write_layout

from srbench.cli.app import run
from srbench.records import jsonl
from srbench.records.record import MadeOf
from srbench.spec import matching
from srbench.spec.matching import Match, Matches, means
from srbench.spec.parse import parse, read

numbers = itertools.count()

EVIL = """
open("imported!", "w").close()
from torch import nn


class Block(nn.Module):
    place = "stage"

    def __init__(self, channels, k: int = 3, scale: float = 2.0, kind: str = "mean"):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, k, padding=k // 2, groups=channels)

    def forward(self, x):
        return self.conv(x)


class Net(nn.Module):
    stages = ("body",)
    input_size = 16

    def __init__(self, num_classes=5, width: int = 4, kind: str = "1.1"):
        super().__init__()
        width += len(kind)
        self.body = nn.Conv2d(3, width, 3)
        self.head = nn.Linear(width, num_classes)

    def forward(self, x):
        return self.head(self.body(x).mean((2, 3)))
"""
SETTINGS = "k=3, scale=2, kind=mean"


@pytest.fixture
def evil(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module in the working directory that leaves a mark when it is imported."""
    name = f"evil{next(numbers)}"
    (tmp_path / f"{name}.py").write_text(EVIL)
    monkeypatch.chdir(tmp_path)
    return name


@pytest.fixture(autouse=True)
def nothing_is_imported(request: pytest.FixtureRequest, tmp_path: Path) -> object:
    yield
    if "evil" in request.fixturenames and "imports" not in request.keywords:
        assert not (tmp_path / "imported!").exists()


def sweep_of(block: str) -> list:
    """A baseline, and a block with k = 3 (the default), 5 and 7."""
    rows = [counted("resnet18", 1000)]
    for k in (3, 5, 7):
        spec = f"resnet18+{block}" + (f":k={k}" if k != 3 else "")
        omitted = SETTINGS if k == 3 else SETTINGS.partition(", ")[2]
        rows.append(counted(spec, 1000 + k, settings={block: omitted}))
    return rows


def test_a_report_imports_nothing(evil: str, capsys: pytest.CaptureFixture) -> None:
    rows = [*sweep_of(f"{evil}:Block"), counted(f"{evil}:Net"), counted(f"{evil}:Net+se")]
    jsonl.write(Path("r.jsonl"), [*rows, timed(f"resnet18+{evil}:Block", [0.1] * 6, 1.1)])
    assert run(["report", "r.jsonl", "-o", "page.html"]) == 0
    page = Path("page.html").read_text()
    assert "Params overhead against k of Block" in page, "the records hold the default"
    assert "note" not in capsys.readouterr().err


def test_a_plot_that_needs_the_module_is_left_out_with_a_note(
    evil: str, capsys: pytest.CaptureFixture
) -> None:
    block = f"{evil}:Block"
    jsonl.write(Path("r.jsonl"), [replace(row, settings={}) for row in sweep_of(block)[:3]])
    assert run(["report", "r.jsonl", "-o", "page.html"]) == 0
    assert f"against k of {block}" not in Path("page.html").read_text()
    said = f"note: r.jsonl: rows that leave out options of {block} are not plotted against them"
    assert said in capsys.readouterr().err


def test_a_comparison_imports_nothing(evil: str) -> None:
    jsonl.write(Path("a.jsonl"), sweep_of(f"{evil}:Block"))
    assert run(["compare", "a.jsonl", "a.jsonl"]) == 0


def test_a_report_imports_no_entry_point(evil: str, install: Callable[..., None]) -> None:
    install(f"pack{evil}", EVIL, backbones={"evilnet": "Net"}, evilblock="Block")
    rows = [counted("evilnet"), counted("evilnet+evilblock"), *sweep_of("evilblock")]
    jsonl.write(Path("r.jsonl"), rows)
    assert run(["report", "r.jsonl", "-o", "page.html"]) == 0


LAYOUT = """
caption = "T"
columns = ["params"]
[[rows]]
models = ["{net}"]
variants = ["{block}", "sr:memories=2"]
{more}
"""


def table(net: str, block: str, more: str = "") -> int:
    write_layout(Path("tables"), LAYOUT.format(net=net, block=block, more=more), name="t")
    return run(["table", "t", "--render-only"])


def records_of(net: str, block: str) -> None:
    Path("tables").mkdir()
    said = {block.partition(":k")[0]: SETTINGS, "sr": "memories=10, squeeze=1, hidden=64"}
    rows = [
        counted(net, 1),
        counted(f"{net}+{block}", 2, settings=said),
        counted(f"{net}+sr:memories=2", 3, settings=said),
    ]
    jsonl.write(Path("tables/t.jsonl"), rows)


@pytest.mark.parametrize(
    "written",
    ["", ":k=3", ":kind=mean,k=3", ":scale=2,kind=mean,k=3"],
)
def test_a_spelling_in_a_layout_is_matched_by_the_settings_of_records(
    evil: str, written: str
) -> None:
    block = f"{evil}:Block"
    records_of("resnet18", block)
    assert table("resnet18", block + written, "input_size = 64") == 0
    lines = Path("tables/t.csv").read_text().splitlines()
    assert [line.split(",")[:2] for line in lines[1:]] == [
        ["resnet18", "1"],
        [f"resnet18+{block}", "2"],
        ["resnet18+sr:memories=2", "3"],
    ]


def test_a_network_is_matched_without_its_input(evil: str) -> None:
    net, block = f"{evil}:Net", f"{evil}:Block"
    records_of(net, block)
    assert table(net, block) == 0
    assert f"\n{net}+{block},2," in Path("tables/t.csv").read_text()
    assert run(["report", "t", "-o", "page.html"]) == 0
    assert table(net, block, "num_classes = 7") == 2


def test_an_undecided_spelling_is_named_with_the_canonical_forms(
    evil: str, capsys: pytest.CaptureFixture
) -> None:
    net, block = f"{evil}:Net", f"{evil}:Block"
    records_of(net, block)
    assert table(f"{net}:width=4", block) == 2  # whether 4 is the default is not in the records
    error, hint = capsys.readouterr().err.splitlines()
    assert f"{net}:width=4" in error
    assert hint.startswith("hint: write it as one of these")
    assert hint.endswith(f": {net} at 64×64")
    assert table(net, f"{block}:k=5") == 2
    assert f"{net}+{block} at 64×64" in capsys.readouterr().err
    assert table(f"{evil}:Other", block) == 2
    assert f"there is no record of {evil}:Other" in capsys.readouterr().err
    assert not Path("tables/t.csv").exists()


@pytest.mark.parametrize(
    "words",
    [
        "flops {}:",
        "flops {}:Net+",
        "flops {}:Net+sr:stage=",
        "flops --block {}:Block:",
        "sweep {}:Net+{}:Block --vary ",
        "sweep {}:Net+sr --stage ",
        "table ",
    ],
)
def test_completion_imports_nothing(words: str, evil: str) -> None:
    line = f"srbench {words.replace('{}', evil)}"
    for how in ({"_SRBENCH_COMPLETE": "line"}, asked_by_typer(line)):
        done = subprocess.run(
            [sys.executable, "-m", "srbench", line],
            env=os.environ | how,
            capture_output=True,
            check=True,
        )
        assert done.stderr == b""


def asked_by_typer(line: str) -> dict[str, str]:
    """The variables that typer's script for bash sets."""
    words = line.split(" ")
    return {
        "_SRBENCH_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
    }


GROUPS = {
    "defaults written out": [("Net:width=4", ["Block:k=3,kind=mean", "Block:k=5"], "")],
    "texts that are numbers": [
        ("Net:kind=1.1", ["Block:scale=2,k=5"], ""),
        ("Net:kind=1.10", ["Block:k=7,scale=2.50"], ""),
    ],
    "several inputs": [
        ("Net", ["Block"], ""),
        ("Net", ["Block"], "input_size = [24, 16]"),
        ("Net", ["sr:memories=2"], "num_classes = 7"),
    ],
    "one network in two spellings": [
        ("Net:width=4", [], ""),
        ("Net:width=9", ["Block"], ""),
        ("Net", ["Block:stage=body", "sr:memories=10"], ""),
    ],
}


@pytest.mark.imports
@pytest.mark.parametrize("groups", GROUPS.values(), ids=GROUPS)
def test_render_only_writes_the_same_files_without_the_module(evil: str, groups: list) -> None:
    """`table` imports what a layout names, as pytest imports a conftest; rendering does not."""
    text = 'caption = "T"\ncolumns = ["input", "num_classes", "params"]\n'
    for net, blocks, more in groups:
        variants = [block if block.startswith("sr") else f"{evil}:{block}" for block in blocks]
        text += f'[[rows]]\nmodels = ["{evil}:{net}"]\nvariants = {json.dumps(variants)}\n{more}\n'
    write_layout(Path("tables"), text, name="t")
    assert run(["table", "t"]) == 0
    assert Path("imported!").exists()
    made = {path.name: path.read_bytes() for path in Path("tables").iterdir()}
    for path in Path("tables").iterdir():
        if path.suffix not in (".toml", ".jsonl"):
            path.unlink()
    Path("imported!").unlink()
    forget_modules(evil)
    assert run(["table", "t", "--render-only"]) == 0
    assert {path.name: path.read_bytes() for path in Path("tables").iterdir()} == made
    assert not Path("imported!").exists()
    assert run(["check"]) == 0


# --- matching


OPTIONS = {
    "k": 3,
    "scale": 2.0,
    "kind": "1.1",
    "note": "x, k=7",
    "on": True,
    "stage": ("x", "y"),
    "after": (),
}


@pytest.mark.parametrize(
    ("spec", "canonical", "answer"),
    [
        ("a:N+b:B", "a:N+b:B", True),
        ("a:N+b:B:k=3", "a:N+b:B", True),
        ("a:N+b:B:k=4", "a:N+b:B", False),
        ("a:N+b:B:k=7", "a:N+b:B", False),
        ("a:N+b:B:k=3.0", "a:N+b:B", False),
        ("a:N+b:B:k=0_3", "a:N+b:B", False),
        ("a:N+b:B:k=\uff13", "a:N+b:B", False),
        ("a:N+b:B:scale=2,on=true", "a:N+b:B", True),
        ("a:N+b:B:scale=0.2e1", "a:N+b:B", True),
        ("a:N+b:B:scale=2.5", "a:N+b:B", False),
        ("a:N+b:B:kind=1.1", "a:N+b:B", True),
        ("a:N+b:B:kind=1.10", "a:N+b:B", False),
        ("a:N+b:B:on=True", "a:N+b:B", False),
        ("a:N+b:B:stage=y/x", "a:N+b:B", True),
        ("a:N+b:B:stage=y", "a:N+b:B", False),
        ("a:N+b:B", "a:N+b:B:k=3", False),
        ("a:N+b:B:k=3", "a:N+b:B:k=3", True),
        ("a:N:w=1", "a:N", True),
        ("a:N:w=2", "a:N", False),
        ("a:N:unheard=2", "a:N", None),
    ],
)
def test_a_spec_is_matched_with_the_spec_of_a_record(
    spec: str, canonical: str, answer: bool | None
) -> None:
    parts = (MadeOf("a:N", {"w": 1}), MadeOf("b:B", OPTIONS))[: 1 + canonical.count("+")]
    record = counted(canonical, parts=parts)
    assert means(read(spec), read(canonical), record) is answer


@pytest.mark.parametrize(
    ("spec", "canonical", "answer"),
    [
        ("a:N+b:B:k=3", "a:N+b:B", True),
        ("a:N+b:B:k=3.0", "a:N+b:B", None),
        ("a:N+b:B:k=4", "a:N+b:B", None),
        ("a:N+b:B", "a:N+b:B:k=4", False),
        ("a:N+b:B:k=4", "a:N+b:B:k=4", True),
        ("a:N+b:B:k=4,x=1", "a:N+b:B:k=4", None),
        ("a:N:w=1", "a:N", None),
    ],
)
def test_records_of_the_first_schema_are_matched_by_their_settings(
    spec: str, canonical: str, answer: bool | None
) -> None:
    record = counted(canonical, settings={"b:B": "k=3, scale=2"})
    assert means(read(spec), read(canonical), record) is answer


def test_a_spec_that_fits_two_records_matches_neither() -> None:
    records = [counted("a:N"), replace(counted("a:N"), input=(3, 32, 32))]
    match = Matches(records)
    assert match(read("a:N"), None, None) == Match(None, ("a:N at 64×64", "a:N at 32×32"))
    assert match(read("a:N"), 32, None) == Match(records[1].row)
    assert match(read("a:N"), 48, None) == Match(None)
    usual = Matches([replace(record, usual=(32, 1000)) for record in records])
    assert usual(read("a:N"), None, None) == Match(records[1].row)
    assert usual(read("a:N"), None, 10) == Match(None)


@pytest.mark.parametrize(
    "spec",
    ["resnet50", "resnet50:stride=v1.5+sr:memories=10+se", "wrn28_10+cbam:kernel=7,reduction=8"],
)
def test_a_spec_of_srbenchs_own_parts_is_looked_up(spec: str) -> None:
    found = Matches([])(read(spec), None, None).row
    assert found
    assert found.spec == str(parse(spec))


@pytest.mark.parametrize("text", ["resnet50", "a:B:c=d+e.f:G:h=1,i=2/3+sr", "timm:x+y"])
def test_a_spec_is_written_as_it_was_read(text: str) -> None:
    assert str(read(text)) == text


def test_reading_a_spec_refuses_bad_grammar() -> None:
    for text in ("", "+se", "a b", "resnet50:oops", "resnet50+se:reduction", "x:y:z=1,z=2"):
        with pytest.raises(matching.SpecError) as raised:
            read(text)
        assert re.search("write a spec as|give it once", raised.value.hint)
