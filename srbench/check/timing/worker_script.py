"""Times models and callables in a separate process, with the version of the code that it imports.

The file is passed to Python as text, perhaps in another environment with an older srbench, so it
uses nothing of the package except ``srbench.build``. It reads a job from the first line of stdin
and answers with what it built. Then each line names a model or a callable, and the answer is the
seconds of one call.
"""

import importlib
import inspect
import json
import os
import sys
import time
from functools import cache
from typing import Any

FASTEST_TURN = 0.02  # seconds that the timed calls of a turn should take
MOST_CALLS = 50
SHORTEST = 0.001  # seconds; shorter calls are timed together, so that the clock's own time is small
WARM_UP = 5  # calls
# The errors of srbench about a spec that this version does not know; older ones have the second.
UNKNOWN = ("UnknownNameError", "SpecError")

Names = dict[str, str]
real_path = cache(os.path.realpath)  # of thousands of modules, and of the same few folders


class UnknownError(Exception):
    """There is no such module or attribute in this version."""


class MissingError(UnknownError):
    """There is no such module."""


def main() -> None:
    """Answer turn by turn until stdin ends."""
    questions, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a model prints must not mix with the answers
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # and what it reads not with the questions

    def answer(found: Any) -> None:
        print(json.dumps(found), file=answers, flush=True)

    job = json.loads(questions.readline())
    search(**job["search"])
    begin(job["specs"])
    tasks, failed = prepared(job)
    answer(hello(job["search"]) | failed)
    for line in questions:
        name = json.loads(line)
        if name is None:  # modules may have been imported during the calls
            answer(hello(job["search"]) | failed)
            continue
        try:
            answer(turn(*tasks[name]))
        except (Exception, SystemExit) as error:
            answer({"failed": told(error)})


def prepared(job: dict[str, Any]) -> tuple[dict[str, tuple[Any, int, int]], dict[str, Any]]:
    """What is timed, by name; and the names of what failed, of what is unknown to this version, and
    of that those whose module is missing."""
    tasks: dict[str, tuple[Any, int, int]] = {}
    failures: Names = {}
    unknown: Names = {}
    missing: list[str] = []
    by_srbench = UNKNOWN[:1] if job["search"]["has_same_srbench"] else UNKNOWN
    for make, names in ((model, job["specs"]), (called, job["callables"])):
        for name in names:
            try:
                for one in job["named"][name]:
                    attribute(one)
                tasks[name] = long_enough(make(job, name))
            except (Exception, SystemExit) as error:  # a failure of the row alone
                failures[name] = told(error)
                if isinstance(error, UnknownError) or type(error).__name__ in by_srbench:
                    unknown[name] = failures[name]
                if isinstance(error, MissingError):
                    missing.append(name)
    return tasks, {"failures": failures, "unknown": unknown, "missing": missing}


def told(error: BaseException) -> str:
    """An error in one line."""
    return (f"{type(error).__name__}: {error}".splitlines() or [""])[0]


def search(here: str, folder: str | None, path: list[str], **_: Any) -> None:
    """Look for modules in one folder where this Python would look in the other, and at the end in
    those of the folder's own."""

    def moved(entry: str) -> str:
        real = real_path(entry)
        if folder is None or not is_own(real, here):
            return entry
        return os.path.normpath(os.path.join(folder, os.path.relpath(real, real_path(here))))

    if folder != here:
        sys.path[:] = [moved(entry) for entry in sys.path]
    sys.path += [entry for entry in map(moved, path) if entry not in sys.path]


def is_own(path: str, folder: str, other: str | None = None) -> bool:
    """Whether a path is in a folder, and neither in an environment nor in the other folder in
    it."""
    real = real_path(path)
    nested = [real_path(one) for one in (sys.prefix, sys.base_prefix)]
    if other and is_in(real_path(other), real_path(folder)):
        nested.append(real_path(other))
    return is_in(real, real_path(folder)) and not any(is_in(real, one) for one in nested)


def is_in(path: str, folder: str) -> bool:
    """Whether a path is a folder, or in it."""
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def begin(specs: list[str]) -> None:
    """Load torch for models. Callables alone may not need it."""
    if specs:
        import torch

        torch.set_flush_denormal(True)


