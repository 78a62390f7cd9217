"""All mistakes in a layout are reported at once: what, where, and on which line."""

import itertools
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support.pages import DOCS
from support.records import counted, printed, write_layout

import srbench
from srbench.cli.app import run
from srbench.errors import CollectedError, FileError, SrbenchError
from srbench.records import jsonl
from srbench.records.record import MadeOf
from srbench.report.labels import Label
from srbench.tables.committed import Committed, open_table, open_tables

HEAD = 'caption = "T"\ncolumns = ["params"]\n'
GROUP = '[[rows]]\nmodels = ["resnet18"]\nvariants = ["se", "sr"]\ninput_size = 64\n'

numbers = itertools.count()


def errors(path: Path, imports: bool = True) -> list[FileError]:
    with pytest.raises(SrbenchError) as raised:
        open_table(path, imports)
    return list(raised.value.errors)


def said(folder: Path, text: str, imports: bool = True) -> list[str]:
    """A line for each error: the line it names, and what is wrong."""
    return [f"{e.line}: {e.what}" for e in errors(write_layout(folder, text), imports)]


EVERYTHING = """\
captoin = "T"
columns = [
    "params", "parms",
    "forward",
    3,
]
rank = "no"

[[rows]]
models = ["resnet18", "resnet81"]
variants = ["se", "es", "sr:memory=3", "sr:stage=layer9"]
input_size = [64, "big", true]
num_clases = 10

[[rows]]  # of which every model is wrong
models = ["resnet81"]
variants = ["es"]
published = "A papre"

[[rows]]
models = [
    "resnet34",
    "nomodule:Net",
]
variant = 3

[names]
"resnet18+sr:memories=10" = "SR"
resnet81 = "ResNet-81"
resnet34 = " "

[time]
specs = ["resnet18", "resnet91"]
tolerence = 3
tolerances = { resnet18 = 0.1, "resnet18:stem=imagenet" = 7, es = 0.1 }
"""
ALL = [
    "1: unknown key captoin",
    "3: the 2nd of columns: unknown column 'parms'",
    "4: the 3rd of columns: forward is a column for times, and an exact table has none",
    "5: the 4th of columns must be a text",
    "7: rank must be true or false",
    "10: the 2nd of models in the 1st [[rows]]: unknown model 'resnet81'",
    "11: the 2nd of variants in the 1st [[rows]]: unknown block 'es'",
    "11: the 3rd of variants in the 1st [[rows]]: sr has no option 'memory'",
    "11: the 4th of variants in the 1st [[rows]]: resnet18+sr:stage=layer9: "
    "there is no stage 'layer9'",
    "12: the 2nd of input_size in the 1st [[rows]]: 'big' is not an input size",
    "12: the 3rd of input_size in the 1st [[rows]] must be a whole number or a text",
    "13: unknown key num_clases in the 1st [[rows]]",
    "16: the 1st of models in the 2nd [[rows]]: unknown model 'resnet81'",
    "17: the 1st of variants in the 2nd [[rows]]: unknown block 'es'",
    "18: published in the 2nd [[rows]]: no record has the source 'A papre'",
    "23: the 2nd of models in the 3rd [[rows]]: model nomodule:Net cannot be imported: "
    "there is no module 'nomodule'",
    "25: unknown key variant in the 3rd [[rows]]",
    "29: resnet81 in [names]: unknown model 'resnet81'",
    "30: resnet34 in [names] is empty",
    "33: the 2nd of specs in [time]: unknown model 'resnet91'",
    "34: unknown key tolerence in [time]",
    '35: "resnet18:stem=imagenet" in tolerances in [time] must be 1 or less',
    '35: "resnet18:stem=imagenet" in tolerances in [time]: resnet18 is the same spec; '
    "it is 0.1 there, and 7 here",
    "35: es in tolerances in [time]: unknown model 'es'",
]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_all_mistakes_are_reported_at_once_from_top_to_bottom(
    end: str, encoding: str, tmp_path: Path
) -> None:
    path = tmp_path / "small.toml"
    path.write_text(EVERYTHING, encoding=encoding, newline=end)
    found = errors(path)
    assert [f"{error.line}: {error.what}" for error in found] == ALL
    assert all(error.hint for error in found)
    assert all(error.message == f"{path} line {error.line}: {error.what}" for error in found)


