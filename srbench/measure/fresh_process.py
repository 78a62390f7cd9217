"""Calls a function in a fresh Python process."""

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from srbench.errors import ROWS_FAILED, SrbenchError, one_line, require_failure

R = TypeVar("R")


class ProcessFailed(SrbenchError):  # noqa: N818 - the process failed; the message says how
    """A fresh process ended without a result."""

    exit_code = ROWS_FAILED


def call(function: Callable[..., R], *args: Any, variables: Mapping[str, str] | None = None) -> R:
    """What the function returns in a fresh process, with these environment variables added.

    The function must be importable by its name, and its arguments and result must be picklable.
    What it prints goes to stderr.

    Raises what the function raises, and ProcessFailed if the process dies.
    """
    job = pickle.dumps(sys.path) + pickle.dumps((function, args))
    done = subprocess.run(
        [sys.executable, "-m", __name__],
        input=job,
        capture_output=True,
        check=False,
        env=os.environ | dict(variables or {}),
    )
    if done.returncode:
        raise ProcessFailed(_why(done.returncode, done.stderr.decode(errors="replace")))
    result, error = pickle.loads(done.stdout)
    if error is not None:
        raise error
    return result  # type: ignore[no-any-return]


def inside() -> bool:
    """Whether this process was started by `call`."""
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    return spec is not None and spec.name == "srbench.measure.fresh_process"


def _why(code: int, stderr: str) -> str:
    if code == -9:
        return "the process was killed, as happens when memory runs out"
    if code < 0:
        return f"the process was killed by signal {-code}"
    return (stderr.strip() or f"the process exited with code {code}").splitlines()[-1]


def _answer() -> None:
    """Read a call from stdin, run it, and write its result to the original stdout."""
    with os.fdopen(os.dup(1), "wb") as answer:
        os.dup2(2, 1)
        sys.path[:] = pickle.load(sys.stdin.buffer)  # first, so that the function can be imported
        function, args = pickle.load(sys.stdin.buffer)
        outcome: tuple[Any, BaseException | None]
        try:
            outcome = function(*args), None
        except BaseException as error:  # raised again by `call`
            require_failure(error)
            outcome = None, _that_travels(error)
        answer.write(pickle.dumps(outcome))


def _that_travels(error: BaseException) -> BaseException:
    """The error, or one with the same message if its own class cannot be pickled."""
    try:
        pickle.loads(pickle.dumps(error))
    except BaseException as error:
        require_failure(error)
        return RuntimeError(one_line(error))
    return error


if __name__ == "__main__":
    _answer()
