"""The fixture ``gate`` of pytest, in a test run of a repository of one's own."""

from pathlib import Path

import pytest

from srbench.check.timing import rounds

pytest_plugins = ["pytester"]
BENCH = """
import time

def forward():
    time.sleep({seconds})
"""
TEST = """
import bench

def test_forward_is_not_slower(gate):
    gate(bench.forward)
"""


ONE_ROUND = "from srbench.check.timing import rounds\nrounds.ROUNDS = 1\n"


@pytest.fixture
def repository(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """One's own code, a test of it, and another version beside it."""
    monkeypatch.setattr(rounds, "ROUNDS", 1)
    pytester.makepyfile(bench=BENCH.format(seconds=0.004), test_speed=TEST)
    base = pytester.path.parent / "base"
    base.mkdir(exist_ok=True)
    (base / "bench.py").write_text(BENCH.format(seconds=0.002))
    return pytester


OPTIONS = ("-rs", "-p", "no:cacheprovider")


def run(repository: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """A test run in this process, which saves its start."""
    return repository.runpytest_inprocess(*OPTIONS, *arguments)


def test_a_slower_function_fails_its_test(repository: pytest.Pytester) -> None:
    repository.makeconftest(ONE_ROUND)
    result = repository.runpytest_subprocess(*OPTIONS, "--gate-against", "../base")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*time +*tolerated are 5 %; slower than tolerated*"])


def test_a_function_that_may_take_longer_passes(repository: pytest.Pytester) -> None:
    arguments = ["--gate-against", "../base", "--gate-tolerance", "400"]
    run(repository, *arguments).assert_outcomes(passed=1)


def test_without_another_version_the_test_is_skipped(repository: pytest.Pytester) -> None:
    result = run(repository)
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*give --gate-against PATH*"])


def test_a_version_that_is_not_there_fails_with_the_remedy(repository: pytest.Pytester) -> None:
    result = run(repository, "--gate-against", "../nowhere")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*there is no code in ../nowhere*another checkout*"])


WRAPPED = """
import functools

def changed(function):
    @functools.wraps(function)
    def longer():
        return function()
    return longer

slower = changed(bench.forward)
"""


@pytest.mark.parametrize("given", ["lambda: 1", "slower", "functools.partial(bench.forward)"])
def test_a_function_that_its_name_does_not_mean_is_refused(
    given: str, repository: pytest.Pytester
) -> None:
    lines = f"import bench\n{WRAPPED}\ndef test_it(gate):\n    gate({given})\n"
    repository.makepyfile(test_speed=lines)
    result = run(repository, "--gate-against", "../base")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*define it with def in a module*"])


def test_a_new_function_has_nothing_to_be_compared_with(repository: pytest.Pytester) -> None:
    Path(repository.path.parent / "base" / "bench.py").write_text("")
    result = run(repository, "--gate-against", "../base")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*there is no bench:forward*"])


def test_the_plugin_loads_nothing_heavy(repository: pytest.Pytester) -> None:
    lines = (
        "import sys\n"
        "def test_it():\n"
        "    assert not {'torch', 'scipy', 'pydantic', 'numpy'} & {*sys.modules}\n"
    )
    repository.makepyfile(test_speed=lines)
    repository.runpytest_subprocess(*OPTIONS).assert_outcomes(passed=1)