def test_each_error_has_its_remedy_and_nothing_is_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    write_layout(tmp_path / "tables", EVERYTHING)
    write_layout(tmp_path / "tables", HEAD + GROUP.replace('"se"', '"es"'), name="more")
    assert run(["table"]) == 2
    stdout, stderr = capsys.readouterr()
    assert stdout == ""
    lines = stderr.splitlines()
    messages = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    assert messages == [
        "tables/more.toml line 5: the 1st of variants in the 1st [[rows]]: unknown block 'es'",
        *(f"tables/small.toml line {one}" for one in ALL),
    ]
    assert {line.partition(": ")[0] for line in lines} == {"error", "hint"}
    assert lines[-1].startswith("hint: ")
    assert sorted(p.name for p in (tmp_path / "tables").iterdir()) == ["more.toml", "small.toml"]
    assert run(["check", "--format", "json"]) == 2
    assert capsys.readouterr().out.count('"kind": "unreadable"') == 1 + len(ALL)


def test_the_documentation_shows_the_errors_as_they_are_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    text = (
        'captoin = "What each costs."\ncolumns = ["params"]\n\n[[rows]]\nmodels = ["resnet50"]\n'
        'variants = ["sr:memories=1", "sr", "sr:memory=50"]\n\n[names]\nresnet51 = "ResNet-51"\n'
    )
    write_layout(Path("tables"), text, name="memories")
    assert run(["table"]) == 2
    shown = "".join(f"    {line}\n" for line in capsys.readouterr().err.splitlines())
    page = DOCS / "explanation" / "tables.md"
    assert shown in page.read_text(encoding="utf-8")


def test_the_same_remedy_is_printed_once(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    write_layout(tmp_path, HEAD.replace('"T"', "1") + "order = 2\nlabel = 3\n" + GROUP)
    assert run(["table", "--folder", str(tmp_path)]) == 2
    kinds = [line.partition(":")[0] for line in capsys.readouterr().err.splitlines()]
    assert kinds == ["error", "error", "error", "hint"]


def test_a_missing_key_is_reported_where_it_is_missing(tmp_path: Path) -> None:
    assert said(tmp_path, "rank = true\n[time]\n") == [
        "None: caption is missing",
        "None: columns is missing",
        "None: rows is missing",
        "2: time: neither specs nor callables are given",
    ]
    assert said(tmp_path, HEAD + GROUP + "[[rows]]\ninput_size = 3\n") == [
        "7: the 2nd [[rows]]: a group of rows needs models, or published"
    ]


def test_an_error_for_only_some_models_is_reported_at_its_own_entry(tmp_path: Path) -> None:
    group = '[[rows]]\nmodels = ["resnet18", "deeplabv3_resnet50"]\nvariants = ["sr:stage=aux"]\n'
    (line,) = said(tmp_path, HEAD + group)
    assert line.startswith("5: the 1st of variants in the 1st [[rows]]: resnet18+sr:stage=aux: ")
    group = '[[rows]]\nmodels = ["resnet18", "deeplabv3_resnet50"]\nnum_classes = 10\n'
    (line,) = said(tmp_path, HEAD + group)
    assert line.startswith("4: the 2nd of models in the 1st [[rows]]: deeplabv3_resnet50 has 21")


# --- names


@pytest.mark.parametrize("imports", [True, False])
@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (
            '"resnet18+cbam" = "x"',
            '"resnet18+cbam" in [names]: no row of the table is resnet18+cbam',
        ),
        (
            '"resnet18+sr" = "A"\n"resnet18+sr:memories=10" = "B"',
            '"resnet18+sr:memories=10" in [names]: resnet18+sr is the same spec; '
            "it is 'A' there, and 'B' here",
        ),
        ('resnet18 = ""', "resnet18 in [names] is empty"),
        ('"resnet18+sr:memory=1" = "x"', '"resnet18+sr:memory=1" in [names]: sr has no option'),
        ('"" = "x"', "\"\" in [names]: '' names no model"),
    ],
)
def test_a_wrong_entry_in_names_is_an_error(
    names: str, expected: str, imports: bool, tmp_path: Path
) -> None:
    (line,) = said(tmp_path, f"{HEAD}{GROUP}[names]\n{names}\n", imports)
    assert line.startswith(f"{8 + names.count(chr(10))}: {expected}")


