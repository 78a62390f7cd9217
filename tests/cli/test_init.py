"""`srbench init`: from a file of blocks to a table with a gate."""

import itertools
import os
import stat
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from support import pages

from srbench.cli.app import run
from srbench.tables.start import action as actions
from srbench.tables.start.action import Action
from srbench.tables.start.attributes import TEXT

ROOT = Path(__file__).parents[2]
COMMIT = "0123456789abcdef0123456789abcdef01234567"
WORKFLOW = Path(".github/workflows/srbench.yml")
SMALL = ("--backbone", "cifar_resnet20")
BLOCK = """
from torch import nn


class Scale(nn.Module):
    def __init__(self, channels, mode: str = "plain"):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 1, groups=channels)

    def forward(self, x):
        return self.conv(x)
"""

numbers = itertools.count()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, and a srbench that nobody knows the origin or the owner of."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(actions, "installed_from", lambda: None)
    monkeypatch.setattr(actions, "USUAL", Action("OWNER/srbench"))
    return tmp_path


def module(code: str = BLOCK) -> str:
    """A file of blocks that no other test has imported; returns its module's name."""
    name = f"initial{next(numbers)}"
    Path(f"{name}.py").write_text(code, encoding="utf-8")
    return name


def files() -> dict[str, bytes]:
    """All files here, apart from Python's."""
    return {
        path.as_posix(): path.read_bytes()
        for path in Path().rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    }


def init(capsys: pytest.CaptureFixture, *arguments: str, code: int = 0) -> list[str]:
    """The lines on stderr."""
    assert run(["init", *arguments]) == code
    stdout, stderr = capsys.readouterr()
    assert stdout == ""
    return stderr.splitlines()


def layout(name: str = "blocks") -> dict:
    return tomllib.loads(Path(f"tables/{name}.toml").read_text(encoding="utf-8"))


# --- without a terminal


def test_the_written_table_can_be_counted_and_is_green(capsys: pytest.CaptureFixture) -> None:
    name = module()
    assert init(capsys, *SMALL) == [
        "blocks in this folder:",
        f"  1  {name}:Scale  {name}.py line 5",
        f"compares {name}:Scale",
        "wrote tables/blocks.toml",
        "wrote .gitattributes",
        f"wrote {WORKFLOW}",
        f"next: in {WORKFLOW} line 24, write the owner of srbench's repository for OWNER",
        "then: srbench table blocks",
        "then: commit tables, .gitattributes and .github; to see a red gate, change a block and "
        "run `srbench check`",
    ]
    assert sorted(files()) == [".gitattributes", str(WORKFLOW), "tables/blocks.toml"]
    assert WORKFLOW.read_text().splitlines()[23].strip() == "- uses: OWNER/srbench@main"
    assert layout()["rows"] == [{"models": ["cifar_resnet20"], "variants": [f"{name}:Scale", "se"]}]
    assert layout()["time"]["specs"] == ["cifar_resnet20", f"cifar_resnet20+{name}:Scale"]
    assert run(["table", "blocks"]) == 0
    assert f"cifar_resnet20+{name}:Scale" in capsys.readouterr().out
    assert run(["check"]) == 0
    assert "ok" in capsys.readouterr().out


def test_without_blocks_of_its_own_a_folder_gets_se(capsys: pytest.CaptureFixture) -> None:
    first, *_ = init(capsys)
    assert (
        first == "no block found in the files here: it is a module whose first argument is channels"
    )
    assert layout()["rows"] == [{"models": ["resnet18"], "variants": ["se"]}]


def test_options_say_it_all(capsys: pytest.CaptureFixture) -> None:
    said = init(
        capsys,
        *("--block", "sr:memories=2", "--block", "se+sr", "--block", "sr:memories=2"),
        *("--backbone", "resnet34", "--backbone", "resnet18", "--table", "of-mine"),
        *("--input-size", "64x96", "--num-classes", "7", "--no-time", "--no-github"),
    )
    assert said == [
        "wrote tables/of-mine.toml",
        "wrote .gitattributes",
        "next: srbench table of-mine",
        "then: commit tables and .gitattributes; to see a red gate, change a block and run "
        "`srbench check`",
    ]
    assert layout("of-mine") == {
        "caption": "What each block costs: ResNet-34 and ResNet-18.",
        "columns": [f"{m}{d}" for m in ("params", "macs") for d in ("", "_delta", "_percent")],
        "rows": [
            {
                "models": ["resnet34", "resnet18"],
                "variants": ["sr:memories=2", "se+sr", "se"],
                "input_size": "64x96",
                "num_classes": 7,
            }
        ],
    }


