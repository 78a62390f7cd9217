"""The time gate between two versions of one's own code: which files run, and what is judged."""

import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.records import write_layout

import srbench
from srbench.check.timing import rounds
from srbench.check.timing.processes import TimingJob, Worker
from srbench.check.timing.versions import other_code, this_code
from srbench.cli.app import run
from srbench.errors import SrbenchError

BLOCK = """
from torch import nn
from helper import FACTOR

class Scale(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels

    def forward(self, x):
        return x * FACTOR
"""
BENCH = """
import sys, time

def forward():
    print("noise on stdout")
    sys.stdin.read()
    time.sleep({seconds})

class Suite:
    @staticmethod
    def short():
        return 1 + 1

def broken():
    raise RuntimeError("broken on purpose")
"""
LAYOUT = """caption = "C."
columns = ["params"]
[[rows]]
models = ["cifar_resnet20"]
variants = ["se"]
[time]
"""
pytestmark = pytest.mark.imports


@pytest.fixture
def versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, Path]]:
    """The working directory with one's own code, and another version of it."""
    here, there = tmp_path / "here", tmp_path / "there"
    for folder, factor, seconds in ((here, 2.0, 0.004), (there, 3.0, 0.002)):
        folder.mkdir()
        (folder / "scaling.py").write_text(BLOCK)
        (folder / "helper.py").write_text(f"FACTOR = {factor}\n")
        (folder / "bench.py").write_text(BENCH.format(seconds=seconds))
    monkeypatch.chdir(here)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield here, there
    for name in ("scaling", "helper", "bench"):
        sys.modules.pop(name, None)


def job(*specs: str, callables: tuple[str, ...] = ()) -> TimingJob:
    return TimingJob(specs, (32, 32) if specs else None, None, 1, "forward", "cpu", callables)


def files(code: object, what: TimingJob) -> dict[str, str]:
    with Worker(code, what) as worker:
        said = worker.hello()
        assert said["failures"] == {}
        named = {module for modules in what.modules.values() for module in modules}
        return {name: said["own"][name] for name in named}


def test_each_version_imports_its_own_files(versions: tuple[Path, Path]) -> None:
    here, there = versions
    other = other_code(Path("../there"))
    timed = job("cifar_resnet20", "cifar_resnet20+scaling:Scale", callables=("bench:forward",))
    assert timed.modules["cifar_resnet20+scaling:Scale"] == ["scaling"]
    assert files(other, timed) == {
        "scaling": str(there / "scaling.py"),
        "bench": str(there / "bench.py"),
    }
    assert files(this_code(other), timed) == {
        "scaling": str(here / "scaling.py"),
        "bench": str(here / "bench.py"),
    }