def test_two_spellings_with_one_name_are_fine(tmp_path: Path) -> None:
    names = '[names]\n"resnet18+sr" = "A"\n"resnet18+sr:memories=10" = "A"\n'
    table = open_table(write_layout(tmp_path, HEAD + GROUP + names))
    assert table.layout.names == {"resnet18+sr": Label("A")}


def test_names_are_not_compared_with_rows_that_are_wrong(tmp_path: Path) -> None:
    """A name is not reported if its row may be the one that is wrong."""
    text = HEAD + GROUP.replace('"se"', '"sse"') + '[names]\n"resnet18+se" = "x"\n'
    assert said(tmp_path, text) == [
        "5: the 1st of variants in the 1st [[rows]]: unknown block 'sse'"
    ]
    text = HEAD.replace("params", "parms") + GROUP + '[names]\n"resnet18+cbam" = "x"\n'
    assert [line[:2] for line in said(tmp_path, text)] == ["2:", "8:"]


def test_a_published_row_of_another_version_may_have_a_name(tmp_path: Path) -> None:
    text = 'caption = "P"\ncolumns = ["published_params"]\n[[rows]]\npublished = "A"\n'
    path = write_layout(tmp_path, text + '[names]\nhypernet900 = "HyperNet"\n')
    newer = replace(printed("resnet18", "A"), spec="hypernet900", baseline="hypernet900")
    jsonl.write(tmp_path / "small.jsonl", [newer])
    for imports in (True, False):
        assert open_table(path, imports).layout.names == {"hypernet900": Label("HyperNet")}


BLOCK = """
from pathlib import Path

from torch import nn

Path("imported!").touch()


class Block(nn.Module):
    def __init__(self, channels, k: int = 3, scale: float = 2.0):
        super().__init__()
"""