@pytest.mark.parametrize("number", [1, 3, 4])
def test_a_few_candidates_are_all_compared_and_of_many_the_first(
    number: int, capsys: pytest.CaptureFixture
) -> None:
    classes = (BLOCK.replace("Scale", f"Scale{n}") for n in range(number))
    name = module("".join(classes))
    init(capsys, *SMALL)
    (rows,) = layout()["rows"]
    expected = [f"{name}:Scale{n}" for n in range(number if number < 4 else 1)]
    assert rows["variants"] == [*expected, "se"]


def test_a_long_list_of_candidates_is_cut(capsys: pytest.CaptureFixture) -> None:
    module("".join(BLOCK.replace("Scale", f"Scale{n}") for n in range(23)))
    said = init(capsys, *SMALL)
    assert said[20].lstrip().startswith("20  ")
    assert said[21] == "  and 3 more, which can be named by their specs"


NETWORK = """
from torch import nn


class Net(nn.Module):
    def __init__(self, num_classes=3):
        super().__init__()
        self.a = nn.Conv2d(3, 3, 1)
"""


def test_se_is_no_reference_twice_or_where_it_has_no_place(capsys: pytest.CaptureFixture) -> None:
    init(capsys, "--block", "se:reduction=16", "--table", "twice")
    assert layout("twice")["rows"][0]["variants"] == ["se:reduction=16"]
    own = module(NETWORK)
    init(capsys, "--backbone", f"{own}:Net", "--block", "cbam:after=a", "--table", "own")
    assert layout("own")["rows"][0]["variants"] == ["cbam:after=a"]