def test_a_callable_that_got_slower_is_red(
    versions: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(rounds, "ROUNDS", 1)
    tables = write_layout(Path("tables"), LAYOUT + 'callables = ["bench:forward"]\n').parent
    assert run(["check", str(tables), "--time", "--against", "../there"]) == 1
    shown = capsys.readouterr().out
    assert "bench:forward" in shown
    assert "regression: slower than tolerated" in shown
    assert "noise on stdout" not in shown


def test_calls_shorter_than_the_clock_can_tell_are_timed_together(
    versions: tuple[Path, Path],
) -> None:
    with Worker(other_code(Path("../there")), job(callables=("bench:Suite.short",))) as worker:
        worker.hello()
        assert 1e-9 < worker.turn("bench:Suite.short") < 1e-5


def judged(versions: tuple[Path, Path], what: TimingJob) -> dict[str, tuple[str, str]]:
    found = rounds.compare("t", what, other_code(Path("../there")), dict.fromkeys(what.names, 0.05))
    return {one.spec: (one.outcome, one.why) for one in found}


def test_what_the_other_version_lacks_is_new_and_what_fails_has_failed(
    versions: tuple[Path, Path],
) -> None:
    _, there = versions
    (there / "bench.py").write_text("")
    Path("fresh.py").write_text("def forward(): pass\n")
    what = job(callables=("bench:forward", "fresh:forward", "bench:broken"))
    found = judged(versions, what)
    assert found["bench:forward"] == ("new", "UnknownError: there is no bench:forward")
    assert found["fresh:forward"] == ("new", "MissingError: there is no fresh:forward")
    assert found["bench:broken"][0] == "failed"
    assert "broken on purpose" in found["bench:broken"][1]


def test_a_module_that_fails_to_import_is_not_new(versions: tuple[Path, Path]) -> None:
    _, there = versions
    (there / "bench.py").write_text("import no_such_package\n")
    found = judged(versions, job(callables=("bench:forward",)))
    assert found["bench:forward"][0] == "failed"
    assert "no_such_package" in found["bench:forward"][1]


def test_code_that_is_found_elsewhere_is_not_compared_with_itself(
    versions: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "installed"
    installed.mkdir()
    (installed / "bench.py").write_text(BENCH.format(seconds=0.001))
    monkeypatch.setenv("PYTHONPATH", str(installed))
    with pytest.raises(SrbenchError, match=r"imported bench from .*installed"):
        judged(versions, job(callables=("bench:forward",)))


@pytest.mark.parametrize("how", ["variable", "path"])
def test_a_folder_src_is_looked_for_in_both(
    how: str, versions: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in versions:
        (folder / "src").mkdir()
        (folder / "bench.py").rename(folder / "src" / "timed_in_src.py")
    if how == "variable":
        monkeypatch.setenv("PYTHONPATH", str(versions[0] / "src"))
    else:
        monkeypatch.syspath_prepend(str(versions[0] / "src"))
    what = job(callables=("timed_in_src:forward",))
    other = other_code(Path("../there"))
    for code, folder in ((other, versions[1]), (this_code(other), versions[0])):
        assert files(code, what) == {"timed_in_src": str(folder / "src" / "timed_in_src.py")}


def test_an_environment_in_the_folder_is_not_moved(versions: tuple[Path, Path]) -> None:
    """The other version has no .venv of its own: packages come from this Python's."""
    here, _ = versions
    inside = here / ".venv" / "lib"
    inside.mkdir(parents=True)
    from srbench.check.timing import worker_script

    path, prefix = [*sys.path], sys.prefix
    try:
        sys.path[:] = [str(inside), str(here / "src"), "/elsewhere"]
        sys.prefix = str(here / ".venv")
        worker_script.search(str(here), "/there", [str(here)], other=None)
        assert sys.path == [str(inside), "/there/src", "/elsewhere", "/there"]
    finally:
        sys.path[:], sys.prefix = path, prefix


@pytest.mark.parametrize(
    ("against", "message"),
    [
        (".", "is the folder that this command runs in"),
        ("../empty", "there is no code in"),
        ("../nowhere", "there is no code in"),
        ("../there", "no code in ../there is timed, only cifar_resnet20, cifar_resnet20+se of srb"),
    ],
)
def test_a_version_that_cannot_differ_is_refused(
    against: str,
    message: str,
    versions: tuple[Path, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture,
) -> None:
    (tmp_path / "empty").mkdir()
    layout = LAYOUT + 'specs = ["cifar_resnet20", "cifar_resnet20+se"]\n'
    tables = write_layout(Path("tables"), layout).parent
    assert run(["check", str(tables), "--time", "--against", against]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("", "time: neither specs nor callables are given"),
        ('callables = ["bench"]', "'bench' is no callable"),
        ('callables = ["bench:two words"]', "is no callable"),
        ('callables = "bench:forward"', "callables in [time] must be a list"),
        ('callables = ["a:b"]\ntolerances = { "a:c" = 0.1 }', "a:c"),
        ('specs = ["a:b"]\ncallables = ["a:b"]', "a:b"),
        ('specs = [" a:b "]\ncallables = ["a:b"]', "a:b is in specs and in callables"),
    ],
)
def test_mistakes_under_time_are_named(
    lines: str, message: str, versions: tuple[Path, Path], capsys: pytest.CaptureFixture
) -> None:
    tables = write_layout(Path("tables"), f"{LAYOUT}{lines}\n").parent
    assert run(["check", str(tables), "--time", "--against", "../there"]) == 2
    assert message in capsys.readouterr().err


def test_a_callable_has_a_tolerance_of_its_own(versions: tuple[Path, Path]) -> None:
    from srbench.tables.committed import open_table

    lines = 'callables = ["bench:forward"]\ntolerances = { "bench:forward" = 0.5 }\n'
    write_layout(Path("tables"), LAYOUT + lines)
    table = open_table(Path("tables/small.toml"))
    assert table.layout.time.by_name() == {"bench:forward": 0.5}


def test_a_helper_that_is_found_elsewhere_is_refused(
    versions: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The named module is each version's own, and what it imports is an installed copy."""
    installed = tmp_path / "installed" / "helping"
    for folder in (*versions, installed.parent):
        (folder / "helping").mkdir(parents=True)
        (folder / "helping" / "__init__.py").write_text("def wait(): pass\n")
    for folder in versions:
        (folder / "bench.py").write_text("import helping\n\ndef forward():\n    helping.wait()\n")
        (folder / "sitecustomize.py").unlink(missing_ok=True)
    monkeypatch.setenv("PYTHONPATH", str(installed.parent))
    with pytest.raises(SrbenchError, match=r"imported helping from .*installed"):
        judged(versions, job(callables=("bench:forward",)))


def test_a_module_that_is_imported_late_is_looked_at_too(
    versions: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "ROUNDS", 1)
    installed = tmp_path / "installed"
    installed.mkdir()
    for folder in (*versions, installed):
        (folder / "later.py").write_text("VALUE = 1\n")
    for folder in versions:
        (folder / "bench.py").write_text("def forward():\n    import later\n    later.VALUE\n")
    monkeypatch.setenv("PYTHONPATH", str(installed))
    with pytest.raises(SrbenchError, match=r"imported later from .*installed"):
        judged(versions, job(callables=("bench:forward",)))


def test_the_other_version_may_be_inside_this_one(
    versions: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = versions
    base = there.rename(here / "base")
    what, other = job(callables=("bench:forward",)), other_code(Path("base"))
    assert files(other, what)["bench"] == str(base / "bench.py")
    assert files(this_code(other), what)["bench"] == str(here / "bench.py")
    monkeypatch.setenv("PYTHONPATH", str(base))
    with Worker(this_code(other), what) as worker, pytest.raises(SrbenchError, match="imported be"):
        worker.hello()


def test_this_version_may_be_inside_the_other_one(
    versions: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = versions
    tree = here.rename(there / "tree")
    monkeypatch.chdir(tree)
    what, other = job(callables=("bench:forward",)), other_code(Path(".."))
    assert files(other, what)["bench"] == str(there / "bench.py")
    assert files(this_code(other), what)["bench"] == str(tree / "bench.py")


def test_an_environment_needs_the_other_version_installed(
    versions: tuple[Path, Path], tmp_path: Path
) -> None:
    """What stands in the working directory must not stand in for it."""
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    (site,) = environment.glob("lib/python*/site-packages")
    others = sysconfig.get_paths()["purelib"]
    (site / "others.pth").write_text(f"import sys; sys.path.append({others!r})\n")
    shutil.copytree(Path(srbench.__file__).parent, site / "srbench")
    other, what = other_code(environment), job(callables=("bench:forward",))
    with Worker(other, what) as worker, pytest.raises(SrbenchError, match="is not installed in"):
        worker.hello()
    shutil.copy(versions[1] / "bench.py", site / "bench.py")
    with Worker(other, what) as worker:
        assert worker.hello()["failures"] == {}
    (site / "bench.py").unlink()
    (site / "editable.pth").write_text(f"{versions[0]}\n")
    with Worker(other, what) as worker, pytest.raises(SrbenchError, match="Python imported bench"):
        worker.hello()


def test_a_block_that_does_not_import_is_not_new(versions: tuple[Path, Path]) -> None:
    _, there = versions
    (there / "broken.py").write_text("raise ValueError('broken on purpose')\n")
    (there / "other.py").write_text(BLOCK.replace("channels: int", "channels: int, other"))
    broken, unusable, newer = (
        f"cifar_resnet20+{block}"
        for block in ("broken:Scale", "other:Scale", "scaling:Scale:wide=2")
    )
    with Worker(other_code(Path("../there")), job(broken, unusable, newer)) as worker:
        said = worker.hello()
    assert said["failures"][broken] == "ValueError: broken on purpose"
    assert unusable in said["failures"], "a block that cannot be used is no new one"
    assert [*said["unknown"]] == [newer], "an option that it does not have yet"


def test_a_folder_that_stands_for_another_one_is_refused(
    versions: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    here, there = versions
    for folder in versions:
        (folder / ".git").mkdir()
        (folder / "sub").mkdir()
    monkeypatch.chdir(here / "sub")
    with pytest.raises(SrbenchError, match=r"give --against .*there/sub"):
        other_code(Path("../../there"))
    (there / "sub" / "bench.py").write_text("")
    assert other_code(Path("../../there/sub")).folder == there / "sub"


def test_that_nothing_is_there_is_green_only_in_another_checkout(
    versions: tuple[Path, Path],
) -> None:
    here, there = versions
    Path("fresh.py").write_text("def forward(): pass\n")
    what = job(callables=("fresh:forward",))
    with pytest.raises(SrbenchError, match="nothing that is timed is in"):
        judged(versions, what)
    (there / ".git").mkdir()
    (here / ".git").mkdir()
    assert judged(versions, what)["fresh:forward"][0] == "new"


def test_an_environment_whose_python_is_gone_is_no_folder_of_code(tmp_path: Path) -> None:
    (tmp_path / "env" / "bin").mkdir(parents=True)
    (tmp_path / "env" / "pyvenv.cfg").write_text("home = /nowhere\n")
    (tmp_path / "env" / "bin" / "python").symlink_to("/nowhere/python")
    with pytest.raises(SrbenchError, match="there is no code in"):
        other_code(tmp_path / "env")


LAZY = """
import itertools

calls = itertools.count()

async def awaited():
    pass

def generated():
    yield 1

def later():
    if next(calls) > 6:
        raise OSError("broken in a later call")

def ended():
    if next(calls) > 6:
        raise SystemExit(3)

def steady():
    pass
"""


def test_what_does_not_run_has_failed_and_the_others_are_judged(
    versions: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "ROUNDS", 2)
    for folder in versions:
        (folder / "lazy.py").write_text(LAZY)
    names = ("awaited", "generated", "later", "ended", "steady")
    found = judged(versions, job(callables=tuple(f"lazy:{name}" for name in names)))
    outcomes = {name: found[f"lazy:{name}"] for name in names}
    assert outcomes["steady"][0] in ("pass", "inconclusive")
    for name, why in (
        ("awaited", "it returns what nobody runs"),
        ("generated", "it returns what nobody runs"),
        ("later", "OSError: broken in a later call"),
        ("ended", "SystemExit: 3"),
    ):
        assert outcomes[name][0] == "failed"
        assert why in outcomes[name][1]