@pytest.fixture
def block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A custom block with the defaults k=3 and scale=2, which makes a file when it is imported."""
    name = f"named{next(numbers)}"
    (tmp_path / f"{name}.py").write_text(BLOCK)
    monkeypatch.chdir(tmp_path)
    return f"{name}:Block"


def of_ones_own(block: str, names: str, schema: int = 2) -> Callable[[bool], Committed]:
    """Opens a table with a custom block, and, unless its records are of the first schema, with the
    same block with k=5."""
    variants = {"": 3} if schema == 1 else {"": 3, ":k=5": 5}
    listing = ", ".join(f'"{block}{options}"' for options in variants)
    text = f'[[rows]]\nmodels = ["resnet18"]\nvariants = [{listing}]\ninput_size = 64\n'
    path = write_layout(Path("tables"), f"{HEAD}{text}[names]\n{names}\n")
    rows = [counted("resnet18")]
    for options, k in variants.items():
        parts = (MadeOf("resnet18", {}), MadeOf(block, {"k": k, "scale": 2.0}))
        said = {"settings": {block: "k=3, scale=2"}} if schema == 1 else {"parts": parts}
        rows.append(counted(f"resnet18+{block}{options}", **said))
    jsonl.write(Path("tables/small.jsonl"), rows)
    return lambda imports: open_table(path, imports)


@pytest.mark.parametrize(
    ("options", "meant"),
    [("", ""), (":k=3", ""), (":scale=2,k=3", ""), (":k=5", ":k=5")],
)
def test_a_name_can_be_for_a_row_with_a_custom_block(options: str, meant: str, block: str) -> None:
    opened = of_ones_own(block, f'"resnet18+{block}{options}" = "Ours"')
    expected = {f"resnet18+{block}{meant}": Label("Ours")}
    assert opened(False).layout.names == expected
    assert not Path("imported!").exists()
    assert opened(True).layout.names == expected
    assert Path("imported!").exists()


def test_a_name_for_a_missing_row_with_a_custom_block_is_an_error(block: str) -> None:
    for imports in (False, True):
        with pytest.raises(SrbenchError, match=r"line 8: .* no row of the table is .*:k=7") as r:
            of_ones_own(block, f'"resnet18+{block}:k=7" = "x"')(imports)
        assert Path("imported!").exists() is imports
        assert len(r.value.errors) == 1


def test_a_name_that_needs_the_module_is_an_error_without_imports(block: str) -> None:
    names = f'"resnet18+{block}:scale=2.0" = "x"'
    with pytest.raises(
        SrbenchError, match=r"only the module that .* names can tell which spec"
    ) as r:
        of_ones_own(block, names, schema=1)(False)
    assert r.value.errors[0].hint == f"write it as one of these: resnet18+{block}"
    assert not Path("imported!").exists()
    assert of_ones_own(block, names, schema=1)(True).layout.names == {
        f"resnet18+{block}": Label("x")
    }


# --- publications and times


def test_a_source_without_any_of_the_rows_is_an_error(tmp_path: Path) -> None:
    path = write_layout(tmp_path, HEAD + GROUP + 'published = "A"\n')
    jsonl.write(tmp_path / "small.jsonl", [printed("resnet34", "A", params="1.0")])
    for imports in (True, False):
        (error,) = errors(path, imports)
        assert error.line == 7
        assert "'A' has figures for none of these rows" in error.what
        assert "resnet34 at 64×64" in error.hint
    jsonl.write(tmp_path / "small.jsonl", [printed("resnet18+sr", "A", params="1.0")])
    assert open_table(path)


def test_networks_with_different_default_inputs_need_an_input_size(tmp_path: Path) -> None:
    (line,) = said(tmp_path, HEAD + GROUP + '[time]\nspecs = ["resnet18", "cifar_resnet20"]\n')
    assert line.startswith("7: time: the networks to be timed have different default inputs")


def test_checking_times_of_a_table_without_any_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    write_layout(tmp_path, HEAD + GROUP, name="a")
    write_layout(tmp_path, HEAD + GROUP + '[time]\nspecs = ["resnet18"]\n', name="b")
    time = ["check", str(tmp_path), "--time", "--against", str(Path(srbench.__file__).parents[1])]
    assert run([*time, "--only", "a", "--only", "b"]) == 2
    assert "table a has no section [time]" in capsys.readouterr().err


def test_errors_of_all_tables_are_collected(tmp_path: Path) -> None:
    paths = [write_layout(tmp_path, text, name=f"t{n}") for n, text in enumerate("[=")]
    with pytest.raises(CollectedError, match=r"t0\.toml is not TOML.*; .*t1\.toml is not TOML"):
        open_tables([*paths, write_layout(tmp_path, HEAD + GROUP)])


def test_every_error_names_the_right_line(tmp_path: Path) -> None:
    """Every line that an error names holds the value, whatever the file looks like."""
    text = EVERYTHING.replace("[[rows]]", "\n# [[rows]]\n[[rows]]").replace("= [", "=\t[ # [\n")
    text = text.replace('= "', '= """\\\n').replace('"\n', '"""\n')
    lines = text.splitlines()
    found = errors(write_layout(tmp_path, text))
    assert len(found) > 10
    for error in found:
        for quoted in re.findall(r"'(resnet81|es|parms|big|resnet91)'", error.what):
            assert quoted in lines[error.line - 1]