@pytest.mark.parametrize(
    ("origin", "option", "expected"),
    [
        (None, "someone/srbench", "someone/srbench@main"),
        (None, "someone/srbench@v1", "someone/srbench@v1"),
        (Action("a/srbench", COMMIT), None, f"a/srbench@{COMMIT}"),
        (Action("a/srbench", COMMIT), "A/srbench", f"A/srbench@{COMMIT}"),
        (Action("a/srbench", COMMIT), "b/srbench", "b/srbench@main"),
    ],
)
def test_the_workflow_uses_the_action_that_is_known(
    origin: Action | None,
    option: str | None,
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    monkeypatch.setattr(actions, "installed_from", lambda: origin)
    said = init(capsys, *(("--action", option) if option else ()))
    assert f"- uses: {expected}\n" in WORKFLOW.read_text()
    assert not any("OWNER" in line for line in said)
    assert "next: srbench table blocks" in said


def test_the_workflow_uses_the_projects_own_repository_once_it_is_known(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(actions, "USUAL", Action("someone/srbench"))
    assert "next: srbench table blocks" in init(capsys)
    assert "- uses: someone/srbench@main\n" in WORKFLOW.read_text()


def test_hostile_options_of_a_block_stay_text(capsys: pytest.CaptureFixture) -> None:
    name = module()
    specs = [f"{name}:Scale:mode={text}" for text in ('a"b', "a\\b", "a]b", "é#", "'''", '"""')]
    init(capsys, *SMALL, *(word for spec in specs for word in ("--block", spec)))
    assert layout()["rows"][0]["variants"] == [*specs, "se"]
    assert layout()["time"]["specs"][1] == f"cifar_resnet20+{specs[0]}"
    assert run(["table", "blocks"]) == 0
    assert run(["check"]) == 0


BROKEN = "raise RuntimeError('broken')\n" + BLOCK

MISTAKES = [
    (("--block", "es"), "--block es: unknown block 'es'", "`srbench blocks` lists"),
    (("--block", "se", "--block", "sr:memory=1"), "has no option 'memory'", "did you mean mem"),
    (("--block", ""), "--block is empty", "leave the option out"),
    (("--block", "no_such_module:B"), "there is no module 'no_such_module'", "install it"),
    (("--backbone", "resnet81"), "--backbone resnet81: unknown model", "did you mean resnet18"),
    (("--backbone", "resnet18+se"), "is a network with a block", "--backbone resnet18 --block se"),
    (("--backbone", "resnet18", "--block", "se:stage=x"), "no stage 'x'", "the stages are"),
    (("--table", "a/b"), "--table a/b: 'a/b' is not a valid table name", "only letters"),
    (("--table", ".."), "is not a valid table name", "only letters"),
    (("--table", "all"), "a table cannot be called all", "--table NAME"),
    (("--table=-x",), "a table cannot be called -x", "--table NAME"),
    (("--input-size", "big"), "--input-size big: 'big' is not an input size", "such as 224"),
    (("--input-size", "0"), "out of range", "sides from 1"),
    (("--num-classes", "ten"), "--num-classes ten: 'ten' is not a whole number", "digits"),
    (("--num-classes", "0"), "0 classes are out of range", "from 1"),
    (("--backbone", "fcn_resnet50", "--num-classes", "3"), "has 21 classes", "in its spec"),
    (("--action", "srbench"), "'srbench' is not a repository on GitHub", "OWNER/NAME"),
    (("--action", "a/b", "--no-github"), "--action is for the workflow", "--no-github"),
]


@pytest.mark.parametrize(("arguments", "message", "hint"), MISTAKES, ids=lambda v: str(v)[:40])
def test_a_mistake_is_named_in_one_line_and_nothing_is_written(
    arguments: tuple[str, ...], message: str, hint: str, capsys: pytest.CaptureFixture
) -> None:
    more = () if "--block" in arguments else ("--block", "se")
    error, remedy = init(capsys, *arguments, *more, code=2)
    assert error.startswith("error: ")
    assert message in error
    assert remedy.startswith("hint: ")
    assert hint in remedy
    assert files() == {}


def test_a_block_that_cannot_be_imported_is_an_error(capsys: pytest.CaptureFixture) -> None:
    name = module(BROKEN)
    *_, error, hint = init(capsys, code=2)
    assert error.startswith(f"error: block {name}:Scale cannot be imported: RuntimeError: broken")
    assert hint.startswith("hint: fix that module")
    assert files() == {}


def test_a_file_of_blocks_that_has_srbenchs_name_is_named(capsys: pytest.CaptureFixture) -> None:
    Path("se.py").write_text(BLOCK)
    warning, *_ = init(capsys)
    assert warning == (
        "warning: no spec can name the blocks in se.py, since its name means srbench's own se: "
        "rename the file"
    )


# --- what is there already


def test_files_that_are_there_are_kept(capsys: pytest.CaptureFixture) -> None:
    WORKFLOW.parent.mkdir(parents=True)
    WORKFLOW.write_text("mine: OWNER/srbench\n")
    Path(".gitattributes").write_text("*.png binary\ntables/*   text eol=lf\n")
    before = files()
    said = init(capsys, "--block", "se")
    assert said == [
        "wrote tables/blocks.toml",
        "kept .gitattributes, which is there already",
        f"kept {WORKFLOW}, which is there already",
        "add this line to .gitattributes:",
        "    tables/*.jsonl diff=srbench",
        "next: srbench table blocks",
        "then: commit tables; to see a red gate, change a block and run `srbench check`",
    ]
    after = files()
    assert {name: after[name] for name in before} == before
    again = init(capsys, "--block", "se", "--table", "second")
    assert "wrote tables/second.toml" in again
    Path(".gitattributes").write_text(TEXT)
    assert not any("to .gitattributes" in line for line in init(capsys, "--table", "third"))


def test_a_table_that_is_there_is_an_error(capsys: pytest.CaptureFixture) -> None:
    Path("tables").mkdir()
    Path("tables/blocks.toml").write_text("mine")
    before = files()
    for more in ((), ("--table", "blocks")):
        error, hint = init(capsys, *more, code=2)
        assert error.endswith("tables/blocks.toml is there already")
        assert hint == (
            "hint: give another --table NAME, or count its rows: `srbench table blocks`"
        )
    assert files() == before


@pytest.mark.parametrize("there", ["tables", ".github", ".github/workflows"])
def test_a_file_in_the_place_of_a_folder_is_an_error(
    there: str, capsys: pytest.CaptureFixture
) -> None:
    Path(there).parent.mkdir(exist_ok=True)
    Path(there).write_text("a file")
    error, hint = init(capsys, "--block", "se", code=2)
    assert error == f"error: cannot write into {there}: it is a file"
    assert hint == "hint: rename it, and try again"
    assert list(files()) == [there]


def test_a_folder_that_cannot_be_written_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    real = Path.mkdir

    def mkdir(path: Path, *arguments: int) -> None:
        if path.name == ".github":  # the last one, after all other files
            raise PermissionError(13, "Permission denied", str(path))
        real(path, *arguments)

    monkeypatch.setattr(Path, "mkdir", mkdir)
    error, hint = init(capsys, "--block", "se", code=2)
    assert error == "error: cannot write to .github: Permission denied"
    assert hint == "hint: run `srbench init` in a folder that you can write to"
    assert list(Path().iterdir()) == []


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="everything can be written")
def test_a_read_only_folder_is_an_error(folder: Path, capsys: pytest.CaptureFixture) -> None:
    folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        error, _ = init(capsys, "--block", "se", code=2)
    finally:
        folder.chmod(0o755)
    assert error == "error: cannot write to tables: Permission denied"


def test_a_folder_below_the_root_of_a_repository_is_warned_of(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    (folder / ".git").mkdir()
    assert not any("warning" in line for line in init(capsys, "--block", "se"))
    (folder / "inner").mkdir()
    monkeypatch.chdir(folder / "inner")
    (warning,) = [line for line in init(capsys, "--block", "se") if "warning" in line]
    assert f"GitHub reads workflows only in {folder / WORKFLOW.parent}" in warning
    assert not any("warning" in line for line in init(capsys, "--table", "b", "--no-github"))


# --- on a terminal

PATIENCE = 60  # seconds; waiting normally ends much sooner
pexpect = pytest.importorskip("pexpect", reason="no terminals here")
pyte = pytest.importorskip("pyte", reason="no terminals here")
# Python warns of a fork while the test runner has threads; the child becomes srbench at once.
on_a_terminal = pytest.mark.filterwarnings("ignore:.*forkpty:DeprecationWarning")


class Terminal:
    """`srbench init` on a terminal, and what its screen shows."""

    def __init__(self, *arguments: str) -> None:
        self._screen = pyte.Screen(100, 60)
        self._stream = pyte.ByteStream(self._screen)
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        self.process = pexpect.spawn(
            sys.executable,
            ["-m", "srbench", "init", *arguments],
            env=os.environ
            | {"PYTHONPATH": path, "TERM": "xterm", "NO_COLOR": "1", "COLUMNS": "100"},
            dimensions=(60, 100),
            timeout=PATIENCE,
        )

    def answer(self, question: str, text: str) -> None:
        """Wait for a question, and answer it."""
        self._until(lambda: self.lines()[-1].startswith(question))
        self.process.send(text)

    def wait(self, text: str) -> None:
        """Wait for a text."""
        self._until(lambda: any(text in line for line in self.lines()))

    def lines(self) -> list[str]:
        shown = [line.rstrip() for line in self._screen.display]
        return shown[: max((n for n, line in enumerate(shown, 1) if line), default=1)]

    def end(self) -> tuple[list[str], int]:
        """What is shown at the end, and the exit code."""
        self._until(lambda: False)
        self.process.close()
        return self.lines(), self.process.exitstatus

    def _until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            try:
                self._stream.feed(self.process.read_nonblocking(65536, timeout=PATIENCE))
            except pexpect.EOF:
                return


def eca() -> None:
    """The block that the documentation shows, in its file."""
    Path("eca.py").write_text(pages.files()["eca.py"], encoding="utf-8")


@on_a_terminal
def test_the_documentation_shows_the_questions_as_they_are_asked() -> None:
    eca()
    terminal = Terminal()
    terminal.answer("Name of the table", "eca\r")
    terminal.answer("Blocks to compare", "\r")
    terminal.answer("Networks", "cifar_resnet20\r")
    terminal.answer("Input size", "\r")
    terminal.answer("Number of classes", "\r")
    terminal.answer("A gate on times", "\r")
    terminal.answer("A workflow", "\r")
    terminal.answer("The repository of", "someone/srbench\r")
    shown, code = terminal.end()
    assert code == 0
    assert layout("eca")["rows"][0]["variants"] == ["eca:ECA", "se"]
    assert "uses: someone/srbench@main" in WORKFLOW.read_text()
    transcript = "".join(f"    {line}\n" for line in ("$ srbench init", *shown))
    assert any(transcript in pages.text(page) for page in pages.PAGES), transcript


@on_a_terminal
def test_a_wrong_answer_is_explained_and_asked_again() -> None:
    module("".join(BLOCK.replace("Scale", f"Scale{n}") for n in range(5)))
    Path("tables").mkdir()
    Path("tables/blocks.toml").touch()
    terminal = Terminal("--no-time", "--no-github", "--num-classes", "10")
    for question, wrong, error, right in (
        ("Name of the table [blocks]:", "", "tables/blocks.toml is there already", "other"),
        ("Blocks to compare, by number or by spec [1]:", "9", "no block number 9", "5,1 se+sr 1"),
        ("Networks to put them in [resnet18]:", "resnet81", "did you mean resnet18?", SMALL[1]),
        ("Input size in pixels [each network's own]:", "big", "'big' is not an input", "16"),
    ):
        terminal.answer(question, f"{wrong}\r")
        terminal.wait(error)
        terminal.answer(question, f"{right}\r")
    shown, code = terminal.end()
    assert code == 0, shown
    (rows,) = layout("other")["rows"]
    assert [spec.partition(":")[2] for spec in rows["variants"][:2]] == ["Scale4", "Scale0"]
    assert rows["variants"][2:] == ["se+sr", "se"]
    assert rows["input_size"] == 16
    assert rows["num_classes"] == 10


@on_a_terminal
@pytest.mark.parametrize(
    ("key", "code", "message"),
    [
        ("\x03", 130, "error: interrupted"),
        ("\x04", 2, "error: the questions were not answered, and nothing was written"),
    ],
)
def test_ending_the_questions_writes_nothing(key: str, code: int, message: str) -> None:
    terminal = Terminal("--block", "se")
    terminal.answer("Name of the table", "mine\r")
    terminal.answer("Networks", key)
    shown, found = terminal.end()
    assert found == code
    assert message in shown
    assert any("nothing was written" in line for line in shown)
    assert files() == {}
