"""Functions called in fresh processes."""

import os
import signal

import pytest

from srbench.measure import fresh_process


def noisy(a: int, b: int) -> tuple[int, int, str | None]:
    print("this must not be in the way")
    return a + b, os.getpid(), os.environ.get("SRBENCH_TEST")


def failing() -> None:
    raise ValueError("not today")


def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_result_comes_back_from_another_process() -> None:
    total, process, variable = fresh_process.call(noisy, 1, 2, variables={"SRBENCH_TEST": "yes"})
    assert total == 3
    assert process != os.getpid()
    assert variable == "yes"


def test_an_error_comes_back_unchanged() -> None:
    with pytest.raises(ValueError, match="not today"):
        fresh_process.call(failing)


def test_the_error_says_why_a_process_died() -> None:
    with pytest.raises(fresh_process.ProcessFailed, match="memory runs out"):
        fresh_process.call(killed)


def test_a_fresh_process_knows_that_it_is_one() -> None:
    assert not fresh_process.inside()
    assert fresh_process.call(fresh_process.inside)
