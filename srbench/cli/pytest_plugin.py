"""A fixture of pytest: ``gate(function)`` fails if a function is slower than in another version.

    def test_forward_is_not_slower(gate):
        gate(bench.forward)

`pytest --gate-against ../base` then times both versions.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MOST = 1000  # percent


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the gate."""
    group = parser.getgroup("srbench", "time gate of srbench")
    group.addoption(
        "--gate-against",
        metavar="PATH",
        help="The other version: another checkout of this repository, or an environment. Without "
        "it, tests that use the fixture gate are skipped.",
    )
    group.addoption(
        "--gate-tolerance",
        metavar="PERCENT",
        type=float,
        default=5.0,
        help="Tolerated slowdown; 5 if not given.",
    )


@pytest.fixture
def gate(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Compares a function with its other version, in fresh processes that take turns.

    ``gate(function, tolerance=5)`` calls the function without arguments. It must be defined in a
    module, under its name. The test fails if it is slower by more than ``tolerance`` percent, or
    cannot run; it is skipped if that is inconclusive, or if the other version has no such function.
    """

    def compare(function: Callable[[], object], tolerance: float | None = None) -> None:
        against = request.config.getoption("--gate-against")
        if not against:
            pytest.skip("give --gate-against PATH, another checkout of this repository")
        percent = request.config.getoption("--gate-tolerance") if tolerance is None else tolerance
        if not 0 < percent <= MOST:
            pytest.fail(f"a tolerance of {percent:g} % is out of range: give up to {MOST}", False)
        _end(_verdict(_name(function), Path(against), percent / 100))

    return compare


def _name(function: Callable[[], object]) -> str:
    """``module:function``, which must mean that function: another process calls it by its name."""
    module, path = (getattr(function, name, None) for name in ("__module__", "__qualname__"))
    found: Any = sys.modules.get(str(module))
    for part in str(path).split("."):
        found = getattr(found, part, None)
    if found is not function:
        told = f"{module}:{path}" if module and path else repr(function)
        pytest.fail(f"{told} cannot be called by name: define it with def in a module", False)
    return f"{module}:{path}"


def _verdict(name: str, against: Path, tolerance: float) -> Any:
    from srbench.check.timing.processes import TimingJob  # scipy is loaded only where it is needed
    from srbench.check.timing.rounds import compare
    from srbench.check.timing.versions import other_code
    from srbench.errors import SrbenchError

    job = TimingJob((), None, None, 1, "forward", callables=(name,))
    try:
        (verdict,) = compare("gate", job, other_code(against), {name: tolerance})
    except SrbenchError as error:
        pytest.fail(f"{error.message} ({error.hint})", False)
    return verdict


def _end(verdict: Any) -> None:
    """Fail or skip the test as the verdict says."""
    from srbench.check.outcomes import verdict_text

    if verdict.outcome in ("regression", "failed"):
        pytest.fail(verdict_text(verdict), False)
    if verdict.outcome != "pass":
        pytest.skip(verdict_text(verdict))
