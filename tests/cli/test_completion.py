"""The completions that a shell gets for the word at the cursor."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.records import counted, write_layout

from srbench.catalog import BACKBONES, BLOCKS, plugins
from srbench.cli import shells
from srbench.cli.app import COMMANDS, run
from srbench.records import jsonl

Tab = Callable[..., dict[str, str]]


@pytest.fixture
def tab(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> Tab:
    """Stands for a Tab after a line: returns the candidates, each with its help."""
    monkeypatch.setenv("_SRBENCH_COMPLETE", "line")

    def tab(line: str, *replaced: str) -> dict[str, str]:
        assert run([line, *replaced]) == 0
        stdout, stderr = capsys.readouterr()
        assert stderr == ""
        return dict(each.split("\t") for each in stdout.splitlines())

    return tab


@pytest.fixture
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


# --- commands and their options


def test_commands_are_offered_with_their_summaries(tab: Tab) -> None:
    assert {*COMMANDS} <= tab("srbench ").keys()
    assert tab("srbench fl") == {"flops": "Count parameters, MACs and FLOPs of models..."}
    assert tab("srbench nonsense ") == {}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_in_the_help_is_offered(
    name: str, tab: Tab, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    offered = tab(f"srbench {name} --")
    monkeypatch.delenv("_SRBENCH_COMPLETE")
    assert run([name, "--help"]) == 0
    shown = capsys.readouterr().out
    named = re.findall(r"^│[ *]+(--[a-z0-9-]+)", shown, re.MULTILINE)
    assert "--help" in named
    assert {*named} <= offered.keys()


def test_the_help_of_an_option_is_one_line_without_markup(tab: Tab) -> None:
    told = tab("srbench check --ti")["--time"]
    assert told == "Check times instead of counts: those that layouts ask for under [time]."
    assert "by default each network's own" in tab("srbench flops --input")["--input-size"]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("srbench flops --format l", ["latex"]),
        ("srbench flops --format=l", ["--format=latex"]),
        ("srbench flops -f l", ["latex"]),
        ("srbench latency --device c", ["cpu", "cuda", "cuda:0", "cuda:1"]),
        ("srbench latency --pass=t", ["--pass=train"]),
        ("srbench --debug sweep resnet50 --device=m", ["--device=mps"]),
        ("srbench check --device m", ["mps"]),
        ("srbench table --device a", []),
        ("srbench flops resnet50 --no-variants resnet3", ["resnet34"]),
        ("srbench flops --input-size ", []),
        ("srbench flops --output resnet", []),
        ("srbench flops -- --f", []),
        ("srbench compare a b resnet", []),
    ],
)
def test_values_of_options_are_completed(line: str, offered: list[str], tab: Tab) -> None:
    assert [*tab(line)] == offered


# --- specs


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("resnet1", ["resnet18", "resnet101", "resnet152"]),
        ("resnet50+s", ["resnet50+sr", "resnet50+se"]),
        ("resnet50+se+c", ["resnet50+se+cbam"]),
        ("nope+", ["nope+sr", "nope+se", "nope+cbam", "nope+dropout2d"]),
        ("resnet50:", ["resnet50:stride=", "resnet50:widen=", "resnet50:stem="]),
        ("resnet50:stride=", ["resnet50:stride=v1", "resnet50:stride=v1.5"]),
        ("resnet50:widen=2,stem=c", ["resnet50:widen=2,stem=cifar"]),
        ("resnet50:stride=v1/", []),
        ("wrn16_10:", ["wrn16_10:dropout="]),
        ("wrn17_10:", []),
        (
            "deeplabv3_resnet50:aux=",
            ["deeplabv3_resnet50:aux=true", "deeplabv3_resnet50:aux=false"],
        ),
        ("resnet50+sr:mem", ["resnet50+sr:memories="]),
        ("resnet50+sr:memories=", []),
        ("resnet50+sr:memories=2,h", ["resnet50+sr:memories=2,hidden="]),
        ("resnet50+sr:memories=2,m", []),
        ("resnet50+sr:nope=", []),
        ("vgg16+se:stage=stage1/", [f"vgg16+se:stage=stage1/stage{i}" for i in (2, 3, 4, 5)]),
        ("wrn16_8:dropout=0.1+se+sr:hidden=8,stage=layer1/layer2/l", ["layer3"]),
        ("timm:", []),
        ("mine:Net+sr:stage=", []),
        ("mine:Net:wid", []),
        ("resnet50+resnet18:", []),
        ("+:=,", []),
    ],
)
def test_specs_are_completed(typed: str, offered: list[str], tab: Tab) -> None:
    done = "" if not offered or offered[0].startswith(typed[:3]) else typed.rpartition("/")[0] + "/"
    assert [*tab(f"srbench flops {typed}")] == [done + each for each in offered]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("flops vgg11 --variant se+s", ["se+sr", "se+se"]),
        ("flops vgg11 --variant se+sr:stage=stage5/stage", [1, 2, 3, 4]),
        ("flops --block sr:sq", ["sr:squeeze="]),
        ("flops --block=sr:stage=layer", ["--block=sr:stage=layer" + n for n in "1234"]),
        ("sweep vgg11+sr --stage stage1,stage2/stage", [1, 3, 4, 5]),
        ("sweep resnet18:widen=2+se+sr --vary s", ["se.reduction=", "se.stage=", "se.after="]),
        ("sweep resnet18 --vary resnet18.stride=v1,v1.", ["resnet18.stride=v1,v1.5"]),
        ("sweep resnet18+sr --vary sr.stage=layer3,layer", [1, 2, 3, 4]),
        ("sweep mine:Net --vary ", []),
        ("sweep resnet18 --vary nope=", []),
        ("sweep resnet18 resnet", []),
    ],
)
def test_parts_of_specs_are_completed(line: str, offered: list[Any], tab: Tab) -> None:
    found = [*tab(f"srbench {line}")]
    expected = [f"{line.split(' ')[-1]}{e}" if isinstance(e, int) else e for e in offered]
    assert found[: len(expected)] == expected
    assert bool(found) == bool(expected)


def test_the_offered_names_are_those_of_the_catalog(tab: Tab) -> None:
    assert [*tab("srbench flops ")] == [*BACKBONES, *plugins.names(plugins.BACKBONE_GROUP)]
    assert {block.name: block.summary for block in BLOCKS.values()}.items() <= tab(
        "srbench flops --block "
    ).items()


def test_networks_and_blocks_of_other_packages_are_not_imported(
    install: Callable[..., None], tab: Tab
) -> None:
    install("others", "raise SystemExit('imported')", {"other_net": "Net"}, other_block="Block")
    assert "other_net" in tab("srbench flops other")
    assert "resnet18+other_block" in tab("srbench flops resnet18+other")
    assert tab("srbench flops other_net:") == {}
    assert tab("srbench flops other_net+other_block:stage=") == {}


# --- the end of a word: what bash replaces


@pytest.mark.parametrize(
    ("word", "replaced", "offered"),
    [
        ("resnet50+sr:mem", "mem", ["memories="]),
        ("resnet50+sr:memories=2,h", "2,h", ["2,hidden="]),
        ("resnet50:stride=", "", ["v1", "v1.5"]),
        ("resnet50:stride=v1.", "v1.", ["v1.5"]),
        ("--format=l", "l", ["latex"]),
        ("--device=cuda:", "", ["0", "1"]),
        ("'resnet50+sr:mem", "resnet50+sr:mem", ["resnet50+sr:memories="]),
        ("resnet50+sr:mem", "resnet50+sr:mem", ["resnet50+sr:memories="]),
        (r"resnet3\4", r"resnet3\4", ["resnet34"]),
    ],
)
def test_candidates_replace_only_the_end_of_a_word(
    word: str, replaced: str, offered: list[str], tab: Tab
) -> None:
    assert [*tab(f"srbench latency {word}", replaced)] == offered


@pytest.mark.parametrize("line", ['srbench table --reason "a: b" ima', "srbench  table\t ima"])
def test_a_line_is_split_into_words_as_by_a_shell(line: str, tab: Tab, inside: Path) -> None:
    write_layout(inside / "tables", name="imagenet")
    assert [*tab(line)] == ["imagenet"]


# --- tables and records


def test_tables_and_records_are_completed(tab: Tab, inside: Path) -> None:
    for folder, name in (("tables", "a"), ("tables", "b"), ("others", "c")):
        write_layout(inside / folder, name=name)
    jsonl.write(inside / "tables" / "a.jsonl", [counted("resnet18")])
    jsonl.write(inside / "sweep.jsonl", [counted("resnet18")])
    (inside / "notes.txt").touch()
    assert [*tab("srbench table ")] == ["all", "a", "b"]
    assert [*tab("srbench table a b")] == ["b"]
    assert [*tab("srbench table --folder others ")] == ["all", "c"]
    assert [*tab("srbench check --only ")] == ["a", "b"]
    assert [*tab("srbench check others --only ")] == ["c"]
    assert [*tab("srbench report ")] == ["a", "sweep.jsonl"]
    assert [*tab("srbench compare a tables/")] == ["tables/a.jsonl"]
    assert [*tab("srbench compare s")] == ["sweep.jsonl"]


def test_names_that_a_shell_would_interpret_are_not_offered(tab: Tab, inside: Path) -> None:
    (inside / "tables").mkdir()
    names = [
        "$(touch owned)",
        "`touch owned`",
        r"\$(touch owned)",
        "a b",
        "a;b",
        "a\nb",
        "a'b",
        "*",
    ]
    for name in [*names, "größe", "a-1.b_2"]:
        (inside / "tables" / f"{name}.toml").touch()
        (inside / f"{name}.jsonl").touch()
    assert [*tab("srbench table ")] == ["all", "a-1.b_2", "größe"]
    assert [*tab("srbench report ")] == ["a-1.b_2.jsonl", "größe.jsonl"]


# --- failures are silent


@pytest.mark.parametrize("raised", [RuntimeError, KeyError, OSError, SystemExit, AssertionError])
def test_nothing_is_offered_if_entry_points_cannot_be_read(
    raised: type[BaseException], tab: Tab, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(group: str) -> list[str]:
        print("printed before")
        print("warned", file=sys.stderr)
        raise raised("broken")

    monkeypatch.setattr(plugins, "names", fail)
    assert tab("srbench flops resnet") == {}
    for name, value in asked_by_typer("srbench flops resnet").items():
        monkeypatch.setenv(name, value)
    assert tab("") == {}


@pytest.mark.parametrize("mode", [0o000, 0o555, None])
def test_no_files_are_offered_if_folders_cannot_be_read(
    mode: int | None, tab: Tab, inside: Path
) -> None:
    if mode is not None:
        (inside / "tables").mkdir()
        (inside / "tables").chmod(mode)
    inside.chmod(0o555)
    try:
        assert [*tab("srbench table ")] == ["all"]
        assert tab("srbench report ") == {}
        assert tab("srbench check --only ") == {}
        assert [*inside.iterdir()] == [inside / "tables"] * (mode is not None)
    finally:
        inside.chmod(0o755)


def test_nothing_is_offered_if_a_folder_raises_an_error(
    tab: Tab, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(folder: Path, pattern: str) -> list[Path]:
        raise PermissionError(13, "Permission denied", folder)

    monkeypatch.setattr(Path, "glob", fail)
    for line in ("table ", "check --only ", "report ", "compare a "):
        assert tab(f"srbench {line}") == {}


@pytest.mark.parametrize(
    "line", ["", "srbench", "x", "srbench flops \0", "srbench 'a", "srbench \\"]
)
def test_odd_lines_cause_no_error(line: str, tab: Tab) -> None:
    tab(line)


# --- scripts that an earlier srbench installed, and typer's own where ours cannot be installed


def asked_by_typer(line: str) -> dict[str, str]:
    """The variables that typer's script for bash sets."""
    words = line.split(" ")
    number = str(len(words) - 1)
    return {"_SRBENCH_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": number}


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("srbench fl", ["flops"]),
        ("srbench flops resnet1", ["resnet18", "resnet101", "resnet152"]),
        ("srbench flops resnet50+s", ["resnet50+sr", "resnet50+se"]),
        ("srbench flops --format l", ["latex"]),
        ("srbench flops --output a", []),
    ],
)
@pytest.mark.parametrize("shell", ["bash", "fish"])
def test_scripts_of_typer_get_the_candidates(shell: str, line: str, offered: list[str]) -> None:
    fish = {"_TYPER_COMPLETE_ARGS": line, "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    how = asked_by_typer(line) if shell == "bash" else fish
    done = subprocess.run(
        [sys.executable, "-m", "srbench"],
        env=os.environ | how | {"_SRBENCH_COMPLETE": f"complete_{shell}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert [each.split("\t")[0] for each in done.stdout.splitlines()] == offered
    assert done.stderr == ""


def test_typer_installs_our_scripts() -> None:
    from typer._completion_shared import get_completion_script

    for shell, script in shells.SCRIPTS.items():
        given = get_completion_script(
            prog_name="srbench", complete_var="_SRBENCH_COMPLETE", shell=shell
        )
        assert "_SRBENCH_COMPLETE=line" in given
        assert len(given.splitlines()) == len(script.strip().splitlines())


def test_a_typer_that_keeps_its_scripts_elsewhere_is_accepted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import typer._completion_shared

    monkeypatch.delattr(typer._completion_shared, "_completion_scripts")
    shells.give_scripts()
    monkeypatch.setitem(sys.modules, "typer._completion_shared", None)
    shells.give_scripts()