def hello(searched: dict[str, Any]) -> dict[str, Any]:
    """What this process imported: srbench, modules of its ``own`` folder, and ``strays``, which the
    other version has as well or which should be its own."""
    import srbench

    files = {name: getattr(module, "__file__", None) for name, module in [*sys.modules.items()]}
    folder, other, path = searched["folder"], searched["other"], searched["path"]
    own: Names = {}
    strays: Names = {}
    if other:
        places = () if folder is None else (folder, os.path.join(folder, "src"), *path)
        for name, file in files.items():
            if file is None or name.partition(".")[0] == "srbench":
                continue
            if folder and is_own(file, folder, other):
                own[name] = file
            elif is_own(file, other, folder) or has_counterpart(name.partition(".")[0], places):
                strays[name] = file
    return {
        "version": srbench.__version__,
        "path": os.path.dirname(os.path.dirname(os.path.abspath(srbench.__file__))),
        "python": sys.version.split()[0],
        "own": own,
        "strays": strays,
    }


@cache
def has_counterpart(top: str, places: tuple[str, ...]) -> bool:
    """Whether one of some folders holds a module or a package of that name."""
    if top in sys.stdlib_module_names or top == "__main__":
        return False
    return any(
        os.path.isfile(os.path.join(place, f"{top}.py"))
        or any(name.endswith(".py") for name in listing(os.path.join(place, top)))
        for place in places
    )


def listing(folder: str) -> list[str]:
    """The names of the files in a folder."""
    return os.listdir(folder) if os.path.isdir(folder) else []


def model(job: dict[str, Any], spec: str) -> Any:
    """A function that runs one pass of a model and returns when the device is done."""
    import torch

    import srbench

    torch.manual_seed(0)
    device = torch.device(job["device"])
    if device.type == "cuda":
        torch.cuda.set_device(device.index or 0)  # synchronize() waits for the current device
    size = tuple(job["input_size"])
    model = srbench.build(spec, input_size=size, num_classes=job["num_classes"]).to(device)
    x = torch.rand(job["batch_size"], 3, *size, device=device)
    wait = waiting(device.type)
    if job["what"] == "forward":
        model.eval()

        def forward() -> None:
            with torch.inference_mode():
                model(x)
            wait()

        return forward
    model.train()

    def train() -> None:
        model.zero_grad(set_to_none=True)
        output = model(x)
        logits = output.values() if isinstance(output, dict) else [output]
        sum(one.sum() for one in logits).backward()
        wait()

    return train


def called(job: dict[str, Any], name: str) -> Any:
    """A function that calls ``module:function`` and returns when the device is done."""
    found = attribute(name)
    result = found()
    if inspect.iscoroutine(result) or inspect.isgenerator(result) or inspect.isasyncgen(result):
        raise TypeError("it returns what nobody runs: call it in a function that needs the result")
    if "torch" not in sys.modules:
        return found
    sys.modules["torch"].set_flush_denormal(True)
    wait = waiting(job["device"].partition(":")[0])

    def call() -> None:
        found()
        wait()

    return call


def attribute(name: str) -> Any:
    """What ``module:attribute`` names."""
    module, _, path = name.partition(":")
    try:
        found: Any = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if f"{module}.".startswith(f"{error.name}."):
            raise MissingError(f"there is no {name}") from error
        raise
    for part in path.split("."):
        if not hasattr(found, part):
            raise UnknownError(f"there is no {name}")
        found = getattr(found, part)
    return found


def waiting(kind: str) -> Any:
    """A function that waits for a device to be done."""
    import torch

    return {"cuda": torch.cuda.synchronize, "mps": torch.mps.synchronize}.get(kind, int)


def long_enough(call: Any) -> tuple[Any, int, int]:
    """A call, how often it is called in a row to be timed, and how often that is done for a turn to
    be long enough; found after a warm-up."""
    seconds = max(min(timed(call, 1) for _ in range(WARM_UP)), 1e-8)
    in_a_row = max(1, round(SHORTEST / seconds))
    return call, in_a_row, max(1, min(MOST_CALLS, round(FASTEST_TURN / (seconds * in_a_row))))


def turn(call: Any, in_a_row: int, times: int) -> float:
    """The median seconds of one call."""
    call()  # not timed: the caches hold another process's data
    seconds = sorted(timed(call, in_a_row) for _ in range(times))
    return float(seconds[len(seconds) // 2])


def timed(call: Any, in_a_row: int) -> float:
    """Seconds of one call, over several in a row."""
    begin = time.perf_counter()
    for _ in range(in_a_row):
        call()
    return (time.perf_counter() - begin) / in_a_row


if __name__ == "__main__":
    main()
